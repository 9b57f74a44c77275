"""Another phone number, proved by a code."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Serve, new_address, refused
from mailed_kit import VERIFIED, RecordingSms, templates_to, with_sms

CHANGE, VERIFY = "/user/phone-number/change", "/user/phone-number/verify"
_NUMBERS = itertools.count(time.time_ns() % 10_000_000)


def new_number() -> str:
    return f"+33612{next(_NUMBERS):08}"


@pytest.fixture
def sms() -> RecordingSms:
    return RecordingSms()


@pytest_asyncio.fixture
async def phones(server: AuthServer, sms: RecordingSms) -> AsyncIterator[AuthServer]:
    changed = with_sms(server, sms)
    async with changed.client:
        yield changed


def another(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 1_000_000:06}"


async def number_of(sql: asyncpg.Connection, user_id: str) -> tuple[str | None, bool]:
    row = await sql.fetchrow("select phone_number, phone_number_verified from auth.users where id = $1", user_id)
    return row[0], row[1]


async def test_a_number_is_the_users_once_it_is_proved(
    phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection
) -> None:
    address, number = new_address(), new_number()
    session = await phones.sign_up(address)
    token, user_id = session["accessToken"], session["user"]["id"]
    spaced = f"{number[:3]} {number[3:6]} {number[6:]}"
    assert (await phones.post(CHANGE, {"phoneNumber": spaced}, token)).text == '"OK"'
    assert await number_of(sql, user_id) == (None, False)
    code = sms.code_to(number)
    stored = await sql.fetchrow("select code_hash, subject from auth_engine.codes where user_id = $1", user_id)
    assert code not in stored["code_hash"]
    assert stored["subject"] == number
    assert (await phones.post(VERIFY, {"otp": code}, token)).text == '"OK"'
    assert await number_of(sql, user_id) == (number, True)
    refused(await phones.post(VERIFY, {"otp": code}, token), 400, "invalid-request")
    assert await templates_to(phones, address, 1) == ["notice"]
    event = "select count(*) from auth_engine.audit where user_id = $1 and event = 'phone-number-changed'"
    assert await sql.fetchval(event, user_id) == 1


async def test_five_guesses_then_the_code_is_dead(
    phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection
) -> None:
    number, session = new_number(), await phones.sign_up()
    token = session["accessToken"]
    await phones.post(CHANGE, {"phoneNumber": number}, token)
    code = sms.code_to(number)
    for by in range(1, 6):
        refused(await phones.post(VERIFY, {"otp": another(code, by)}, token), 400, "invalid-request")
    refused(await phones.post(VERIFY, {"otp": code}, token), 400, "invalid-request")
    assert await number_of(sql, session["user"]["id"]) == (None, False)
    await phones.post(CHANGE, {"phoneNumber": number}, token)
    await sql.execute("update auth_engine.codes set expires_at = now() where user_id = $1", session["user"]["id"])
    refused(await phones.post(VERIFY, {"otp": sms.code_to(number)}, token), 400, "invalid-request")


async def test_a_number_that_somebody_verified_stays_theirs(
    phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection
) -> None:
    number, owner, other = new_number(), await phones.sign_up(), await phones.sign_up()
    for session in (owner, other):
        answer = await phones.post(CHANGE, {"phoneNumber": number}, session["accessToken"])
        assert answer.text == '"OK"'
        code = sms.code_to(number)
        answer = await phones.post(VERIFY, {"otp": code}, session["accessToken"])
        assert answer.status_code == (200 if session is owner else 400)
    refused(answer, 400, "invalid-request")
    assert await number_of(sql, owner["user"]["id"]) == (number, True)
    assert await number_of(sql, other["user"]["id"]) == (None, False)


async def test_a_number_that_was_only_claimed_goes_to_who_proves_it(
    phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection
) -> None:
    number, session = new_number(), await phones.sign_up()
    await phones.post("/signin/passwordless/sms", {"phoneNumber": number})
    claim, claimed_by = sms.code_to(number), "select id::text from auth.users where phone_number = $1"
    claimer = await sql.fetchval(claimed_by, number)
    await phones.post(CHANGE, {"phoneNumber": number}, session["accessToken"])
    assert (await phones.post(VERIFY, {"otp": sms.code_to(number)}, session["accessToken"])).text == '"OK"'
    assert await number_of(sql, claimer) == (None, False)
    answer = await phones.post("/signin/passwordless/sms/otp", {"phoneNumber": number, "otp": claim})
    refused(answer, 400, "invalid-request")


async def test_what_cannot_be_sent(phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection) -> None:
    session = await phones.sign_up()
    for bad in ("0170 1234567", "call me", "+"):
        refused(await phones.post(CHANGE, {"phoneNumber": bad}, session["accessToken"]), 400, "cannot-send-sms")
    sms.is_broken = True
    refused(await phones.post(CHANGE, {"phoneNumber": new_number()}, session["accessToken"]), 400, "cannot-send-sms")
    refused(await phones.post(CHANGE, {"phoneNumber": ""}, session["accessToken"]), 400, "invalid-request")
    refused(await phones.post(CHANGE, {"phoneNumber": new_number()}), 400, "invalid-request")
    assert await sql.fetchval("select count(*) from auth_engine.codes where user_id = $1", session["user"]["id"]) == 0


async def test_off_is_off(server: AuthServer) -> None:
    token = (await server.sign_up())["accessToken"]
    refused(await server.post(CHANGE, {"phoneNumber": new_number()}, token), 409, "disabled-endpoint")
    refused(await server.post(VERIFY, {"otp": "1"}, token), 409, "disabled-endpoint")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ("disabled = true", 401, "disabled-user"),
        ("email_verified = false", 401, "unverified-user"),
        ("is_anonymous = true", 403, "forbidden-anonymous"),
        (None, 401, "invalid-email-password"),
    ],
)
async def test_the_state_of_the_account(
    serve: Serve, sms: RecordingSms, sql: asyncpg.Connection, change: str | None, status: int, code: str
) -> None:
    session = await (await serve()).sign_up()
    server, token, user_id = with_sms(await serve(**VERIFIED), sms), session["accessToken"], session["user"]["id"]
    if change is None:
        await sql.execute("delete from auth.users where id = $1", user_id)
    else:
        await sql.execute(f"update auth.users set {change} where id = $1", user_id)
    async with server.client:
        refused(await server.post(CHANGE, {"phoneNumber": new_number()}, token), status, code)
        refused(await server.post(VERIFY, {"otp": "000000"}, token), status, code)
    assert sms.sent == []
