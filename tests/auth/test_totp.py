"""The second factor: making it, switching it on and off, signing in with it, and what thieves try."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import struct
import uuid
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import pyotp
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Serve, new_address, refused
from authenticator_kit import amid_a_period, enrolled, ticket_for, upcoming, wrong

from auth_engine.factors.totp import code_at, matching_period, new_secret, provisioning_uri


@pytest_asyncio.fixture
async def server(serve: Serve) -> AsyncIterator[AuthServer]:
    yield await serve(AUTH_MFA_ENABLED="true")


# ---------------------------------------------------------------- the factor itself


def test_codes_are_those_of_the_rfc() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    for moment, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert code_at(secret, moment // 30) == code


def test_a_secret_that_is_no_base32_fails_and_does_not_break() -> None:
    for secret in ("", "1", "not base32!", "é"):
        assert matching_period(secret, "000000", datetime.now(UTC)) is None


def test_a_code_is_good_one_period_early_and_late_and_no_longer() -> None:
    secret, moment = new_secret(), datetime.fromtimestamp(1_700_000_000, UTC)
    now = 1_700_000_000 // 30
    assert len(secret) == 52
    for shift in (-1, 0, 1):
        code = code_at(secret, now + shift)
        assert code is not None
        assert matching_period(secret, f" {code[:3]} {code[3:]} ", moment) == now + shift
    for shift in (-2, 2):
        assert matching_period(secret, code_at(secret, now + shift) or "", moment) is None


def test_names_are_escaped_in_the_address_of_the_picture() -> None:
    uri = provisioning_uri("ABC", "My app: one", "Jürgen & Söhne?")
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/My app: one:Jürgen & Söhne?"
    assert parse_qs(parts.query)["issuer"] == ["My app: one"]


# ---------------------------------------------------------------- generate


async def test_generate_gives_a_picture_and_the_text(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    answer = (await server.get("/mfa/totp/generate", session["accessToken"])).json()
    assert set(answer) == {"imageUrl", "totpSecret"}
    png = base64.b64decode(answer["imageUrl"].removeprefix("data:image/png;base64,"))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (200, 200)
    size = struct.unpack(">I", png[33:37])[0]
    pixels = zlib.decompress(png[41 : 41 + size])
    assert len(pixels) == 200 * 26
    assert {pixels[0], *pixels[1:26]} == {0, 255}, "a quiet border of white"
    stored = await sql.fetchval("select totp_secret from auth.users where id = $1", uuid.UUID(session["user"]["id"]))
    assert stored.startswith("enc:v1:")
    assert answer["totpSecret"] not in stored


async def test_generate_refuses(server: AuthServer, serve: Serve, sql: asyncpg.Connection) -> None:
    session, _ = await enrolled(server)
    token = session["accessToken"]
    before = await sql.fetchval("select totp_secret from auth.users where id = $1", uuid.UUID(session["user"]["id"]))
    refused(await server.get("/mfa/totp/generate", token), 400, "totp-already-active")
    after = await sql.fetchval("select totp_secret from auth.users where id = $1", uuid.UUID(session["user"]["id"]))
    assert before == after
    refused(await server.get("/mfa/totp/generate"), 400, "invalid-request")
    off = await serve(AUTH_MFA_ENABLED="false")
    refused(await off.get("/mfa/totp/generate", token), 409, "disabled-endpoint")
    refused(await off.post("/user/mfa", {"code": "000000"}, token), 409, "disabled-endpoint")
    refused(await off.post("/signin/mfa/totp", {"ticket": "mfaTotp:x", "otp": "1"}), 409, "disabled-endpoint")
    refused(await off.post("/user/mfa/recovery-codes", None, token), 409, "disabled-endpoint")
    refused(await off.post("/elevate/totp", {"code": "000000"}, token), 409, "disabled-endpoint")


async def test_the_picture_holds_the_longest_account(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    await sql.execute(
        "update auth.users set email = $2 where id = $1",
        uuid.UUID(session["user"]["id"]),
        f"{'%' * 240}@example.test",
    )
    assert (await server.get("/mfa/totp/generate", session["accessToken"])).status_code == 200


@pytest.mark.parametrize(
    ("column", "value", "status", "code"),
    [
        ("disabled", True, 401, "disabled-user"),
        ("is_anonymous", True, 403, "forbidden-anonymous"),
    ],
)
async def test_who_may_not_come_may_change_nothing(
    server: AuthServer, sql: asyncpg.Connection, column: str, value: bool, status: int, code: str
) -> None:
    session, secret = await enrolled(server)
    token = session["accessToken"]
    ticket = await ticket_for(server, session)
    await sql.execute(f"update auth.users set {column} = $2 where id = $1", uuid.UUID(session["user"]["id"]), value)
    now = pyotp.TOTP(secret).now()
    refused(await server.get("/mfa/totp/generate", token), status, code)
    refused(await server.post("/user/mfa", {"code": now}, token), status, code)
    refused(await server.post("/user/mfa/recovery-codes", None, token), status, code)
    refused(await server.post("/elevate/totp", {"code": now}, token), status, code)
    refused(await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": now}), status, code)
    assert await sql.fetchval("select active_mfa_type from auth.users where id = $1", uuid.UUID(session["user"]["id"]))


async def test_unverified_and_gone_users_are_refused(server: AuthServer, serve: Serve, sql: asyncpg.Connection) -> None:
    session, secret = await enrolled(server)
    strict = await serve(AUTH_MFA_ENABLED="true", AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    body = {"code": pyotp.TOTP(secret).now()}
    refused(await strict.post("/user/mfa", body, session["accessToken"]), 401, "unverified-user")
    await sql.execute("delete from auth.users where id = $1", uuid.UUID(session["user"]["id"]))
    refused(await server.post("/user/mfa", body, session["accessToken"]), 401, "invalid-email-password")


# ---------------------------------------------------------------- switching on and off


async def test_enrol_sign_in_and_switch_off_within_one_period(server: AuthServer, sql: asyncpg.Connection) -> None:
    """As the suite of Hasura Auth does, with one code."""
    session = await server.sign_up()
    token, user_id = session["accessToken"], uuid.UUID(session["user"]["id"])
    secret = (await server.get("/mfa/totp/generate", token)).json()["totpSecret"]
    totp = pyotp.TOTP(secret)
    code = totp.now()
    refused(
        await server.post("/user/mfa", {"code": wrong(secret), "activeMfaType": "totp"}, token), 401, "invalid-totp"
    )
    assert (await server.post("/user/mfa", {"code": code, "activeMfaType": "totp"}, token)).json() == "OK"
    assert (await server.get("/user", token)).json()["activeMfaType"] == "totp"
    ticket = await ticket_for(server, session)
    assert ticket.startswith("mfaTotp:")
    entered = await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": code})
    assert set(entered.json()) == {"session"}
    assert entered.json()["session"]["user"]["activeMfaType"] is None
    refused(await server.post("/user/mfa", {"code": wrong(secret)}, token), 401, "invalid-totp")
    assert (await server.post("/user/mfa", {"code": code, "activeMfaType": ""}, token)).json() == "OK"
    row = await sql.fetchrow("select active_mfa_type, totp_secret from auth.users where id = $1", user_id)
    assert row["active_mfa_type"] is None
    assert row["totp_secret"] is not None
    refused(await server.post("/user/mfa", {"code": code}, token), 401, "disabled-mfa-totp")
    assert "session" in (await server.sign_in(session["user"]["email"])).json()
    events = await sql.fetch("select event from auth_engine.audit where user_id = $1 order by id", user_id)
    assert [row["event"] for row in events if row["event"].startswith("mfa")] == ["mfa-enabled", "mfa-disabled"]


async def test_switching_on_refuses(server: AuthServer) -> None:
    session = await server.sign_up()
    token = session["accessToken"]
    refused(await server.post("/user/mfa", {"code": "1", "activeMfaType": "totp"}, token), 400, "no-totp-secret")
    refused(await server.post("/user/mfa", {"code": "1", "activeMfaType": "sms"}, token), 400, "invalid-request")
    refused(await server.post("/user/mfa", {"activeMfaType": "totp"}, token), 400, "invalid-request")
    refused(await server.post("/user/mfa", {"code": "1"}, token), 401, "disabled-mfa-totp")
    session, secret = await enrolled(server)
    body = {"code": pyotp.TOTP(secret).now(), "activeMfaType": "totp"}
    refused(await server.post("/user/mfa", body, session["accessToken"]), 400, "totp-already-active")


async def test_the_owner_is_told(server: AuthServer) -> None:
    session, _ = await enrolled(server)
    address = session["user"]["email"]
    for _ in range(100):
        if server.mailbox.to(address):
            break
        await asyncio.sleep(0.02)
    assert server.mailbox.last(address)["X-Email-Template"] == "notice"


async def test_guessing_at_the_switch_ends_after_five(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, secret = await enrolled(server)
    token = session["accessToken"]
    await amid_a_period()
    for _ in range(5):
        refused(await server.post("/user/mfa", {"code": wrong(secret)}, token), 401, "invalid-totp")
    answer = await server.post("/user/mfa", {"code": pyotp.TOTP(secret).now()}, token)
    refused(answer, 429, "too-many-requests")
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    assert await sql.fetchval("select active_mfa_type from auth.users where id = $1", uuid.UUID(session["user"]["id"]))


# ---------------------------------------------------------------- signing in


async def test_a_wrong_code_leaves_the_ticket_and_five_end_it(server: AuthServer) -> None:
    session, secret = await enrolled(server)
    ticket = await ticket_for(server, session)
    for _ in range(4):
        refused(await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": wrong(secret)}), 401, "invalid-totp")
    code = pyotp.TOTP(secret).now()
    assert (await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": code})).status_code == 200
    refused(await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": code}), 401, "invalid-ticket")

    session, secret = await enrolled(server)
    ticket = await ticket_for(server, session)
    tries = [server.post("/signin/mfa/totp", {"ticket": ticket, "otp": wrong(secret)}) for _ in range(12)]
    answers = [answer.json()["error"] for answer in await asyncio.gather(*tries)]
    assert sorted(answers) == ["invalid-ticket"] * 7 + ["invalid-totp"] * 5
    late = await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": pyotp.TOTP(secret).now()})
    refused(late, 401, "invalid-ticket")


async def test_a_code_signs_in_once(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, secret = await enrolled(server)
    code = pyotp.TOTP(secret).now()
    assert (
        await server.post("/signin/mfa/totp", {"ticket": await ticket_for(server, session), "otp": code})
    ).status_code == 200
    ticket = await ticket_for(server, session)
    count = "select count(*) from auth.refresh_tokens where user_id = $1"
    before = await sql.fetchval(count, uuid.UUID(session["user"]["id"]))
    refused(await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": code}), 401, "invalid-totp")
    assert await sql.fetchval(count, uuid.UUID(session["user"]["id"])) == before
    # The refusal left the ticket: the next period's code opens it.
    later = upcoming(secret)
    assert (await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": later})).status_code == 200


async def test_tickets_that_are_none(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, secret = await enrolled(server)
    code = pyotp.TOTP(secret).now()
    ticket = await ticket_for(server, session)
    user_id = uuid.UUID(session["user"]["id"])
    stored = await sql.fetchval("select ticket from auth.users where id = $1", user_id)
    assert ticket.partition(":")[2] not in stored, "only a digest is kept"
    for wrong_one in (f"mfaTotp:{uuid.uuid4()}", "mfaTotp:", stored):
        refused(await server.post("/signin/mfa/totp", {"ticket": wrong_one, "otp": code}), 401, "invalid-ticket")
    for malformed in ("passwordReset:x", "x", ""):
        refused(await server.post("/signin/mfa/totp", {"ticket": malformed, "otp": code}), 400, "invalid-request")
    await sql.execute("update auth.users set ticket_expires_at = now() where id = $1", user_id)
    refused(await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": code}), 401, "invalid-ticket")
    ticket = await ticket_for(server, session)
    await sql.execute("update auth.users set active_mfa_type = null where id = $1", user_id)
    refused(await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": code}), 401, "disabled-mfa-totp")
    await sql.execute("update auth.users set active_mfa_type = 'totp', totp_secret = null where id = $1", user_id)
    refused(await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": code}), 400, "no-totp-secret")
    refused(await server.post("/user/mfa", {"code": code}, session["accessToken"]), 400, "no-totp-secret")


async def test_concealed_errors_are_alike(serve: Serve) -> None:
    server = await serve(AUTH_MFA_ENABLED="true", AUTH_CONCEAL_ERRORS="true")
    session, secret = await enrolled(server)
    ticket = await ticket_for(server, session)
    answers = [
        await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": wrong(secret)}),
        await server.post("/signin/mfa/totp", {"ticket": "mfaTotp:nobody", "otp": "000000"}),
    ]
    for answer in answers:
        refused(answer, 400, "invalid-request")
    assert answers[0].text == answers[1].text


async def test_fifty_at_once_and_one_enters(serve: Serve, sql: asyncpg.Connection) -> None:
    """Two engines over one database, one ticket, one right code."""
    one, two = (
        await serve(AUTH_MFA_ENABLED="true", AUTH_RATE_LIMIT_ENABLE="false"),
        await serve(AUTH_MFA_ENABLED="true", AUTH_RATE_LIMIT_ENABLE="false"),
    )
    session, secret = await enrolled(one)
    body = {"ticket": await ticket_for(one, session), "otp": pyotp.TOTP(secret).now()}
    answers = await asyncio.gather(*((one, two)[number % 2].post("/signin/mfa/totp", body) for number in range(50)))
    assert sorted({answer.status_code for answer in answers}) == [200, 401]
    assert sum(answer.status_code == 200 for answer in answers) == 1
    assert (
        await sql.fetchval(
            "select count(*) from auth.refresh_tokens where user_id = $1", uuid.UUID(session["user"]["id"])
        )
        == 2
    )


# ---------------------------------------------------------------- at rest


async def test_the_secret_of_hasura_auth_works_and_is_sealed_on_use(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    session = await server.sign_up()
    user_id, secret, ticket = uuid.UUID(session["user"]["id"]), pyotp.random_base32(52), f"mfaTotp:{uuid.uuid4()}"
    await sql.execute(
        "update auth.users set active_mfa_type = 'totp', totp_secret = $2, ticket = $3, "
        "ticket_expires_at = now() + interval '1 minute' where id = $1",
        user_id,
        secret,
        ticket,
    )
    refused(await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": wrong(secret)}), 401, "invalid-totp")
    assert await sql.fetchval("select totp_secret from auth.users where id = $1", user_id) == secret
    answer = await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": pyotp.TOTP(secret).now()})
    assert answer.status_code == 200, answer.text
    stored = await sql.fetchval("select totp_secret from auth.users where id = $1", user_id)
    assert stored.startswith("enc:v1:")
    later = {"ticket": await ticket_for(server, session), "otp": upcoming(secret)}
    assert (await server.post("/signin/mfa/totp", later)).status_code == 200


async def test_compatible_writes_keep_what_hasura_auth_reads(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(AUTH_MFA_ENABLED="true", AUTH_PEER_COMPATIBLE_WRITES="true")
    session, secret = await enrolled(server)
    user_id = uuid.UUID(session["user"]["id"])
    ticket = await ticket_for(server, session)
    row = await sql.fetchrow("select totp_secret, ticket from auth.users where id = $1", user_id)
    assert (row["totp_secret"], row["ticket"]) == (secret, ticket)
    body = {"ticket": ticket, "otp": pyotp.TOTP(secret).now()}
    assert (await server.post("/signin/mfa/totp", body)).status_code == 200
    assert await sql.fetchval("select totp_secret from auth.users where id = $1", user_id) == secret


async def test_a_changed_key_reads_and_seals_anew_and_a_lost_one_fails(
    server: AuthServer, serve: Serve, sql: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    session, secret = await enrolled(server)
    user_id = uuid.UUID(session["user"]["id"])
    old, new = "an encryption key of the tests which is long enough", "another encryption key that is long enough"
    read = "select totp_secret from auth.users where id = $1"
    first = await sql.fetchval(read, user_id)
    lost = await serve(AUTH_MFA_ENABLED="true", AUTH_ENCRYPTION_KEYS=new)
    with caplog.at_level(logging.WARNING):
        body = {"ticket": await ticket_for(lost, session), "otp": pyotp.TOTP(secret).now()}
        refused(await lost.post("/signin/mfa/totp", body), 401, "invalid-totp")
    assert "AUTH_ENCRYPTION_KEYS" in caplog.text
    assert await sql.fetchval(read, user_id) == first
    rotated = await serve(AUTH_MFA_ENABLED="true", AUTH_ENCRYPTION_KEYS=f"{new},{old}")
    body = {"ticket": await ticket_for(rotated, session), "otp": pyotp.TOTP(secret).now()}
    assert (await rotated.post("/signin/mfa/totp", body)).status_code == 200
    assert (await sql.fetchval(read, user_id)) != first
    body = {"ticket": await ticket_for(lost, session), "otp": upcoming(secret)}
    assert (await lost.post("/signin/mfa/totp", body)).status_code == 200


async def test_nothing_of_it_is_in_the_audit_log(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, secret = await enrolled(server)
    code, ticket = pyotp.TOTP(secret).now(), await ticket_for(server, session)
    await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": code})
    rows = await sql.fetch(
        "select event, detail from auth_engine.audit where user_id = $1", uuid.UUID(session["user"]["id"])
    )
    text = json.dumps([[row["event"], row["detail"]] for row in rows])
    assert not any(each in text for each in (secret, code, ticket, ticket.partition(":")[2]))


async def test_a_new_secret_forgets_what_the_old_one_used_up(server: AuthServer) -> None:
    """Enrolling anew within the period of the last sign-in does not lock anybody out."""
    session, secret = await enrolled(server)
    token, totp = session["accessToken"], pyotp.TOTP(secret)
    body = {"ticket": await ticket_for(server, session), "otp": totp.now()}
    assert (await server.post("/signin/mfa/totp", body)).status_code == 200
    assert (await server.post("/user/mfa", {"code": totp.now()}, token)).json() == "OK"
    secret = (await server.get("/mfa/totp/generate", token)).json()["totpSecret"]
    body = {"code": pyotp.TOTP(secret).now(), "activeMfaType": "totp"}
    assert (await server.post("/user/mfa", body, token)).json() == "OK"
    body = {"ticket": await ticket_for(server, session), "otp": pyotp.TOTP(secret).now()}
    assert (await server.post("/signin/mfa/totp", body)).status_code == 200


def test_proofs_do_not_show_codes() -> None:
    from auth_engine.flows.second_factor import Proof

    assert "digest" not in repr(replace(Proof(), recovery=("digest",)))


async def test_an_address_is_not_needed(server: AuthServer, sql: asyncpg.Connection) -> None:
    """Somebody who signs in by SMS has none."""
    session, secret = await enrolled(server, new_address())
    ticket = await ticket_for(server, session)
    user_id = uuid.UUID(session["user"]["id"])
    kept = await sql.fetchrow("select ticket, ticket_expires_at from auth.users where id = $1", user_id)
    await sql.execute("update auth.users set email = null where id = $1", user_id)
    # The ticket ended with the address: here it stands for one that came after a code by SMS.
    await sql.execute("update auth.users set ticket = $2, ticket_expires_at = $3 where id = $1", user_id, *kept)
    body = {"ticket": ticket, "otp": pyotp.TOTP(secret).now()}
    assert (await server.post("/signin/mfa/totp", body)).status_code == 200
