"""Recovery codes: for who lost the second factor."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import jwt
import pyotp
import pytest_asyncio
from auth_kit import JWT_KEY, AuthServer, Serve, refused
from authenticator_kit import enrolled, ticket_for

from auth_engine.factors.recovery import new_recovery_codes, plain_form


@pytest_asyncio.fixture
async def server(serve: Serve) -> AsyncIterator[AuthServer]:
    yield await serve(AUTH_MFA_ENABLED="true")


async def with_codes(server: AuthServer) -> tuple[dict[str, Any], list[str]]:
    session, _ = await enrolled(server)
    answer = await server.post("/user/mfa/recovery-codes", None, session["accessToken"])
    assert set(answer.json()) == {"recoveryCodes"}
    return session, answer.json()["recoveryCodes"]


async def left(sql: asyncpg.Connection, session: dict[str, Any]) -> int:
    count: int = await sql.fetchval(
        "select count(*) from auth_engine.recovery_codes where user_id = $1", uuid.UUID(session["user"]["id"])
    )
    return count


def test_codes_differ_and_are_read_however_they_are_typed() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert plain_form(f" {codes[0].upper().replace('-', ' ')} ") == codes[0].replace("-", "")
    for other in ("", "123456", "abcde-fghi!", "abcde-abcde-a", "ÄÖÜÄÖ-ÄÖÜÄÖ"):
        assert plain_form(other) is None


async def test_a_code_opens_a_session_once(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, codes = await with_codes(server)
    assert len(set(codes)) == 10
    stored = await sql.fetch(
        "select code_hash from auth_engine.recovery_codes where user_id = $1", uuid.UUID(session["user"]["id"])
    )
    assert not any(code.replace("-", "") in row["code_hash"] for code in codes for row in stored)
    body = {"ticket": await ticket_for(server, session), "otp": codes[3].upper()}
    assert "session" in (await server.post("/signin/mfa/totp", body)).json()
    assert await left(sql, session) == 9
    body = {"ticket": await ticket_for(server, session), "otp": codes[3]}
    refused(await server.post("/signin/mfa/totp", body), 401, "invalid-totp")
    body["otp"] = codes[4]
    assert (await server.post("/signin/mfa/totp", body)).status_code == 200


async def test_new_codes_take_the_place_of_old_ones(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, codes = await with_codes(server)
    token = session["accessToken"]
    answers = await asyncio.gather(*(server.post("/user/mfa/recovery-codes", None, token) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert await left(sql, session) == 10
    body = {"ticket": await ticket_for(server, session), "otp": codes[0]}
    refused(await server.post("/signin/mfa/totp", body), 401, "invalid-totp")


async def test_codes_of_another_user_open_nothing(server: AuthServer, sql: asyncpg.Connection) -> None:
    victim, _ = await with_codes(server)
    thief, stolen = await with_codes(server)
    body = {"ticket": await ticket_for(server, victim), "otp": stolen[0]}
    refused(await server.post("/signin/mfa/totp", body), 401, "invalid-totp")
    assert await left(sql, thief) == 10


async def test_a_code_switches_off_and_all_end_with_the_factor(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, codes = await with_codes(server)
    body = {"ticket": await ticket_for(server, session), "otp": codes[0]}
    token = (await server.post("/signin/mfa/totp", body)).json()["session"]["accessToken"]
    refused(await server.post("/elevate/totp", {"code": codes[1]}, token), 401, "invalid-totp")
    assert (await server.post("/user/mfa", {"code": codes[1]}, token)).json() == "OK"
    assert await left(sql, session) == 0


async def test_who_stole_a_session_gains_nothing_by_new_codes(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, codes = await with_codes(server)
    refused(await server.post("/user/mfa", {"code": codes[0]}, session["accessToken"]), 401, "invalid-totp")
    renewed = (await server.post("/token", {"refreshToken": session["refreshToken"]})).json()
    refused(await server.post("/user/mfa", {"code": codes[0]}, renewed["accessToken"]), 401, "invalid-totp")
    claims = jwt.decode(session["accessToken"], JWT_KEY, algorithms=["HS256"])
    for sid in (None, "no uuid"):
        token = jwt.encode({**claims, "sid": sid}, JWT_KEY)
        refused(await server.post("/user/mfa", {"code": codes[0]}, token), 401, "invalid-totp")
        await sql.execute("delete from auth_engine.tries")
    token = jwt.encode({**claims, "sid": str(uuid.uuid4())}, JWT_KEY)
    refused(await server.post("/user/mfa", {"code": codes[0]}, token), 400, "invalid-request")
    assert await left(sql, session) == 10


async def test_codes_need_the_factor(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    answer = await server.post("/user/mfa/recovery-codes", None, session["accessToken"])
    refused(answer, 401, "disabled-mfa-totp")
    refused(await server.post("/user/mfa/recovery-codes"), 400, "invalid-request")
    assert await left(sql, session) == 0
    secret = (await server.get("/mfa/totp/generate", session["accessToken"])).json()["totpSecret"]
    code = new_recovery_codes()[0]
    body = {"code": code, "activeMfaType": "totp"}
    refused(await server.post("/user/mfa", body, session["accessToken"]), 401, "invalid-totp")
    body["code"] = pyotp.TOTP(secret).now()
    assert (await server.post("/user/mfa", body, session["accessToken"])).json() == "OK"


async def test_fifty_at_once_and_one_enters(serve: Serve, sql: asyncpg.Connection) -> None:
    """One code, and a ticket that they all hold."""
    settings = {"AUTH_MFA_ENABLED": "true", "AUTH_RATE_LIMIT_ENABLE": "false", "AUTH_RATE_LIMIT_CODE_TRIES": "60"}
    servers = (await serve(**settings), await serve(**settings))
    session, codes = await with_codes(servers[0])
    body = {"ticket": await ticket_for(servers[0], session), "otp": codes[0]}
    answers = await asyncio.gather(*(servers[number % 2].post("/signin/mfa/totp", body) for number in range(50)))
    assert sum(answer.status_code == 200 for answer in answers) == 1
    assert await left(sql, session) == 9
    # Each with a code of their own, one ticket: still one.
    ticket = await ticket_for(servers[0], session)
    answers = await asyncio.gather(
        *(
            servers[number % 2].post("/signin/mfa/totp", {"ticket": ticket, "otp": codes[number + 1]})
            for number in range(9)
        )
    )
    assert sum(answer.status_code == 200 for answer in answers) == 1
    assert await left(sql, session) == 8


async def test_the_log_says_how_it_was_switched_off_and_no_code(server: AuthServer, sql: asyncpg.Connection) -> None:
    session, codes = await with_codes(server)
    body = {"ticket": await ticket_for(server, session), "otp": codes[0]}
    token = (await server.post("/signin/mfa/totp", body)).json()["session"]["accessToken"]
    await server.post("/user/mfa", {"code": codes[1]}, token)
    rows = await sql.fetch(
        "select event, detail from auth_engine.audit where user_id = $1 order by id", uuid.UUID(session["user"]["id"])
    )
    assert [row["event"] for row in rows][-2:] == ["sign-in", "mfa-disabled"]
    assert rows[-1]["detail"] == '{"by": "recovery-code"}'
    assert not any(code in str(row["detail"]) for row in rows for code in codes)
