"""Signing in by a mailed code."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from auth_kit import AuthServer, Serve, new_address, refused, ticket_of
from mailed_kit import StillClock, count_statements, delivered, picture, with_ports

ON = {"AUTH_OTP_EMAIL_ENABLED": "true", "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true"}
VERIFY = "/signin/otp/email/verify"


async def code_for(server: AuthServer, address: str) -> str:
    answer = await server.post("/signin/otp/email", {"email": address})
    assert (answer.status_code, answer.text) == (200, '"OK"')
    await delivered(server, address)
    return ticket_of(server.mailbox.last(address))


def another(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 1_000_000:06}"


async def test_a_code_signs_up_and_in_once(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(**ON), new_address()
    code = await code_for(server, address)
    assert len(code) == 6
    assert code.isdigit()
    mail = server.mailbox.last(address)
    assert mail["X-Email-Template"] == "signin-otp"
    assert not (mail["X-Link"] or "").strip()
    stored = await sql.fetchval("select ticket from auth.users where email = $1", address)
    assert stored.startswith("otp:")
    assert code not in stored
    answer = await server.post(VERIFY, {"email": address.upper(), "otp": code})
    assert set(answer.json()) == {"session"}
    assert answer.json()["session"]["user"]["emailVerified"] is True
    before = await picture(sql, address)
    refused(await server.post(VERIFY, {"email": address, "otp": code}), 401, "invalid-ticket")
    assert await picture(sql, address) == before


async def test_wrong_unknown_expired_and_foreign_codes_are_one_answer(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address, other = await serve(**ON), new_address(), new_address()
    code, foreign = await code_for(server, address), await code_for(server, other)
    stored = await sql.fetchval("select ticket from auth.users where email = $1", address)
    answers = [
        await server.post(VERIFY, {"email": address, "otp": otp})
        for otp in (
            another(code),
            stored.removeprefix("otp:"),
            foreign if foreign != code else another(code),
            f"{code} ",
        )
    ]
    answers.append(await server.post(VERIFY, {"email": new_address(), "otp": code}))
    await sql.execute("update auth.users set ticket_expires_at = now() where email = $1", address)
    answers.append(await server.post(VERIFY, {"email": address, "otp": code}))
    assert all(refused(answer, 401, "invalid-ticket") for answer in answers)
    assert len({answer.text for answer in answers}) == 1
    assert (await picture(sql, address))["tokens"] == []


async def test_a_code_bears_five_guesses_and_a_new_one_five_more(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(**ON), new_address()
    code = await code_for(server, address)
    for number in range(1, 5):
        refused(await server.post(VERIFY, {"email": address, "otp": another(code, number)}), 401, "invalid-ticket")
    code = await code_for(server, address)
    for number in range(1, 6):
        refused(await server.post(VERIFY, {"email": address, "otp": another(code, number)}), 401, "invalid-ticket")
    refused(await server.post(VERIFY, {"email": address, "otp": code}), 401, "invalid-ticket")
    code = await code_for(server, address)
    assert (await server.post(VERIFY, {"email": address, "otp": code})).status_code == 200


async def test_parallel_guesses_are_counted_across_engines(serve: Serve, sql: asyncpg.Connection) -> None:
    one, two, address = await serve(**ON), await serve(**ON), new_address()
    code = await code_for(one, address)
    guesses = [
        (one if number % 2 else two).post(VERIFY, {"email": address, "otp": another(code, number)})
        for number in range(1, 19)
    ]
    assert {answer.status_code for answer in await asyncio.gather(*guesses)} == {401}
    count = await sql.fetchval(
        "select count from auth_engine.tries t join auth.users u on u.id = t.user_id where u.email = $1", address
    )
    assert count == 18
    refused(await one.post(VERIFY, {"email": address, "otp": code}), 401, "invalid-ticket")


async def test_a_code_of_hasura_auth_works(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(**ON), new_address()
    await code_for(server, address)
    await sql.execute("update auth.users set ticket = '012345' where email = $1", address)
    refused(await server.post(VERIFY, {"email": address, "otp": "012346"}), 401, "invalid-ticket")
    assert (await server.post(VERIFY, {"email": address, "otp": "012345"})).status_code == 200


async def test_compatible_writes_store_the_digits(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(**ON, AUTH_PEER_COMPATIBLE_WRITES="true"), new_address()
    code = await code_for(server, address)
    assert await sql.fetchval("select ticket from auth.users where email = $1", address) == code
    assert (await server.post(VERIFY, {"email": address, "otp": code})).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [("disabled = true", 401, "disabled-user"), ("is_anonymous = true", 403, "forbidden-anonymous")],
)
async def test_the_right_code_is_told_the_state(
    serve: Serve, sql: asyncpg.Connection, change: str, status: int, code: str
) -> None:
    server, address = await serve(**ON), new_address()
    otp = await code_for(server, address)
    await sql.execute(f"update auth.users set {change} where email = $1", address)
    refused(await server.post(VERIFY, {"email": address, "otp": another(otp)}), 401, "invalid-ticket")
    refused(await server.post(VERIFY, {"email": address, "otp": otp}), status, code)
    assert (await picture(sql, address))["tokens"] == []
    refused(await server.post(VERIFY, {"email": address, "otp": otp}), 401, "invalid-ticket")


async def test_the_access_lists_count_at_the_code_too(serve: Serve) -> None:
    server, address = await serve(**ON), new_address()
    otp = await code_for(server, address)
    closed = await serve(**ON, AUTH_ACCESS_CONTROL_BLOCKED_EMAILS=address)
    refused(await closed.post(VERIFY, {"email": address, "otp": otp}), 401, "invalid-email-password")


async def test_the_second_factor_is_asked_for(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(**ON, AUTH_MFA_ENABLED="true"), new_address()
    otp = await code_for(server, address)
    await sql.execute(
        "update auth.users set active_mfa_type = 'totp', totp_secret = 'A', email_verified = true where email = $1",
        address,
    )
    answer = await server.post(VERIFY, {"email": address, "otp": otp})
    assert answer.json()["mfa"]["ticket"].startswith("mfaTotp:")
    assert set(answer.json()) == {"mfa"}
    assert (await picture(sql, address))["tokens"] == []


async def test_an_unknown_address_costs_what_a_wrong_code_costs(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    still, address = StillClock(), new_address()
    server = with_ports(await serve(**ON, AUTH_SIGNIN_FAILURE_STEP="150"), clock=still)
    code = await code_for(server, address)
    still.waits.clear()
    asked = count_statements(monkeypatch)
    known = await server.post(VERIFY, {"email": address, "otp": another(code)})
    of_known = list(asked)
    asked.clear()
    unknown = await server.post(VERIFY, {"email": new_address(), "otp": code})
    assert of_known == asked
    assert known.text == unknown.text
    assert still.waits == [0.15, 0.15]
