"""The auth engine's hot paths, one worker: requests per second, and the server's CPU for each.

CPU per request hardly depends on what else the machine does; requests per second do. The aims come from Hasura Auth
(Go, bcrypt of cost 10) on such a machine: 0.12 to 0.22 ms for GET /user, 0.31 to 0.59 for a refresh, 54 to 57 for a
sign-in.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import click
import uvloop

from bench.processes import BenchError, Server, auth_engine, cpu_seconds, resident_bytes
from bench.results import aligned
from bench.run import POSTMASTER_PID
from usher.postgres import EmbeddedPostgres, PostgresError

DATABASE: Final = "bench_auth"
PASSWORD: Final = "a long enough password"
PATIENCE_SECONDS: Final = 30.0
_LENGTH: Final = b"content-length: "

Ask = Callable[[dict[str, Any]], bytes]
"""The next request of a visitor, made of the session that they have now."""


@dataclass(frozen=True, slots=True)
class Route:
    """What is asked. `aim`: milliseconds of the server's CPU, at most. `renews`: an answer is the next session."""

    title: str
    aim: float
    ask: Ask
    renews: bool = False


def _request(method: str, path: str, body: dict[str, Any] | None = None, token: str | None = None) -> bytes:
    raw = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(raw)}"]
    return "\r\n".join([*lines, "", ""]).encode() + raw


PATHS: Final = (
    Route("GET /user", 0.4, lambda session: _request("GET", "/user", token=session["accessToken"])),
    Route(
        "POST /token/verify, header",
        0.4,
        lambda session: _request("POST", "/token/verify", {}, session["accessToken"]),
    ),
    Route(
        "POST /token/verify, body",
        0.3,
        lambda session: _request("POST", "/token/verify", {"token": session["accessToken"]}),
    ),
    Route(
        "POST /token",
        0.8,
        lambda session: _request("POST", "/token", {"refreshToken": session["refreshToken"]}),
        renews=True,
    ),
    Route(
        "POST /signin/email-password",
        55.0,
        lambda session: _request(
            "POST", "/signin/email-password", {"email": session["user"]["email"], "password": PASSWORD}
        ),
    ),
)


@dataclass(slots=True)
class Turn:
    """What the visitors saw together, and what it cost. Seconds."""

    latencies: list[float] = field(default_factory=list)
    wrong: bytes = b""
    seconds: float = 0.0
    server_cpu: float = 0.0
    database_cpu: float = 0.0

    def row(self, path: Route) -> list[str]:
        answers = max(1, len(self.latencies))
        ordered = sorted(self.latencies) or [0.0]
        return [
            path.title,
            f"{answers / self.seconds:,.0f}",
            f"{statistics.median(ordered) * 1000:.2f}",
            f"{ordered[len(ordered) * 99 // 100] * 1000:.2f}",
            f"{self.server_cpu / answers * 1000:.3f}",
            f"{path.aim:g}",
            f"{self.database_cpu / answers * 1000:.3f}",
        ]


class Visitor(asyncio.Protocol):
    """A connection that asks again as soon as the answer is whole. `done` is set at the deadline."""

    def __init__(self, session: dict[str, Any], path: Route, turn: Turn, deadline: float) -> None:
        self._session = session
        self._path = path
        self._turn = turn
        self._deadline = deadline
        self._received = b""
        self._sent = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._turn.wrong = b"the connection broke"
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0]):
            self._received = b""
            self._answered(head, body)

    def _answered(self, head: bytes, body: bytes) -> None:
        now = time.perf_counter()
        self._turn.latencies.append(now - self._sent)
        if not head.startswith(b"HTTP/1.1 200"):
            self._turn.wrong = body[:300]
        elif self._path.renews:
            self._session.update(json.loads(body))
        if now < self._deadline and not self._turn.wrong:
            self._send()
        elif not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        request = self._path.ask(self._session)
        self._sent = time.perf_counter()
        self._transport.write(request)


