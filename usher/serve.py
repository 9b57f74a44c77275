"""Serving: one process, or several behind one socket.

The socket is bound before anything else, so that a busy port is our message and costs no start. The server's signals
are ours: a Ctrl-C ends the requests under way, then the pool, then whatever the caller holds (an embedded Postgres).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import multiprocessing
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol, Self

import uvicorn

from usher.failures import StartRefused
from usher.settings import Settings
from usher.wire import OneWriteProtocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from auth_engine.core.settings import Settings as AuthSettings
    from gql_gen.engine.answer import Engine

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS: Final = 5
BACKLOG: Final = 2048


class Servable(Protocol):
    """What a process serves. Travels to workers, so it holds no open thing."""

    @property
    def has_lifespan(self) -> bool:
        """Whether the app answers to ASGI's lifespan."""

    def quietly(self) -> Self:
        """The same for the workers of a supervisor: what is doubtful was reported already."""

    def opened(self) -> AbstractAsyncContextManager[ASGIApp]:
        """The app, and all that lies behind it until the block is left. Raises what opening raises."""


@dataclass(frozen=True, slots=True)
class Service:
    """The GraphQL engine over a database, the console, and the auth engine where `auth` is given."""

    settings: Settings
    database_url: str
    permissions: Path
    strict: bool = False
    reports_faults: bool = True
    """False for the workers of a supervisor that has reported them already."""
    auth: AuthSettings | None = None

    @property
    def has_lifespan(self) -> bool:
        return True

    def quietly(self) -> Service:
        return replace(self, reports_faults=False)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[ASGIApp]:
        from usher.app import build_front_door
        from usher.auth import opened_auth
        from usher.bridge import EngineClaims
        from usher.reload import watching_rules

        claims = EngineClaims()
        async with contextlib.AsyncExitStack() as stack:
            auth = None
            if self.auth is not None:
                # First: the rules may speak of tables that its first start makes.
                opening = opened_auth(self.auth, self.database_url, claims=claims, quiet=not self.reports_faults)
                auth = await stack.enter_async_context(opening)
            engine = await stack.enter_async_context(opened(self))
            claims.join(engine)
            await stack.enter_async_context(watching_rules(engine, self.permissions))
            yield build_front_door(engine, self.settings, auth)


def bind(host: str, port: int) -> socket.socket:
    """A bound socket, not yet listening. Port 0 takes any free one. Raises StartRefused when the port is taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise StartRefused(f"cannot find the host {host}: {error.strerror}") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        # Listening at once: two sockets may be bound to one port, only one of them can listen.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StartRefused(_bind_failure(host, port, error)) from None
    listener.set_inheritable(True)
    return listener


def _bind_failure(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is in use: stop what uses it, or choose another with --port"
        case errno.EACCES:
            return f"port {port} may not be used by this user: choose one above 1023 with --port"
        case _:
            return f"cannot listen on {host} port {port}: {error.strerror}"


def serve(service: Servable, listener: socket.socket, on_ready: Callable[[], None] | None = None) -> None:
    """Serve in this process until a signal says stop. Raises what opening the service raises."""
    import uvloop

    with (
        collecting_later(),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        contextlib.suppress(asyncio.CancelledError),
    ):
        runner.run(_serve(service, listener, on_ready))


async def _serve(service: Servable, listener: socket.socket, on_ready: Callable[[], None] | None) -> None:
    _on_stop(_cancel_this_task())
    async with service.opened() as app:
        _settle_garbage()
        server = _Server(_configuration(app, "on" if service.has_lifespan else "off"), on_ready)
        _on_stop(server.stop)
        await server.serve(sockets=[listener])


@contextlib.contextmanager
def collecting_later() -> Generator[None, None, None]:
    """No collector while starting: hardly anything that is made then is garbage (measured: a third of a start)."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _settle_garbage() -> None:
    """What was made while starting stays for good: the collector need not walk it again and again, nor come after every
    few hundred requests (measured: 4 µs of 80 a request)."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 50, 100)


@contextlib.asynccontextmanager
async def opened(service: Service) -> AsyncIterator[Engine]:
    """The engine of a service, closed at the end. What is wrong or doubtful is logged; faults are raised when it is
    strict."""
    from gql_gen.engine.answer import Engine
    from gql_gen.rules.load import load_rules
    from usher.app import engine_settings
    from usher.reload import report

    rules = load_rules(service.permissions)
    engine = await Engine.open(engine_settings(service.settings, service.database_url), rules, strict=service.strict)
    try:
        if service.reports_faults:
            await report(engine)
        yield engine
    finally:
        await engine.close()


def _cancel_this_task() -> Callable[[], object]:
    task = asyncio.current_task()
    assert task is not None
    return task.cancel


def _on_stop(action: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, action)
    parent = multiprocessing.parent_process()
    if parent is not None:  # a worker whose supervisor was killed must not keep the port
        loop.add_reader(parent.sentinel, _once(loop, parent.sentinel, action))


def _once(loop: asyncio.AbstractEventLoop, sentinel: int, action: Callable[[], object]) -> Callable[[], None]:
    def act() -> None:
        loop.remove_reader(sentinel)
        action()

    return act


def _configuration(app: ASGIApp, lifespan: Literal["on", "off"]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=OneWriteProtocol,
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class _Server(uvicorn.Server):
    """uvicorn, leaving signals to us: its own way raises them again at the end, which would skip our cleaning up."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_ready is not None and not self.should_exit:
            self._on_ready()

    def stop(self) -> None:
        """Once: finish what is under way. Twice: drop it."""
        self.force_exit = self.should_exit
        self.should_exit = True


def exit_on_signals() -> None:
    """Make the stop signals raise SystemExit while no event loop runs, so that `with` blocks are left properly."""

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)

    for number in STOP_SIGNALS:
        signal.signal(number, leave)
