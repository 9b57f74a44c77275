"""Reading a request: headers, body, query, and who it says it is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.http.nulls import ensure_no_nulls

JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
_MAX_USER_AGENT: Final = 512
_OF_PROXIES: Final = frozenset(
    {b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"forwarded", b"via"}
)
_READ: Final = _OF_PROXIES | frozenset(
    {
        b"authorization",
        b"content-type",
        b"user-agent",
        b"origin",
        b"accept",
        b"cookie",
        b"sec-purpose",
        b"purpose",
        b"x-moz",
        b"x-hasura-admin-secret",
        b"x-cf-turnstile-response",
        b"access-control-request-headers",
        b"host",
        b"sec-fetch-site",
        b"sec-fetch-mode",
    }
)


@dataclass(frozen=True, slots=True)
class Head:
    """The headers that matter, by lower-case name; the first one counts where several were sent, but for cookies."""

    values: Mapping[bytes, str] = field(repr=False)

    def get(self, name: bytes) -> str | None:
        return self.values.get(name)

    @property
    def bearer(self) -> str | None:
        """The token of `Authorization: Bearer <token>`: exactly two words."""
        words = self.values.get(b"authorization", "").split(" ")
        return words[1] if len(words) == 2 and words[0] == "Bearer" and words[1] else None

    @property
    def user_agent(self) -> str:
        return self.values.get(b"user-agent", "")[:_MAX_USER_AGENT].replace("\0", "")

    @property
    def is_browser(self) -> bool:
        """Whether a page is what the other side can use (auth contract §10, "GET /verify")."""
        return "text/html" in self.values.get(b"accept", "").lower() or self.user_agent.startswith("Mozilla/")

    @property
    def is_forwarded(self) -> bool:
        return not self.values.keys().isdisjoint(_OF_PROXIES)

    @property
    def is_foreign(self) -> bool:
        is_cross_site = self.values.get(b"sec-fetch-site") == "cross-site"
        return is_cross_site and self.values.get(b"sec-fetch-mode") != "navigate"

    @property
    def is_prefetch(self) -> bool:
        said = (self.values.get(name, "").lower() for name in (b"sec-purpose", b"purpose", b"x-moz"))
        return any("prefetch" in each or "preview" in each for each in said)

    @property
    def cookies(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in self.values.get(b"cookie", "").split(";"):
            name, separator, value = part.strip().partition("=")
            if separator:
                found.setdefault(name, value)
        return found


def read_head(scope: Scope) -> Head:
    values: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name not in _READ:
            continue
        text = value.decode("latin-1")
        if name == b"cookie" and name in values:
            values[name] += f"; {text}"
        else:
            values.setdefault(name, text)
    return Head(values)


def read_query(scope: Scope) -> dict[str, str]:
    """The arguments of the query; the first one counts where a name stands several times. Raises Refused."""
    try:
        pairs = parse_qsl(
            scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except (UnicodeDecodeError, ValueError):
        raise Refused(Code.INVALID_REQUEST, "the query cannot be read") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


async def read_bytes(receive: Receive, most: int) -> bytes:
    """The whole body. Raises Refused when it is longer than `most`, or when the visitor has gone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(Code.INVALID_REQUEST, "the visitor has gone")
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise Refused(Code.INVALID_REQUEST, "the body is too long")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def media_type(head: Head) -> str:
    return (head.get(b"content-type") or "").partition(";")[0].strip().lower()


def decode_body(raw: bytes, kind: type[Body], head: Head, *, optional: bool) -> Any:
    """The body as its type; None for one that may be missing and is. Raises Refused."""
    if optional and not raw:
        return None
    if media_type(head) != JSON_TYPE:
        raise Refused(Code.INVALID_REQUEST, "the content type is not application/json")
    return decode_json(raw, kind)


def decode_json(raw: bytes, kind: type[Body]) -> Any:
    """JSON as a type. Raises Refused, whose reason says where it does not fit."""
    try:
        body = msgspec.json.decode(raw, type=kind)
        if b"null" in raw:
            ensure_no_nulls(msgspec.json.decode(raw), kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as error:
        raise Refused(Code.INVALID_REQUEST, str(error)) from None
    if b"\\u0000" in raw or b"\\ud" in raw.lower():
        _ensure_storable(raw)
    return body


def decode_form(raw: bytes, kind: type[Body], head: Head) -> Any:
    """A form as its type; unknown fields are dropped. Raises Refused."""
    if media_type(head) != FORM_TYPE:
        raise Refused(Code.INVALID_REQUEST, "the content type is not that of a form")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
        known = {each.encode_name for each in msgspec.structs.fields(kind)}
        return msgspec.convert({name: value for name, value in reversed(pairs) if name in known}, kind)
    except (msgspec.MsgspecError, UnicodeError, ValueError) as error:
        raise Refused(Code.INVALID_REQUEST, str(error)) from None


def _ensure_storable(raw: bytes) -> None:
    """Postgres keeps neither U+0000 nor halves of surrogate pairs. Raises Refused."""
    try:
        text = msgspec.json.encode(msgspec.json.decode(raw))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Refused(Code.INVALID_REQUEST, "a text cannot be stored") from None
    if b"\\u0000" in text:
        raise Refused(Code.INVALID_REQUEST, "a text holds U+0000")
