"""Helpers of the tests of mailed links and codes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from auth_kit import AuthServer, link_of, query_of

from auth_engine.http.edge import Edge
from auth_engine.mail.sms import CannotSend
from auth_engine.store.runner import PoolRunner

BROWSER = {"Accept": "text/html,application/xhtml+xml", "User-Agent": "Mozilla/5.0"}
VERIFIED = {"AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true"}


def path_of(link: str) -> str:
    """A mailed link as the engine is asked for it."""
    assert link.startswith("http://auth.test/verify?"), link
    return link.removeprefix("http://auth.test")


async def delivered(server: AuthServer, address: str) -> None:
    """Return when nothing to the user of this address waits in the outbox: a busy machine may take longer than the
    window."""
    waiting = (
        "select exists (select from auth_engine.outbox o join auth.users u on u.id = o.user_id where u.email = $1)"
    )
    for _ in range(500):
        if not await server.engine.kit.store.outbox._runner.value(waiting, address):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"mails to {address} are still in the outbox")


async def open_link(server: AuthServer, address: str, **headers: str) -> httpx.Response:
    """The newest link mailed to an address, opened as a program does."""
    await delivered(server, address)
    return await server.get(path_of(link_of(server.mailbox.last(address))), **headers)


def went_to(answer: httpx.Response, status: int = 302) -> dict[str, str]:
    """The query of where the answer sends a browser."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    return query_of(answer.headers["location"])


async def post_form(server: AuthServer, form: dict[str, str]) -> httpx.Response:
    return await server.client.post("/verify", data=form, headers=BROWSER)


def count_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From now on: what is asked of the database outside of transactions, in its order."""
    asked: list[str] = []
    for name in ("rows", "row", "value", "run"):
        original = getattr(PoolRunner, name)

        async def noted(self: PoolRunner, statement: str, *arguments: Any, _original: Any = original) -> Any:
            asked.append(statement)
            return await _original(self, statement, *arguments)

        monkeypatch.setattr(PoolRunner, name, noted)
    return asked


async def picture(sql: asyncpg.Connection, address: str) -> dict[str, Any]:
    """All of a user's row but when it was touched, and the user's sessions: what a refusal leaves as it was."""
    row = await sql.fetchrow("select * from auth.users where email = $1", address)
    tokens = await sql.fetch("select id, refresh_token_hash from auth.refresh_tokens where user_id = $1", row["id"])
    kept = {name: value for name, value in dict(row).items() if name not in ("updated_at", "last_seen")}
    return {**kept, "tokens": sorted(str(token["id"]) for token in tokens)}


async def templates_to(server: AuthServer, address: str, most: int) -> list[str]:
    """The templates of what was mailed to an address, once there are so many: notices go out after the answer."""
    for _ in range(250):
        if len(server.mailbox.to(address)) >= most:
            break
        await asyncio.sleep(0.02)
    return [str(mail["X-Email-Template"]) for mail in server.mailbox.to(address)]


class RecordingSms:
    """A sender that keeps what it is given."""

    makes_codes = False

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.is_broken = False

    async def send(self, number: str, text: str) -> None:
        self.sent.append((number, text))

    async def send_code(self, number: str, code: str, locale: str) -> None:
        if self.is_broken:
            raise CannotSend("the provider answered 400")
        self.sent.append((number, code))

    async def check(self, number: str, code: str) -> bool:
        raise NotImplementedError

    def code_to(self, number: str) -> str:
        """The newest code sent to a number; it must be there."""
        return [code for to, code in self.sent if to == number][-1]


class StillClock:
    """A clock that stands, and notes until when somebody waits instead of waiting."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep_until(self, moment: float) -> None:
        self.waits.append(moment)


def with_sms(server: AuthServer, sms: Any) -> AuthServer:
    """The same server, its messages going there."""
    return with_ports(server, sms=sms)


def with_ports(server: AuthServer, **ports: Any) -> AuthServer:
    """The same server with other ports in its kit."""
    kit = replace(server.engine.kit, **ports)
    engine = replace(server.engine, kit=kit, app=Edge(kit))
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(engine.app),
        base_url="http://auth.test",
    )
    return AuthServer(engine, client, server.mailbox)
