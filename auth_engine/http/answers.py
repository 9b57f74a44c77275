"""Writing answers: outcomes and refusals as status, headers and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, assert_never

import msgspec

from auth_engine.core.errors import Code, Refused, shown
from auth_engine.core.shapes import session_shape
from auth_engine.core.types import Cookie, Data, Done, Lines, NeedsTotp, NoSession, Outcome, Page, Redirect, SignedIn
from auth_engine.http.route import Answer
from commons.respond import JSON, Header

OK: Final = b'"OK"'
_ENCODER: Final = msgspec.json.Encoder()
_NO_STORE: Final[Header] = (b"cache-control", b"no-store")
_LINES: Final[Header] = (b"content-type", b"application/x-ndjson; charset=utf-8")
_HTML: Final[Header] = (b"content-type", b"text/html; charset=utf-8")
_PAGE_HEADERS: Final[tuple[Header, ...]] = (
    _HTML,
    _NO_STORE,
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out."""

    status: int
    body: bytes
    headers: tuple[Header, ...] = (JSON,)


def succeed(outcome: Outcome, answer: Answer) -> Response:
    """The answer of a flow that came to its end."""
    match outcome:
        case SignedIn():
            session = session_shape(outcome.session)
            return _json(session if answer is Answer.SESSION else {"session": session}, _NO_STORE)
        case NoSession():
            return _json({})
        case NeedsTotp():
            return _json({"mfa": {"ticket": outcome.ticket}}, _NO_STORE)
        case Done():
            return Response(200, OK)
        case Data():
            return _json(outcome.value, _NO_STORE)
        case Lines():
            return Response(200, _ENCODER.encode_lines(outcome.values), (_LINES, _NO_STORE))
        case Redirect():
            cookies = tuple((b"set-cookie", _cookie(each).encode("latin-1", "replace")) for each in outcome.cookies)
            return Response(outcome.status, b"", ((b"location", _location(outcome.url)), _NO_STORE, *cookies))
        case Page():
            own = tuple((name.lower().encode(), value.encode("latin-1")) for name, value in outcome.headers)
            return Response(200, outcome.html.encode(), (*_PAGE_HEADERS, *own))
        case _:
            assert_never(outcome)


def refuse(refused: Refused, *, conceal: bool) -> Response:
    """The answer of a flow that was refused: the code's row of the table, nothing else."""
    headers: tuple[Header, ...] = (JSON,)
    if refused.retry_after is not None:
        headers = (*headers, (b"retry-after", str(refused.retry_after).encode()))
    return _refusal(refused.code, conceal, headers)


def fail() -> Response:
    """A fault of ours: what it was stands in the log."""
    return _refusal(Code.INTERNAL, False, (JSON,))


def _refusal(code: Code, conceal: bool, headers: tuple[Header, ...]) -> Response:
    told = shown(code, conceal)
    body = {"status": told.status, "error": told.code, "message": told.message}
    return Response(told.status, msgspec.json.encode(body), headers)


def _json(value: Any, *headers: Header) -> Response:
    return Response(200, msgspec.json.encode(value), (JSON, *headers))


def _location(url: str) -> bytes:
    """Escaped where an address may not hold the character as it is; never a line end."""
    from urllib.parse import quote

    return quote(url, safe="!#$%&'()*+,/:;=?@[]~").encode("ascii")


def _cookie(cookie: Cookie) -> str:
    parts = [f"{cookie.name}={cookie.value}", f"Max-Age={cookie.seconds}", "Path=/", "HttpOnly"]
    if cookie.secure:
        parts.append("Secure")
    return "; ".join([*parts, f"SameSite={cookie.same_site}"])
