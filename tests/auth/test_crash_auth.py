"""Nothing acknowledged is ever lost: the process is killed while people sign up, renew sessions and ask for mails, and
afterwards everybody has what they were told they have. Auth contract §10, "Mail and SMS" and "Refresh"."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from auth_kit import PASSWORD, Mailbox, link_of, new_address
from race_kit import Answer, Ask, Process, at_once, get, process_settings, until, won

from usher.postgres import EmbeddedPostgres

Work = Callable[[], Awaitable[None]]

SHORT, LONG = 2, 30
"""How often the process is killed."""
RENEWING, SIGNING_UP, RESETTING = 6, 5, 5
TAB = {"Origin": "https://app.test"}
SETTINGS = {"AUTH_REFRESH_TOKEN_REUSE_INTERVAL": "3600", "AUTH_EMAIL_ANSWER_WINDOW": "0", "AUTH_PASSWORD_QUEUE": "500"}

soak = (pytest.mark.soak, pytest.mark.skipif("SOAK" not in os.environ, reason="a soak run: make soak"))


@dataclass(slots=True)
class Journal:
    """What the clients were told."""

    users: list[str] = field(default_factory=list)
    """Addresses that were signed up."""
    resets: list[str] = field(default_factory=list)
    """Addresses whose reset mail was promised."""
    tokens: dict[int, str] = field(default_factory=dict)
    """Each renewing client's newest refresh token."""
    renewals: int = 0
    unanswered: int = 0
    refused: list[Answer] = field(default_factory=list)
    """Answers that nobody should have got."""


@dataclass(slots=True)
class Town:
    """The clients, and where they ask."""

    address: str
    waiting: list[str]
    """Addresses of users that did not ask for a reset yet."""
    journal: Journal = field(default_factory=Journal)

    async def ask(self, ask: Ask) -> Answer | None:
        """The answer; None when the process went away before it was whole."""
        try:
            (answer,) = await at_once([self.address], [ask])
        except (OSError, EOFError):
            self.journal.unanswered += 1
            await asyncio.sleep(0.02)
            return None
        if answer.status != 200:
            self.journal.refused.append(answer)
        return answer

    async def sign_up(self) -> None:
        address = new_address()
        answer = await self.ask(Ask("/signup/email-password", {"email": address, "password": PASSWORD}))
        if answer is not None:
            self.journal.users.append(address)

    async def reset(self) -> None:
        await asyncio.sleep(0.02)
        if not self.waiting:
            return
        address = self.waiting.pop()
        if await self.ask(Ask("/user/password/reset", {"email": address})) is not None:
            self.journal.resets.append(address)

    async def renew(self, client: int) -> None:
        """Whoever got no answer asks again with the token in hand, as a browser does."""
        answer = await self.ask(Ask("/token", {"refreshToken": self.journal.tokens[client]}, headers=TAB))
        if answer is not None and answer.status == 200:
            self.journal.tokens[client] = answer.json["refreshToken"]
            self.journal.renewals += 1

    @contextlib.asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Everybody asks, again and again, until the block ends."""
        renewing = [partial(self.renew, client) for client in range(RENEWING)]
        work: list[Work] = [*[self.sign_up] * SIGNING_UP, *[self.reset] * RESETTING, *renewing]
        clients = [asyncio.create_task(_forever(each)) for each in work]
        try:
            yield
        finally:
            for client in clients:
                client.cancel()
            for ended in await asyncio.gather(*clients, return_exceptions=True):
                assert isinstance(ended, asyncio.CancelledError), ended


async def _forever(work: Work) -> None:
    while True:
        await work()


@pytest.fixture
def database(postgres: EmbeddedPostgres, auth_template: str) -> Iterator[str]:
    postgres.create_database("crash_auth", auth_template)
    yield postgres.url("crash_auth")
    postgres.drop_database("crash_auth")


@pytest.mark.parametrize("blows", [pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=soak)])
async def test_what_was_acknowledged_outlives_the_process(
    blows: int, database: str, mailbox: Mailbox, tmp_path: Path
) -> None:
    settings = process_settings(mailbox, **SETTINGS)
    process = Process(database, tmp_path / "log", settings)
    try:
        town = await _town(process, database, 250 * blows)
        chance = random.Random(blows)
        for _ in range(blows):
            async with town.busy():
                await asyncio.sleep(chance.uniform(0.3, 0.8))
                process.kill()
                await asyncio.sleep(0.05)
            process = Process(database, tmp_path / "log", settings)
            town.address = await asyncio.to_thread(process.wait)
        await _assert_kept(town, database, mailbox)
        assert "Traceback" not in process.said
    finally:
        process.stop()


async def _town(process: Process, database: str, sleepers: int) -> Town:
    """Before the first blow: the sessions to be renewed, and users who will ask for a reset."""
    address = await asyncio.to_thread(process.wait)
    people = [{"email": new_address(), "password": PASSWORD} for _ in range(RENEWING)]
    answers = await at_once([address], [Ask("/signup/email-password", body) for body in people])
    waiting = [new_address() for _ in range(sleepers)]
    await _execute(database, "insert into auth.users (email, locale) select unnest($1::text[]), 'en'", waiting)
    tokens = {number: each.json["session"]["refreshToken"] for number, each in enumerate(answers)}
    return Town(address, waiting, Journal(tokens=tokens))


async def _execute(database: str, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(statement, *arguments)
    finally:
        await connection.close()


async def _assert_kept(town: Town, database: str, mailbox: Mailbox) -> None:
    journal = town.journal
    assert journal.unanswered, "nobody was interrupted"
    assert not journal.refused, [(each.status, each.body) for each in journal.refused]
    assert min(len(journal.users), len(journal.resets), journal.renewals) > 0
    await _all_win(town, [Ask("/token", {"refreshToken": each}, headers=TAB) for each in journal.tokens.values()])
    await _all_win(
        town, [Ask("/signin/email-password", {"email": each, "password": PASSWORD}) for each in journal.users]
    )
    # What a dead process left half done is taken up when its lease ends; here at once.
    await _execute(database, "update auth_engine.outbox set next_try_at = now()")
    await until(lambda: all(mailbox.to(address) for address in journal.resets))
    for address in journal.resets:
        # One that went out twice says so by its Message-ID.
        assert len({str(mail["Message-ID"]) for mail in mailbox.to(address)}) == 1
    links = [link_of(mailbox.last(address)) for address in journal.resets]
    await _all_win(town, [get(link.removeprefix("http://auth.test")) for link in links])


async def _all_win(town: Town, asks: Sequence[Ask]) -> None:
    for start in range(0, len(asks), 40):
        answers = await at_once([town.address], asks[start : start + 40])
        assert all(won(answer) for answer in answers), [each.body for each in answers if not won(each)]
