"""Signing in by a code that comes by SMS."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import AsyncIterator

import asyncpg
import bcrypt
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Serve, refused
from mailed_kit import RecordingSms, count_statements, with_sms

ASK, OTP = "/signin/passwordless/sms", "/signin/passwordless/sms/otp"
_NUMBERS = itertools.count(time.time_ns() % 10_000_000)


def new_number() -> str:
    return f"+49170{next(_NUMBERS):08}"


@pytest.fixture
def sms() -> RecordingSms:
    return RecordingSms()


@pytest_asyncio.fixture
async def phones(server: AuthServer, sms: RecordingSms) -> AsyncIterator[AuthServer]:
    """The server, its messages going to `sms`."""
    changed = with_sms(server, sms)
    async with changed.client:
        yield changed


async def ask(server: AuthServer, number: str) -> None:
    answer = await server.post(ASK, {"phoneNumber": number})
    assert (answer.status_code, answer.text) == (200, '"OK"')


def another(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 1_000_000:06}"


async def test_a_code_signs_up_and_in_once(phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection) -> None:
    number = new_number()
    options = {"metadata": {"k": 1}, "allowedRoles": ["me", "user"]}
    assert (await phones.post(ASK, {"phoneNumber": number, "options": options})).text == '"OK"'
    code = sms.code_to(number)
    row = await sql.fetchrow(
        "select *, otp_hash_expires_at - now() as rest from auth.users where phone_number = $1", number
    )
    assert row["otp_hash"].startswith("otp:")
    assert code not in row["otp_hash"]
    assert (row["otp_method_last_used"], row["phone_number_verified"]) == ("sms", False)
    assert 290 < row["rest"].total_seconds() <= 300
    refused(await phones.post(OTP, {"phoneNumber": number, "otp": another(code)}), 400, "invalid-request")
    answer = await phones.post(OTP, {"phoneNumber": number, "otp": code})
    user = answer.json()["session"]["user"]
    assert (user["phoneNumber"], user["phoneNumberVerified"]) == (number, True)
    assert (user["displayName"], user["metadata"]) == (number, {"k": 1})
    assert "email" not in user
    refused(await phones.post(OTP, {"phoneNumber": number, "otp": code}), 400, "invalid-request")
    assert await sql.fetchval("select otp_hash_expires_at <= now() from auth.users where id = $1", user["id"])
    await ask(phones, number)
    again = await phones.post(OTP, {"phoneNumber": number, "otp": sms.code_to(number)})
    assert again.json()["session"]["user"]["id"] == user["id"]


async def test_a_number_is_found_as_people_write_it(phones: AuthServer, sms: RecordingSms) -> None:
    number = new_number()
    spaced = f"{number[:3]} ({number[3:6]}) {number[6:9]}-{number[9:]}"
    await ask(phones, spaced)
    answer = await phones.post(OTP, {"phoneNumber": number, "otp": sms.code_to(number)})
    assert answer.json()["session"]["user"]["phoneNumber"] == number
    await ask(phones, spaced)
    assert (await phones.post(OTP, {"phoneNumber": spaced, "otp": sms.code_to(number)})).status_code == 200


async def test_a_number_that_another_program_stored_is_found_as_it_stands(
    phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection
) -> None:
    number = f"0170-{next(_NUMBERS)}"
    await sql.execute("insert into auth.users (locale, phone_number) values ('en', $1)", number)
    await ask(phones, number)
    assert (await phones.post(OTP, {"phoneNumber": number, "otp": sms.code_to(number)})).status_code == 200


async def test_a_code_bears_five_guesses(phones: AuthServer, sms: RecordingSms) -> None:
    number = new_number()
    await ask(phones, number)
    code = sms.code_to(number)
    for by in range(1, 6):
        refused(await phones.post(OTP, {"phoneNumber": number, "otp": another(code, by)}), 400, "invalid-request")
    refused(await phones.post(OTP, {"phoneNumber": number, "otp": code}), 400, "invalid-request")
    await ask(phones, number)
    assert (await phones.post(OTP, {"phoneNumber": number, "otp": sms.code_to(number)})).status_code == 200


async def test_unknown_wrong_and_expired_are_one_answer(
    phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection
) -> None:
    number = new_number()
    await ask(phones, number)
    code = sms.code_to(number)
    answers = [
        await phones.post(OTP, {"phoneNumber": new_number(), "otp": code}),
        await phones.post(OTP, {"phoneNumber": number, "otp": another(code)}),
        await phones.post(OTP, {"phoneNumber": "call me", "otp": code}),
    ]
    await sql.execute("update auth.users set otp_hash_expires_at = now() where phone_number = $1", number)
    answers.append(await phones.post(OTP, {"phoneNumber": number, "otp": code}))
    assert all(refused(answer, 400, "invalid-request") for answer in answers)
    assert len({answer.text for answer in answers}) == 1


async def test_an_unknown_number_costs_what_a_wrong_code_costs(
    phones: AuthServer, sms: RecordingSms, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = new_number()
    await ask(phones, number)
    asked = count_statements(monkeypatch)
    refused(
        await phones.post(OTP, {"phoneNumber": number, "otp": another(sms.code_to(number))}), 400, "invalid-request"
    )
    of_known = list(asked)
    asked.clear()
    refused(await phones.post(OTP, {"phoneNumber": new_number(), "otp": "000000"}), 400, "invalid-request")
    assert of_known == asked


async def test_what_cannot_be_sent_leaves_nothing_behind(
    phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection
) -> None:
    number, known = new_number(), new_number()
    await ask(phones, known)
    before = await sql.fetchval("select otp_hash from auth.users where phone_number = $1", known)
    sms.is_broken = True
    for each in (number, known, "call me", "0170 1234567"):
        refused(await phones.post(ASK, {"phoneNumber": each}), 400, "cannot-send-sms")
    assert await sql.fetchval("select count(*) from auth.users where phone_number = $1", number) == 0
    assert await sql.fetchval("select otp_hash from auth.users where phone_number = $1", known) == before


async def test_an_unverified_number_on_an_account_with_another_credential_opens_nothing(
    phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection
) -> None:
    number, session = new_number(), await phones.sign_up()
    user_id = session["user"]["id"]
    await sql.execute("update auth.users set phone_number = $2 where id = $1", user_id, number)
    await ask(phones, number)
    assert sms.sent == []
    hashed = bcrypt.hashpw(b"123456", bcrypt.gensalt(4)).decode()
    set_hash = "update auth.users set otp_hash = $2, otp_hash_expires_at = now() + interval '1 min' where id = $1"
    await sql.execute(set_hash, user_id, hashed)
    refused(await phones.post(OTP, {"phoneNumber": number, "otp": "123456"}), 400, "invalid-request")
    await sql.execute("update auth.users set phone_number_verified = true where id = $1", user_id)
    assert (await phones.post(OTP, {"phoneNumber": number, "otp": "123456"})).status_code == 200


@pytest.mark.parametrize(
    ("settings", "options", "status", "code"),
    [
        ({}, {"redirectTo": "https://evil.test"}, 400, "redirectTo-not-allowed"),
        ({}, {"allowedRoles": ["admin"]}, 400, "role-not-allowed"),
        ({}, {"allowedRoles": ["me"], "defaultRole": "user"}, 400, "default-role-must-be-in-allowed-roles"),
        ({"AUTH_DISABLE_SIGNUP": "true"}, {}, 403, "signup-disabled"),
        ({"AUTH_DISABLE_NEW_USERS": "true"}, {}, 401, "disabled-user"),
    ],
)
async def test_refusals(
    serve: Serve,
    sms: RecordingSms,
    sql: asyncpg.Connection,
    settings: dict[str, str],
    options: dict[str, object],
    status: int,
    code: str,
) -> None:
    server, number = with_sms(await serve(**settings), sms), new_number()
    body = {"phoneNumber": number, **({"options": options} if options else {})}
    async with server.client:
        refused(await server.post(ASK, body), status, code)
    assert sms.sent == []
    row = await sql.fetchrow("select disabled, otp_hash from auth.users where phone_number = $1", number)
    assert row is None if code != "disabled-user" else tuple(row) == (True, None)


async def test_off_is_off(server: AuthServer) -> None:
    refused(await server.post(ASK, {"phoneNumber": new_number()}), 409, "disabled-endpoint")
    refused(await server.post(OTP, {"phoneNumber": new_number(), "otp": "1"}), 409, "disabled-endpoint")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ("disabled = true", 401, "disabled-user"),
        ("is_anonymous = true", 403, "forbidden-anonymous"),
    ],
)
async def test_the_state_of_a_known_account(
    phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection, change: str, status: int, code: str
) -> None:
    number = new_number()
    await ask(phones, number)
    otp = sms.code_to(number)
    await sql.execute(f"update auth.users set {change} where phone_number = $1", number)
    refused(await phones.post(ASK, {"phoneNumber": number}), status, code)
    refused(await phones.post(OTP, {"phoneNumber": number, "otp": otp}), status, code)
    tokens = (
        "select count(*) from auth.refresh_tokens t join auth.users u on u.id = t.user_id where u.phone_number = $1"
    )
    assert await sql.fetchval(tokens, number) == 0


async def test_an_account_with_an_unverified_address(serve: Serve, sms: RecordingSms, sql: asyncpg.Connection) -> None:
    server, number = with_sms(await serve(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true"), sms), new_number()
    insert = "insert into auth.users (locale, email, phone_number, phone_number_verified) values ('en', $1, $2, true)"
    await sql.execute(insert, f"{number[1:]}@example.test", number)
    async with server.client:
        refused(await server.post(ASK, {"phoneNumber": number}), 401, "unverified-user")


async def test_the_second_factor_is_asked_for(phones: AuthServer, sms: RecordingSms, sql: asyncpg.Connection) -> None:
    number = new_number()
    await ask(phones, number)
    await sql.execute("update auth.users set active_mfa_type = 'totp' where phone_number = $1", number)
    answer = await phones.post(OTP, {"phoneNumber": number, "otp": sms.code_to(number)})
    assert answer.json()["mfa"]["ticket"].startswith("mfaTotp:")
    assert set(answer.json()) == {"mfa"}


async def test_compatible_writes_store_bcrypt(serve: Serve, sms: RecordingSms, sql: asyncpg.Connection) -> None:
    server, number = with_sms(await serve(AUTH_PEER_COMPATIBLE_WRITES="true"), sms), new_number()
    async with server.client:
        await ask(server, number)
        code = sms.code_to(number)
        stored = await sql.fetchval("select otp_hash from auth.users where phone_number = $1", number)
        assert stored.startswith("$2a$06$")
        assert bcrypt.checkpw(code.encode(), stored.encode())
        refused(await server.post(OTP, {"phoneNumber": number, "otp": another(code)}), 400, "invalid-request")
        assert (await server.post(OTP, {"phoneNumber": number, "otp": code})).status_code == 200


async def test_beyond_the_recipients_limit_nothing_is_sent(serve: Serve, sms: RecordingSms) -> None:
    server, number = with_sms(await serve(AUTH_RATE_LIMIT_RECIPIENT="1/1h"), sms), new_number()
    async with server.client:
        await ask(server, number)
        await ask(server, number)
    assert len(sms.sent) == 1


class ProviderMakesCodes(RecordingSms):
    """As Twilio Verify does: ours is not sent, and `check` decides."""

    makes_codes = True
    asked = 0

    async def check(self, number: str, code: str) -> bool:
        self.asked += 1
        return code == "the provider's"


async def test_a_provider_that_makes_its_own_codes(serve: Serve) -> None:
    sms, number = ProviderMakesCodes(), new_number()
    server = with_sms(await serve(), sms)
    async with server.client:
        await ask(server, number)
        refused(await server.post(OTP, {"phoneNumber": number, "otp": sms.code_to(number)}), 400, "invalid-request")
        for _ in range(4):
            refused(await server.post(OTP, {"phoneNumber": number, "otp": "wrong"}), 400, "invalid-request")
        refused(await server.post(OTP, {"phoneNumber": number, "otp": "the provider's"}), 400, "invalid-request")
        assert sms.asked == 5
        await ask(server, number)
        assert (await server.post(OTP, {"phoneNumber": number, "otp": "the provider's"})).status_code == 200
        refused(await server.post(OTP, {"phoneNumber": number, "otp": "the provider's"}), 400, "invalid-request")


async def test_in_development_the_code_is_in_the_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server, number = await serve(AUTH_SMS_PASSWORDLESS_ENABLED="true", AUTH_SMS_PROVIDER="dev"), new_number()
    with caplog.at_level(logging.INFO):
        await ask(server, number)
    line = next(record.getMessage() for record in caplog.records if number in record.getMessage())
    code = next(word.strip(".") for word in line.split() if word.strip(".").isdigit())
    assert f"Your code is {code}." in line
    assert (await server.post(OTP, {"phoneNumber": number, "otp": code})).status_code == 200
