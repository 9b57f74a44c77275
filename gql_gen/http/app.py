"""The ASGI app of this package: a table of paths, health pages, and the life cycle of what lies behind them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from commons.respond import send_bytes, send_json
from gql_gen.errors import Unauthorized
from gql_gen.http.caller import CallerResolver
from gql_gen.http.cors import without_ambient_cookies
from gql_gen.http.graphql import RELAY_PATH, GraphQLEndpoint
from gql_gen.http.loopback import GUARD_HEADERS, stranger
from gql_gen.http.types import Answers, AuthSettings, HttpSettings
from gql_gen.session import ADMIN

logger = logging.getLogger(__name__)

Hook = Callable[[], Awaitable[None]]

_PING_TIMEOUT: Final = 5.0
_NOT_FOUND: Final = {"path": "$", "error": "resource does not exist", "code": "not-found"}
_WRONG_METHOD: Final = {"path": "$", "error": "only GET is served here", "code": "bad-request"}


def build_app(
    answers: Answers,
    auth: AuthSettings,
    http: HttpSettings | None = None,
    *,
    routes: Mapping[str, ASGIApp] | None = None,
    mounts: Mapping[str, ASGIApp] | None = None,
    on_startup: Sequence[Hook] = (),
    on_shutdown: Sequence[Hook] = (),
    revoked: Mapping[str, float] | None = None,
) -> ASGIApp:
    """The whole edge. `routes` are exact paths, `mounts` prefixes without a closing slash (`/console`). `revoked`: the
    users whose tokens count only when issued since then (Unix time); the mapping may change while the app serves."""
    settings = http or HttpSettings()
    callers = CallerResolver(auth, revoked=revoked)
    cors = without_ambient_cookies(settings.cors) if auth.reads_cookies else settings.cors
    graphql = GraphQLEndpoint(answers, callers, settings, cors)
    health = Health(answers, callers)
    table: dict[str, ASGIApp] = {
        "/v1/graphql": graphql,
        "/v1alpha1/graphql": graphql,
        RELAY_PATH: graphql,
        "/healthz": health.alive,
        "/readyz": health.ready,
        **(routes or {}),
    }
    edge = Edge(table, mounts or {}, (callers.start, *on_startup), (*on_shutdown, callers.stop, graphql.stop))
    return LocalOnly(edge, answers) if auth.is_open else edge


class Edge:
    """Dispatches by exact path, then by mount; the rest does not exist."""

    def __init__(
        self,
        routes: Mapping[str, ASGIApp],
        mounts: Mapping[str, ASGIApp],
        on_startup: Sequence[Hook],
        on_shutdown: Sequence[Hook],
    ) -> None:
        self._routes = routes
        self._mounts = mounts
        self._on_startup = on_startup
        self._on_shutdown = on_shutdown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            route = self._routes.get(scope["path"])
            # An escaped path (/v1%2Fgraphql) equals its route only after decoding: proxies in front may differ.
            if route is not None and b"%" not in scope.get("raw_path", b""):
                await route(scope, receive, send)
            else:
                await self._mounted(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _mounted(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        for prefix, app in self._mounts.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                await app({**scope, "root_path": scope.get("root_path", "") + prefix}, receive, send)
                return
        await send_json(send, 404, _NOT_FOUND)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            for hook in self._on_startup:
                await hook()
        except Exception as error:
            logger.exception("the start failed")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for hook in self._on_shutdown:
            try:
                await hook()
            except Exception:
                logger.exception("a step of the shutdown failed")
        await send({"type": "lifespan.shutdown.complete"})


class LocalOnly:
    """Wraps the edge while no secret is set: only this machine gets further. /healthz tells nothing, so it passes."""

    def __init__(self, app: ASGIApp, answers: Answers) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope.get("path") == "/healthz":
            await self._app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name in GUARD_HEADERS}
        reason = stranger(scope, headers)
        if reason is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            body = self._answers.refuse(Unauthorized(reason)).body
            await send_bytes(send, 403, body, [(b"content-type", b"application/json; charset=utf-8")])
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})


class Health:
    """What orchestrators ask. Nothing here tells a version, and only an admin reads which rules were left out."""

    def __init__(self, answers: Answers, callers: CallerResolver) -> None:
        self._answers = answers
        self._callers = callers

    async def alive(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await send_json(send, 405, _WRONG_METHOD, [(b"allow", b"GET, HEAD")])
            return
        await send_bytes(send, 200, b"OK", [(b"content-type", b"text/plain; charset=utf-8")])

    async def ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await send_json(send, 405, _WRONG_METHOD, [(b"allow", b"GET, HEAD")])
            return
        database = await self._reachable()
        faults = self._answers.faults
        page: dict[str, Any] = {"status": "ready" if database else "unavailable", "database": database}
        page["faults"] = len(faults)
        if faults and await self._is_admin(scope):
            page["details"] = [str(fault) for fault in faults]
        await send_json(send, 200 if database else 503, page)

    async def _reachable(self) -> bool:
        try:
            return await asyncio.wait_for(self._answers.ping(), _PING_TIMEOUT)
        except Exception:
            return False

    async def _is_admin(self, scope: Scope) -> bool:
        headers = {name: value for name, value in scope["headers"] if name in self._callers.header_names}
        try:
            caller = await self._callers.resolve(headers, scope["headers"], self._answers.generation)
        except Unauthorized:
            return False
        return caller.role == ADMIN
