"""The ASGI app: CORS, the route, who asks, the body, the flow, the answer at its time. Auth contract §1."""

from __future__ import annotations

import hmac
import logging
import math
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from starlette.types import Message, Receive, Scope, Send

from auth_engine.core.errors import Code, Refused, drop_details
from auth_engine.core.types import Claims, Line, Visit
from auth_engine.flows.elevation import ensure_elevated
from auth_engine.flows.kit import Kit
from auth_engine.http.answers import Response, fail, refuse, succeed
from auth_engine.http.captcha import ensure_human
from auth_engine.http.lines import ensure_lines, read_lines
from auth_engine.http.request import Head, decode_body, decode_form, read_bytes, read_head, read_query
from auth_engine.http.route import Access, Pace, Route
from auth_engine.http.table import ROUTES, RouteTable
from commons.addresses import origin as address_of
from commons.respond import Header, send_bytes

logger = logging.getLogger(__name__)

_CORS: Final[tuple[Header, ...]] = (
    (b"access-control-allow-methods", b"POST, GET"),
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-max-age", b"86400"),
)
_VARY: Final[Header] = (b"vary", b"Origin, Access-Control-Request-Method")


class Edge:
    """Serves the auth engine below `root_path`, or at the top."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._table = RouteTable(ROUTES, kit.settings.api_prefix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        head = read_head(scope)
        response = await self._respond(scope, head, receive)
        headers = [*response.headers, *_cors(head)]
        if scope["method"] == "HEAD":
            await _send_head(send, response.status, headers)
        else:
            await send_bytes(send, response.status, response.body, headers)

    async def _respond(self, scope: Scope, head: Head, receive: Receive) -> Response:
        if scope["method"] == "OPTIONS":
            return Response(204, b"", ())
        arrived = self._kit.clock.monotonic()
        route: Route | None = None
        try:
            # An escaped path equals its route only after decoding: proxies in front may differ.
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            found = None if b"%" in scope.get("raw_path", b"") else self._table.find(scope["method"], path)
            address = address_of(scope, self._kit.settings.trusted_proxies)
            if found is None or not found[0].unlimited:
                await self._kit.limits.admit(path.removeprefix(self._kit.settings.api_prefix), address)
            if found is None:
                raise Refused(Code.NOT_FOUND)
            route, named = found
            response = await self._run(route, named, scope, head, receive, address)
            failed = False
        except Refused as refused:
            if refused.reason:
                logger.debug("refused: %s", refused)
            response, failed = refuse(refused, conceal=self._conceals(route)), True
        except Exception as error:
            drop_details(error)
            logger.exception("the request failed")
            response, failed = fail(), True
        if route is not None:
            await self._hold(route.pace, arrived, failed=failed)
        return response

    def _conceals(self, route: Route | None) -> bool:
        """Nothing is concealed from who has the admin secret."""
        return self._kit.settings.conceal_errors and (route is None or route.access is not Access.ADMIN)

    async def _run(
        self, route: Route, named: Mapping[str, str], scope: Scope, head: Head, receive: Receive, address: str
    ) -> Response:
        await ensure_human(route.path, head, self._kit)
        claims = self._admit(route, head)
        query = read_query(scope) if route.query and scope["query_string"] else {}
        body = await self._body(route, head, receive)
        visit = Visit(
            address=address,
            user_agent=head.user_agent,
            origin=head.get(b"origin"),
            claims=claims,
            accepts_html=head.is_browser,
            is_prefetch=head.is_prefetch,
            cookies=head.cookies if b"cookie" in head.values else {},
            query=query,
            path=named,
            host=head.get(b"host") or "",
            is_forwarded=head.is_forwarded,
            is_foreign=head.is_foreign,
            wants_json="application/json" in (head.get(b"accept") or ""),
            lines=self._lines(route, head, receive),
        )
        if route.access is Access.ELEVATED:
            await ensure_elevated(visit, self._kit, route.path)
        return succeed(await route.flow(body, visit, self._kit), route.answer)

    def _admit(self, route: Route, head: Head) -> Claims | None:
        if route.access is Access.NONE:
            return None
        if route.access is Access.ADMIN:
            secret = self._kit.settings.admin_secret
            given = head.get(b"x-hasura-admin-secret") or ""
            if secret is None or not hmac.compare_digest(given.encode("latin-1", "replace"), secret.encode()):
                raise Refused(Code.INVALID_ADMIN_SECRET)
            return None
        token = head.bearer
        claims = None if token is None else self._kit.access.verify(token)
        if claims is None and route.access is not Access.OPTIONAL:
            raise Refused(Code.INVALID_REQUEST, "no valid access token")
        return claims

    async def _body(self, route: Route, head: Head, receive: Receive) -> Any:
        if route.body is None or route.lines:
            return None
        raw = await read_bytes(receive, self._kit.settings.max_body_bytes)
        if route.form:
            return decode_form(raw, route.body, head)
        return decode_body(raw, route.body, head, optional=route.body_optional)

    def _lines(self, route: Route, head: Head, receive: Receive) -> AsyncIterator[Line] | None:
        if not route.lines or route.body is None:
            return None
        ensure_lines(head)
        return read_lines(receive, route.body)

    async def _hold(self, pace: Pace, arrived: float, *, failed: bool) -> None:
        """Let the answer go at a time that tells nothing."""
        settings = self._kit.settings
        match pace:
            case Pace.AT_ONCE:
                return
            case Pace.FAILURE_STEP:
                step = settings.signin_failure_step_ms / 1000 if failed else 0.0
            case Pace.WINDOW:
                step = settings.email_answer_window_ms / 1000
        if step:
            passed = self._kit.clock.monotonic() - arrived
            await self._kit.clock.sleep_until(arrived + step * max(1, math.ceil(passed / step)))


def _cors(head: Head) -> list[Header]:
    origin = head.get(b"origin")
    if origin is None:
        return []
    headers = [(b"access-control-allow-origin", origin.encode("latin-1")), *_CORS, _VARY]
    wanted = head.get(b"access-control-request-headers")
    if wanted is not None:
        headers.append((b"access-control-allow-headers", wanted.encode("latin-1")))
    return headers


async def _send_head(send: Send, status: int, headers: list[Header]) -> None:
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": b""})
