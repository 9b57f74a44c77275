"""The GraphQL route: one ASGI callable, written for its hot path.

A known caller asking a small question costs one pass over the headers, one decode of the body, one call of the engine
and two messages; everything that is rare lies in other functions.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from commons.respond import Header, send_bytes, send_gzipped
from gql_gen.ask import DocumentAsk, Reply
from gql_gen.errors import BadRequest, Failed, Rejected, Unauthorized, UsherError
from gql_gen.http.caller import CallerResolver
from gql_gen.http.cors import CorsRules
from gql_gen.http.envelope import read_body, read_query_string
from gql_gen.http.guard import GUARD_HEADERS, read_guard
from gql_gen.http.hang_up import HungUp, Watchman
from gql_gen.http.negotiate import CONTENT_TYPES, Media, accepted_media, accepts_gzip, is_json_body
from gql_gen.http.persisted import PersistedQueries
from gql_gen.http.rates import Rates
from gql_gen.http.types import Answers, HttpSettings
from gql_gen.rules.types import RateRule
from gql_gen.session import Caller

logger = logging.getLogger(__name__)

_ALLOW: Final[Header] = (b"allow", b"GET, POST, OPTIONS")
_ALLOW_POST: Final[Header] = (b"allow", b"POST, OPTIONS")
_NO_STORE: Final[Header] = (b"cache-control", b"no-store")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.:\-]{1,128}")
_HEADERS: Final = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"access-control-request-headers",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"origin",
        b"x-request-id",
    }
)


RELAY_PATH: Final = "/v1beta1/relay"
"""Where documents are written for the schema with pages and global ids."""


class Refused(Exception):
    """The request never reaches the engine: an error, its status, and headers that explain it."""

    def __init__(self, status: int, error: UsherError, *headers: Header) -> None:
        super().__init__(error.message)
        self.status = status
        self.error = error
        self.headers = headers


class GraphQLEndpoint:
    """Answers POST, GET (queries only) and OPTIONS; everything else is refused with a reason."""

    def __init__(self, answers: Answers, callers: CallerResolver, settings: HttpSettings, cors: CorsRules) -> None:
        self._answers = answers
        self._callers = callers
        self._settings = settings
        self._cors = cors
        self._watchman = Watchman(settings.watch_after)
        self._persisted = PersistedQueries(settings.persisted_query_bytes)
        self._rates = Rates(settings.rate_storage, settings.trusted_proxies)
        self._wanted = _HEADERS | GUARD_HEADERS | callers.header_names

    async def stop(self) -> None:
        """Lets go of what is shared with other processes."""
        await self._rates.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value for name, value in scope["headers"] if name in self._wanted}
        if scope["method"] == "OPTIONS":
            await self._preflight(headers, send)
            return
        media = accepted_media(headers.get(b"accept"))
        extra: list[Header] = []
        try:
            status, body = await self._serve(scope, headers, receive, media)
        except Refused as refused:
            status, body = refused.status, self._answers.refuse(refused.error).body
            extra += refused.headers
        except HungUp:
            return
        except Exception:
            logger.exception("a request failed unexpectedly")
            status, body = 500, self._answers.refuse(Failed("internal error")).body
        if scope["method"] != "POST":
            extra.append(_NO_STORE)
        await self._send(send, status, body, self._reply_headers(headers, media, extra), headers)

    async def _serve(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, media: Media | None
    ) -> tuple[int, bytes]:
        """Status and body of a request that is understood. Raises Refused or HungUp."""
        if media is None:
            raise Refused(406, BadRequest("only application/json and application/graphql-response+json are answered"))
        method = scope["method"]
        if method == "POST":
            body = await self._receive_body(headers, receive)
        elif method != "GET":
            raise Refused(405, BadRequest(f"the method {_shown(method)} is not served here"), _ALLOW)
        caller = self._callers.known(headers, self._answers.generation)
        if caller is None:
            caller = await self._caller(scope, headers, media)
        limits = self._answers.limits(caller.role)
        try:
            asked = (
                read_body(body, self._settings, limits.batch)
                if method == "POST"
                else read_query_string(scope["query_string"], self._settings)
            )
            guard = read_guard(scope["headers"]) if not GUARD_HEADERS.isdisjoint(headers) else None
        except Rejected as error:
            if limits.rate is not None:
                await self._count(limits.rate, caller, scope, 1)
            raise Refused(400, error) from None
        if limits.rate is not None:
            await self._count(limits.rate, caller, scope, len(asked) if isinstance(asked, list) else 1)
        if guard is not None:
            asked = _each(asked, guard=guard)
        if scope["path"] == RELAY_PATH:
            asked = _each(asked, dialect="relay")
        return await self._watchman.while_connected(self._run(asked, caller, media), receive)

    async def _caller(self, scope: Scope, headers: Mapping[bytes, bytes], media: Media) -> Caller:
        try:
            return await self._callers.resolve(headers, scope["headers"], self._answers.generation)
        except Unauthorized as error:
            raise Refused(200 if media is Media.JSON else 401, error) from None

    async def _count(self, rule: RateRule, caller: Caller, scope: Scope, operations: int) -> None:
        """What cannot be read counts as one operation: it is work, too."""
        seconds = await self._rates.take(rule, caller, scope, operations)
        if seconds:
            error = Rejected(f"rate limit of {rule.per_minute} exceeded", code="rate-limit-exceeded")
            raise Refused(429, error, (b"retry-after", str(seconds).encode()))

    async def _run(self, asked: DocumentAsk | list[DocumentAsk], caller: Caller, media: Media) -> tuple[int, bytes]:
        if not isinstance(asked, list):
            reply = await self._answer(asked, caller)
            if reply.status == 405:
                raise Refused(405, BadRequest("only queries may be sent by GET"), _ALLOW_POST)
            return _status(reply, media), reply.body
        # In order, one after the other: a later operation may rely on an earlier one.
        replies = [await self._answer(ask, caller) for ask in asked]
        return 200, b"[" + b",".join([reply.body for reply in replies]) + b"]"

    async def _answer(self, ask: DocumentAsk, caller: Caller) -> Reply:
        try:
            if ask.digest is not None:
                ask = self._persisted.completed(ask, caller.role)
            return await self._answers.answer(ask, caller)
        except Exception as error:
            return self._failed(error)

    def _failed(self, error: Exception) -> Reply:
        if isinstance(error, UsherError):
            return self._answers.refuse(error)
        logger.error("an operation failed unexpectedly", exc_info=error)
        unexpected = self._answers.refuse(Failed("internal error"), "executed")
        return Reply(unexpected.body, "executed", 500)

    async def _receive_body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        if not is_json_body(headers.get(b"content-type")):
            raise Refused(415, BadRequest("the body must have the content type application/json"))
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise Refused(415, BadRequest("the body must not be compressed"))
        limit = self._settings.max_body
        length = headers.get(b"content-length", b"")
        too_large = Refused(413, BadRequest(f"the body is longer than {limit} bytes"))
        if length.isdigit() and (len(length) > 18 or int(length) > limit):
            raise too_large
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            body = message.get("body", b"")
            if len(body) > limit:
                raise too_large
            return bytes(body)
        return await _gather_body(message, receive, limit, too_large)

    async def _preflight(self, headers: Mapping[bytes, bytes], send: Send) -> None:
        reply = self._cors.preflight(headers.get(b"origin"), headers.get(b"access-control-request-headers"))
        await send({"type": "http.response.start", "status": 204, "headers": [_ALLOW, *reply]})
        await send({"type": "http.response.body", "body": b""})

    def _reply_headers(self, headers: Mapping[bytes, bytes], media: Media | None, extra: list[Header]) -> list[Header]:
        reply = [CONTENT_TYPES[media or Media.JSON], *extra]
        origin = headers.get(b"origin")
        if origin is not None:
            reply += self._cors.headers(origin)
        request_id = headers.get(b"x-request-id")
        if request_id is not None and _REQUEST_ID.fullmatch(request_id):
            reply.append((b"x-request-id", request_id))
        return reply

    async def _send(
        self, send: Send, status: int, body: bytes, reply: list[Header], headers: Mapping[bytes, bytes]
    ) -> None:
        from_length = self._settings.compress_from
        if from_length is not None and len(body) >= from_length and accepts_gzip(headers.get(b"accept-encoding")):
            await send_gzipped(send, status, body, reply)
        else:
            await send_bytes(send, status, body, reply)


def _each(asked: DocumentAsk | list[DocumentAsk], **changes: Any) -> DocumentAsk | list[DocumentAsk]:
    """The same to be asked, in one way or another."""
    return [replace(ask, **changes) for ask in asked] if isinstance(asked, list) else replace(asked, **changes)


def _status(reply: Reply, media: Media) -> int:
    if media is Media.JSON:
        # Hasura's way, which its clients rely on: whoever reads JSON finds errors in the body.
        return 200
    return 400 if reply.outcome == "refused" and reply.status == 200 else reply.status


async def _gather_body(message: Mapping[str, object], receive: Receive, limit: int, too_large: Refused) -> bytes:
    """The rest of a body that comes in pieces, `message` being the first."""
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise HungUp
        chunk = message.get("body", b"")
        assert isinstance(chunk, bytes | bytearray)
        body += chunk
        if len(body) > limit:
            raise too_large
        if not message.get("more_body", False):
            return bytes(body)
        message = await receive()


def _shown(method: str) -> str:
    return method if method.isalpha() and len(method) < 20 else "of this request"
