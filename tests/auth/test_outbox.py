"""The outbox: at least once, by one process at a time, through outages and restarts, and nothing that is of no use."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from auth_kit import PASSWORD, AuthServer, Mailbox, new_address
from mail_kit import Serve, a_letter, rude_server, until

from auth_engine.core.clock import SystemClock
from auth_engine.mail.letters import Letter
from auth_engine.net.outside import Outside
from auth_engine.post.delivery import LONGEST_PAUSE, MOST_PERMANENT, pause
from auth_engine.post.post import Post, Timing

ROWS = "select count(*) from auth_engine.outbox"


@pytest.fixture(autouse=True)
async def empty(sql: asyncpg.Connection) -> None:
    await sql.execute("delete from auth_engine.outbox")


async def put(server: AuthServer, letter: Letter, seconds: int = 3600) -> str:
    async with server.engine.kit.store.transaction() as stores:
        return await server.engine.kit.post.put_letter(stores, letter, seconds)


async def make_due(sql: asyncpg.Connection) -> None:
    await sql.execute("update auth_engine.outbox set next_try_at = now()")


async def try_again(server: AuthServer, sql: asyncpg.Connection) -> None:
    """All that waits is tried now, by whoever comes first: this call, or the worker beside it."""
    await make_due(sql)
    await server.engine.kit.post.work()
    await server.engine.kit.post.settle(5)


async def test_what_is_rolled_back_is_never_sent(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    rows = []

    async def put_and_fail() -> None:
        async with server.engine.kit.store.transaction() as stores:
            rows.append(await server.engine.kit.post.put_letter(stores, a_letter(to=address), 3600))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await put_and_fail()
    await server.engine.kit.post.deliver(rows[0])
    assert server.mailbox.to(address) == []
    assert await sql.fetchval(ROWS) == 0


async def test_a_row_is_sealed_and_bound_to_itself(server: AuthServer, sql: asyncpg.Connection) -> None:
    server.mailbox.refuses = "451 later"
    first = await put(server, a_letter(ticket="a live ticket"))
    second = await put(server, a_letter(to=new_address()))
    await server.engine.kit.post.deliver(first)
    row = await sql.fetchrow("select * from auth_engine.outbox where id = $1", first)
    assert "live ticket" not in str(row)
    assert row["sealed"].startswith("enc:v1:")
    assert row["last_failure"] == "the SMTP server answered 451"
    assert row["tries"] == 1
    await sql.execute("update auth_engine.outbox set sealed = $2 where id = $1", second, row["sealed"])
    server.mailbox.refuses = None
    await server.engine.kit.post.deliver(second)
    assert server.mailbox.mails == []
    failure = await sql.fetchval("select last_failure from auth_engine.outbox where id = $1", second)
    assert failure == "it is sealed under a key that is not there"


async def test_a_failure_is_tried_again_and_told_without_what_was_sent(
    server: AuthServer, sql: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    address = new_address()
    server.mailbox.refuses = f"451 {address} later"
    row = await put(server, a_letter(to=address, ticket="a live ticket"))
    await server.engine.kit.post.deliver(row)
    wait = await sql.fetchval("select next_try_at - now() from auth_engine.outbox")
    assert 2 < wait.total_seconds() <= 5
    server.mailbox.refuses = None
    await server.engine.kit.post.work()
    assert server.mailbox.to(address) == [], "not before its time"
    await try_again(server, sql)
    assert len(server.mailbox.to(address)) == 1
    assert await sql.fetchval(ROWS) == 0
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 1
    assert row in caplog.text
    assert address not in caplog.text
    assert "live ticket" not in caplog.text


async def test_a_permanent_refusal_is_believed_in_the_end(server: AuthServer, sql: asyncpg.Connection) -> None:
    server.mailbox.refuses = "550 no such user"
    await server.engine.kit.post.deliver(await put(server, a_letter()))
    await sql.execute("update auth_engine.outbox set tries = $1", MOST_PERMANENT - 2)
    for left in (1, 0):
        await try_again(server, sql)
        assert await sql.fetchval(ROWS) == left


def test_pauses_double_with_chance_up_to_a_bound() -> None:
    for tries in (1, 2, 3, 4):
        assert 2.5 * 2 ** (tries - 1) <= pause(tries) <= 5 * 2 ** (tries - 1)
    assert LONGEST_PAUSE / 2 <= pause(10_000) <= LONGEST_PAUSE
    assert len({pause(3) for _ in range(20)}) > 10


@pytest.mark.parametrize("greeting", [b"", b"drop"])
async def test_a_server_that_hangs_or_drops_holds_nobody_up(
    serve: Serve, sql: asyncpg.Connection, greeting: bytes
) -> None:
    async with rude_server(greeting) as port:
        server = await serve(
            AUTH_SMTP_PORT=str(port), AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true", AUTH_SMTP_TIMEOUT="300"
        )
        began = time.monotonic()
        answer = await server.post("/signup/email-password", {"email": new_address(), "password": PASSWORD})
        assert answer.status_code == 200
        assert time.monotonic() - began < 0.29
        await server.engine.kit.post.settle(2)
        assert await sql.fetchval("select last_failure from auth_engine.outbox") is not None
        assert await sql.fetchval("select tries from auth_engine.outbox") == 1


async def test_no_way_out_is_told_once_and_the_mail_waits(
    serve: Serve, sql: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    server = await serve(AUTH_SMTP_HOST="")
    await server.engine.kit.post.deliver(await put(server, a_letter()))
    for _ in range(2):
        await try_again(server, sql)
    assert await sql.fetchval("select tries from auth_engine.outbox") == 3
    told = [record.getMessage() for record in caplog.records if record.name.startswith("auth_engine.post")]
    assert len(told) == 1
    assert "AUTH_SMTP_HOST" in told[0]


# ---------------------------------------------------------------- what is of no use any more


async def signed_up(server: AuthServer) -> tuple[str, str]:
    """A user whose verification mail was refused for now: address and id."""
    address = new_address()
    server.mailbox.refuses = "451 later"
    await server.post("/signup/email-password", {"email": address, "password": PASSWORD})
    await server.engine.kit.post.settle(1)
    server.mailbox.refuses = None
    user = await server.engine.kit.store.users.by_email(address)
    assert user is not None
    return address, user.id


@pytest.mark.parametrize(
    ("change", "mails"),
    [
        ("update auth.users set last_seen = now() where id = $1", 1),
        ("update auth.users set ticket = 'verifyEmail:another' where id = $1", 0),
        ("update auth.users set ticket = null where id = $1", 0),
        ("update auth.users set ticket_expires_at = now() where id = $1", 0),
        ("delete from auth.users where id = $1", 0),
        ("update auth_engine.outbox set expires_at = now() where user_id = $1", 0),
    ],
)
async def test_a_mail_ends_with_its_ticket(serve: Serve, sql: asyncpg.Connection, change: str, mails: int) -> None:
    server = await serve(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    address, user_id = await signed_up(server)
    assert await sql.fetchval(ROWS) == 1
    await sql.execute(change, user_id)
    await try_again(server, sql)
    assert len(server.mailbox.to(address)) == mails
    assert await sql.fetchval(ROWS) == 0


async def test_a_plain_ticket_of_compatible_writes_stands_in_no_row(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true", AUTH_PEER_COMPATIBLE_WRITES="true")
    address, user_id = await signed_up(server)
    ticket = await sql.fetchval("select ticket from auth.users where id = $1", user_id)
    assert ticket not in str(await sql.fetchrow("select * from auth_engine.outbox"))
    await try_again(server, sql)
    assert server.mailbox.last(address)["X-Ticket"] == ticket


async def test_a_first_try_after_the_end_sends_nothing(server: AuthServer, sql: asyncpg.Connection) -> None:
    row = await put(server, a_letter())
    await sql.execute("update auth_engine.outbox set expires_at = now()")
    await server.engine.kit.post.deliver(row)
    assert server.mailbox.mails == []


# ---------------------------------------------------------------- several processes, outages, restarts


@asynccontextmanager
async def posts(server: AuthServer, number: int, timing: Timing) -> AsyncIterator[list[Post]]:
    """So many posts over one database, as so many processes have them."""
    kit = server.engine.kit
    outside = Outside()
    made = [Post(kit.store, kit.seals, kit.settings, outside, SystemClock(), timing=timing) for _ in range(number)]
    try:
        yield made
    finally:
        for post in made:
            await post.stop()
        await outside.close()


async def test_a_hundred_mails_after_an_outage_come_once_each(
    server: AuthServer, mailbox: Mailbox, sql: asyncpg.Connection
) -> None:
    mailbox.refuses = "451 later"
    addresses = [new_address() for _ in range(100)]
    kit = server.engine.kit
    async with kit.store.transaction() as stores:
        rows = [await kit.post.put_letter(stores, a_letter(to=address), 3600) for address in addresses]
    kit.post.deliver_in_background(*rows)
    await kit.post.settle(10)
    assert await sql.fetchval("select count(*) from auth_engine.outbox where tries = 1") == 100
    mailbox.refuses = None
    await make_due(sql)
    async with posts(server, 3, Timing()) as several:
        await asyncio.gather(*(post.work() for post in several))
    await kit.post.settle(5)
    assert sorted(mail["To"] for mail in mailbox.mails) == sorted(addresses)
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 100
    assert await sql.fetchval(ROWS) == 0


async def test_one_row_and_fifty_who_would_send_it(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    row = await put(server, a_letter(to=address))
    async with posts(server, 2, Timing()) as several:
        tries = [post.deliver(row) for post in several for _ in range(25)]
        await asyncio.gather(*tries)
        await asyncio.gather(*(post.settle(2) for post in several))
    assert len(server.mailbox.to(address)) == 1
    assert await sql.fetchval(ROWS) == 0


async def test_a_killed_process_leaves_its_rows_to_others(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve()
    address = new_address()
    row = await put(server, a_letter(to=address))
    assert await server.engine.kit.store.outbox.claim_new(row, 30.0) is not None
    await server.engine.kit.post.work()
    await server.engine.kit.post.deliver(row)
    assert server.mailbox.to(address) == [], "it may still be under way where it was taken"
    await try_again(server, sql)
    assert len(server.mailbox.to(address)) == 1


async def test_a_row_that_nobody_delivered_is_found_by_the_worker(server: AuthServer) -> None:
    address = new_address()
    timing = Timing(poll=0.02, first_try=0.05)
    async with posts(server, 1, timing) as (post,):
        await post.start()
        async with server.engine.kit.store.transaction() as stores:
            await post.put_letter(stores, a_letter(to=address), 3600)
        await until(lambda: server.mailbox.to(address))


async def test_stopping_finishes_what_is_under_way_and_gives_back_the_rest(
    serve: Serve, sql: asyncpg.Connection, mailbox: Mailbox
) -> None:
    async with rude_server() as port:
        server = await serve(AUTH_SMTP_PORT=str(port))
        async with posts(server, 1, Timing(stop=0.1)) as (post,):
            post.deliver_in_background(await put(server, a_letter()))
            await asyncio.sleep(0.05)
            began = time.monotonic()
            await post.stop()
            assert time.monotonic() - began < 1
        assert await sql.fetchval("select next_try_at <= now() from auth_engine.outbox"), "others may have it at once"
    good = await serve()
    async with posts(good, 1, Timing()) as (post,):
        post.deliver_in_background(await put(good, a_letter(to="last@example.test")))
        await post.stop()
    assert len(mailbox.to("last@example.test")) == 1


async def test_the_worker_outlives_a_database_that_is_away(
    server: AuthServer, sql: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    address = new_address()
    async with posts(server, 1, Timing(poll=0.02, first_try=0.0)) as (post,):
        await sql.execute("alter table auth_engine.outbox rename to away")
        try:
            await post.start()
            await until(lambda: "the outbox cannot be read" in caplog.text)
        finally:
            await sql.execute("alter table auth_engine.away rename to outbox")
        async with server.engine.kit.store.transaction() as stores:
            await post.put_letter(stores, a_letter(to=address), 3600)
        await until(lambda: server.mailbox.to(address))