@dataclass(frozen=True, slots=True)
class Stand:
    """What is under test, and its signed-in visitors."""

    server: Server
    database_pid: int
    sessions: Sequence[dict[str, Any]]

    async def measure(self, path: Route, seconds: float) -> Turn:
        """All visitors at once, for so long. Raises BenchError when an answer is wrong."""
        turn, loop = Turn(), asyncio.get_running_loop()
        server, database = cpu_seconds(self.server.pid), cpu_seconds(self.database_pid)
        began = time.perf_counter()
        visitors = [
            await loop.create_connection(
                lambda each=each: Visitor(each, path, turn, began + seconds),  # type: ignore[misc]
                "127.0.0.1",
                self.server.port,
            )
            for each in self.sessions
        ]
        await asyncio.wait([visitor.done for _, visitor in visitors], timeout=seconds + PATIENCE_SECONDS)
        turn.seconds = time.perf_counter() - began
        turn.server_cpu = cpu_seconds(self.server.pid) - server
        turn.database_cpu = cpu_seconds(self.database_pid) - database
        for transport, visitor in visitors:
            visitor.done.cancel()
            transport.close()
        if turn.wrong or not turn.latencies:
            raise BenchError(f"{path.title}: a wrong answer, such as {turn.wrong.decode(errors='replace')}")
        return turn


@click.command(context_settings={"max_content_width": 100})
@click.option("--seconds", type=click.IntRange(1, 60), default=3, show_default=True, help="Of each path.")
@click.option("--connections", type=click.IntRange(1, 1_000), default=16, show_default=True)
@click.option("--limits", is_flag=True, help="With AUTH_RATE_LIMIT_ENABLE=true, the bursts too high to be reached.")
def main(seconds: int, connections: int, limits: bool) -> None:
    """Requests per second and CPU per request of the auth engine's hot paths, one worker."""
    try:
        with _stand(connections, limits) as stand:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                rows = runner.run(_measure_all(stand, seconds))
            memory = sum(resident_bytes(stand.server.pid).values())
    except (BenchError, PostgresError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{connections} connections, 1 worker, {seconds} s each; {memory / 1_000_000:.0f} MB resident")
    heads = ["path", "per second", "p50 ms", "p99 ms", "server CPU ms", "aim ms", "database CPU ms"]
    click.echo(aligned(heads, rows))


async def _measure_all(stand: Stand, seconds: int) -> list[list[str]]:
    rows = []
    for path in PATHS:
        await stand.measure(path, 0.3)
        rows.append((await stand.measure(path, seconds)).row(path))
    return rows


@contextmanager
def _stand(connections: int, limits: bool) -> Iterator[Stand]:
    folder = Path(tempfile.mkdtemp(prefix="usher-bench-"))
    try:
        # As durable as a real one: a refresh is answered when it is on the disk.
        with EmbeddedPostgres.start(folder / "data") as postgres:
            postgres.create_database(DATABASE)
            settings = settings_of_bench(limits=limits)
            with auth_engine(postgres.url(DATABASE), folder / "auth.log", settings) as server:
                pid = int((postgres.data_dir / POSTMASTER_PID).read_text().split("\n", 1)[0])
                yield Stand(server, pid, [_sign_up(server.port, number) for number in range(connections)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settings_of_bench(*, limits: bool) -> dict[str, str]:
    """Settings under which nothing but the work itself is measured."""
    bursts = ("GLOBAL", "BRUTE_FORCE", "SIGNUPS", "EMAIL")
    return {
        "HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": secrets.token_urlsafe(48)}),
        "AUTH_ENCRYPTION_KEYS": secrets.token_urlsafe(48),
        "AUTH_SERVER_URL": "http://127.0.0.1",
        "AUTH_CLIENT_URL": "http://127.0.0.1",
        "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "false",
        "AUTH_PG_CONNECTIONS": "10",
        **({"AUTH_RATE_LIMIT_ENABLE": "true"} if limits else {}),
        **{f"AUTH_RATE_LIMIT_{name}_BURST": "1000000000" for name in bursts},
    }


def _sign_up(port: int, number: int) -> dict[str, Any]:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    body = json.dumps({"email": f"visitor.{number}@example.test", "password": PASSWORD})
    connection.request("POST", "/signup/email-password", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    if answer.status != 200:
        raise BenchError(f"a visitor could not sign up: {raw[:300].decode(errors='replace')}")
    session: dict[str, Any] = json.loads(raw)["session"]
    return session
