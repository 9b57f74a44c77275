"""Fifty redemptions of one ticket or code at once, over two engines on one database: exactly one succeeds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Serve, link_of, new_address, ticket_of
from mailed_kit import RecordingSms, delivered, path_of, with_sms

REDEMPTIONS = 50
NUMBER = "+4915112345678"
ON = {"AUTH_EMAIL_PASSWORDLESS_ENABLED": "true", "AUTH_OTP_EMAIL_ENABLED": "true", "AUTH_RATE_LIMIT_CODE_TRIES": "100"}
Redeem = Callable[[AuthServer], Awaitable[httpx.Response]]


@pytest.fixture
def sms() -> RecordingSms:
    return RecordingSms()


@pytest_asyncio.fixture
async def engines(serve: Serve, sms: RecordingSms) -> AsyncIterator[tuple[AuthServer, AuthServer]]:
    """Two engines on one database."""
    async with AsyncExitStack() as stack:
        first, second = with_sms(await serve(**ON), sms), with_sms(await serve(**ON), sms)
        await stack.enter_async_context(first.client)
        await stack.enter_async_context(second.client)
        yield first, second


async def race(engines: tuple[AuthServer, AuthServer], redeem: Redeem) -> list[httpx.Response]:
    return list(await asyncio.gather(*(redeem(engines[number % 2]) for number in range(REDEMPTIONS))))


def succeeded(answer: httpx.Response) -> bool:
    assert answer.status_code < 500, answer.text
    return answer.status_code == 200 or "refreshToken=" in answer.headers.get("location", "")


async def sessions_of(sql: asyncpg.Connection, address: str) -> int:
    count = "select count(*) from auth.refresh_tokens t join auth.users u on u.id = t.user_id where u.email = $1"
    return int(await sql.fetchval(count, address))


async def test_a_magic_link(engines: tuple[AuthServer, AuthServer], sql: asyncpg.Connection) -> None:
    address = new_address()
    await engines[0].post("/signin/passwordless/email", {"email": address})
    await delivered(engines[0], address)
    path = path_of(link_of(engines[0].mailbox.last(address)))
    answers = await race(engines, lambda server: server.get(path))
    assert [succeeded(answer) for answer in answers].count(True) == 1
    assert await sessions_of(sql, address) == 1


async def test_a_reset_link_against_its_own_ticket(
    engines: tuple[AuthServer, AuthServer], sql: asyncpg.Connection
) -> None:
    address = new_address()
    await engines[0].sign_up(address)
    await engines[0].post("/user/password/reset", {"email": address})
    await delivered(engines[0], address)
    mail = engines[0].mailbox.last(address)
    path, ticket = path_of(link_of(mail)), ticket_of(mail)

    async def redeem(server: AuthServer) -> httpx.Response:
        if server is engines[0]:
            return await server.get(path)
        return await server.post("/user/password", {"newPassword": "the winner's password", "ticket": ticket})

    answers = await race(engines, redeem)
    assert [succeeded(answer) for answer in answers].count(True) == 1


async def test_a_reset_ticket(engines: tuple[AuthServer, AuthServer], sql: asyncpg.Connection) -> None:
    address = new_address()
    await engines[0].sign_up(address)
    await engines[0].post("/user/password/reset", {"email": address})
    await delivered(engines[0], address)
    ticket = ticket_of(engines[0].mailbox.last(address))
    answers = await asyncio.gather(
        *(
            engines[number % 2].post("/user/password", {"newPassword": f"password {number}", "ticket": ticket})
            for number in range(REDEMPTIONS)
        )
    )
    won = [number for number, answer in enumerate(answers) if succeeded(answer)]
    assert len(won) == 1
    assert (await engines[0].sign_in(address, f"password {won[0]}")).status_code == 200


async def test_an_email_change(engines: tuple[AuthServer, AuthServer], sql: asyncpg.Connection) -> None:
    old, new = new_address(), new_address()
    token = (await engines[0].sign_up(old))["accessToken"]
    await engines[0].post("/user/email/change", {"newEmail": new}, token)
    path = path_of(link_of(engines[0].mailbox.last(new)))
    answers = await race(engines, lambda server: server.get(path))
    assert [succeeded(answer) for answer in answers].count(True) == 1


async def test_two_users_on_their_way_to_one_address(
    engines: tuple[AuthServer, AuthServer], sql: asyncpg.Connection
) -> None:
    wanted = new_address()
    for _ in range(8):
        token = (await engines[0].sign_up())["accessToken"]
        await engines[0].post("/user/email/change", {"newEmail": wanted}, token)
    paths = [path_of(link_of(mail)) for mail in engines[0].mailbox.to(wanted)]
    assert len(paths) == 8
    answers = await asyncio.gather(*(engines[number % 2].get(path) for number, path in enumerate(paths)))
    assert [succeeded(answer) for answer in answers].count(True) == 1
    lost = [answer.headers["location"] for answer in answers if not succeeded(answer)]
    assert all("error=email-already-in-use" in each for each in lost)


async def test_a_mailed_code(engines: tuple[AuthServer, AuthServer], sql: asyncpg.Connection) -> None:
    address = new_address()
    await engines[0].post("/signin/otp/email", {"email": address})
    await delivered(engines[0], address)
    body = {"email": address, "otp": ticket_of(engines[0].mailbox.last(address))}
    answers = await race(engines, lambda server: server.post("/signin/otp/email/verify", body))
    assert [succeeded(answer) for answer in answers].count(True) == 1
    assert await sessions_of(sql, address) == 1


async def test_a_code_by_sms(engines: tuple[AuthServer, AuthServer], sms: RecordingSms) -> None:
    await engines[0].post("/signin/passwordless/sms", {"phoneNumber": NUMBER})
    body = {"phoneNumber": NUMBER, "otp": sms.code_to(NUMBER)}
    answers = await race(engines, lambda server: server.post("/signin/passwordless/sms/otp", body))
    assert [succeeded(answer) for answer in answers].count(True) == 1


async def test_a_code_for_a_phone_number(engines: tuple[AuthServer, AuthServer], sms: RecordingSms) -> None:
    token = (await engines[0].sign_up())["accessToken"]
    await engines[0].post("/user/phone-number/change", {"phoneNumber": "+4915187654321"}, token)
    body = {"otp": sms.code_to("+4915187654321")}
    answers = await race(engines, lambda server: server.post("/user/phone-number/verify", body, token))
    assert [succeeded(answer) for answer in answers].count(True) == 1
