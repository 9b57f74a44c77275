"""Whoever changes an account takes the user's row first and everything else of theirs after it, so that no two requests
wait for each other; and what was decided before a wait is looked at again after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from auth_kit import PASSWORD, AuthServer, Serve, new_address, refused, ticket_of
from authenticator_kit import Authenticator, enrolled, ticket_for, upcoming

ON = {
    "AUTH_MFA_ENABLED": "true",
    "AUTH_WEBAUTHN_ENABLED": "true",
    "AUTH_SMS_PASSWORDLESS_ENABLED": "true",
    "AUTH_SMS_PROVIDER": "dev",
    "AUTH_OTP_EMAIL_ENABLED": "true",
}
OWNED = (
    "select from auth.refresh_tokens where user_id = $1 for update nowait",
    "select from auth.user_security_keys where user_id = $1 for update nowait",
    "select from auth.user_providers where user_id = $1 for update nowait",
    "select from auth_engine.codes where user_id = $1 for update nowait",
    "select from auth_engine.tries where user_id = $1 for update nowait",
    "select from auth_engine.totp_uses where user_id = $1 for update nowait",
    "select from auth_engine.recovery_codes where user_id = $1 for update nowait",
)
"""What a request may not hold while it waits for the user's row."""
LATER = {"expiresAt": "2099-01-01T00:00:00Z"}

_WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

Begin = Callable[[], Awaitable[httpx.Response]]


async def _under_way(sql: asyncpg.Connection, begin: Begin) -> asyncio.Future[httpx.Response]:
    """The request, begun: it waits for a lock by now, or has its answer."""
    asked = asyncio.ensure_future(begin())
    for _ in range(2_000):
        if asked.done() or await sql.fetchval(_WAITING):
            return asked
        await asyncio.sleep(0.005)
    raise AssertionError("it neither waits nor comes to its end")


async def _refresh(server: AuthServer) -> tuple[str, Begin]:
    session = await server.sign_up()
    return session["user"]["id"], lambda: server.post("/token", {"refreshToken": session["refreshToken"]})


async def _pat(server: AuthServer) -> tuple[str, Begin]:
    session = await server.sign_up()
    token = (await server.post("/pat", LATER, session["accessToken"])).json()["personalAccessToken"]
    await server.post("/signin/pat", {"personalAccessToken": token})
    return session["user"]["id"], lambda: server.post("/signin/pat", {"personalAccessToken": token})


async def _new_pat(server: AuthServer) -> tuple[str, Begin]:
    session = await server.sign_up()
    return session["user"]["id"], lambda: server.post("/pat", LATER, session["accessToken"])


async def _key(server: AuthServer) -> tuple[dict[str, Any], Authenticator]:
    session, device = await server.sign_up(), Authenticator()
    options = (await server.post("/user/webauthn/add", None, session["accessToken"])).json()
    body = {"credential": device.create(options)}
    assert (await server.post("/user/webauthn/verify", body, session["accessToken"])).status_code == 200
    return session, device


async def _passkey(server: AuthServer) -> tuple[str, Begin]:
    session, device = await _key(server)
    options = (await server.post("/signin/webauthn")).json()
    return session["user"]["id"], lambda: server.post("/signin/webauthn/verify", {"credential": device.get(options)})


async def _elevate_by_key(server: AuthServer) -> tuple[str, Begin]:
    session, device = await _key(server)
    options = (await server.post("/elevate/webauthn", None, session["accessToken"])).json()
    body = {"credential": device.get(options)}
    return session["user"]["id"], lambda: server.post("/elevate/webauthn/verify", body, session["accessToken"])


async def _elevate_by_totp(server: AuthServer) -> tuple[str, Begin]:
    session, secret = await enrolled(server)
    ticket = await ticket_for(server, session)
    assert (await server.post("/signin/mfa/totp", {"ticket": ticket, "otp": upcoming(secret, 0)})).status_code == 200
    body = {"code": upcoming(secret)}
    return session["user"]["id"], lambda: server.post("/elevate/totp", body, session["accessToken"])


async def _second_factor(server: AuthServer) -> tuple[str, Begin]:
    session, secret = await enrolled(server)
    body = {"ticket": await ticket_for(server, session), "otp": upcoming(secret)}
    return session["user"]["id"], lambda: server.post("/signin/mfa/totp", body)


async def _elevate_by_mail(server: AuthServer) -> tuple[str, Begin]:
    session = await server.sign_up()
    token, address = session["accessToken"], session["user"]["email"]
    assert (await server.post("/elevate/otp/email", None, token)).json() == "OK"
    body = {"otp": ticket_of(server.mailbox.last(address))}
    return session["user"]["id"], lambda: server.post("/elevate/otp/email/verify", body, token)


async def _new_password(server: AuthServer) -> tuple[str, Begin]:
    session = await server.sign_up()
    body = {"newPassword": "another passphrase"}
    return session["user"]["id"], lambda: server.post("/user/password", body, session["accessToken"])


async def _sign_out(server: AuthServer) -> tuple[str, Begin]:
    session = await server.sign_up()
    return session["user"]["id"], lambda: server.post("/signout", {"all": True}, session["accessToken"])


async def _sign_in(server: AuthServer) -> tuple[str, Begin]:
    address = new_address()
    session = await server.sign_up(address)
    return session["user"]["id"], lambda: server.sign_in(address, PASSWORD)


FLOWS = [
    _refresh, _pat, _new_pat, _passkey, _elevate_by_key, _elevate_by_totp, _second_factor, _elevate_by_mail,
    _new_password, _sign_out, _sign_in,
]  # fmt: skip


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__.strip("_"))
async def test_the_users_row_comes_first(
    serve: Serve, sql: asyncpg.Connection, flow: Callable[[AuthServer], Awaitable[tuple[str, Begin]]]
) -> None:
    server = await serve(**ON)
    user_id, begin = await flow(server)
    async with sql.transaction():
        await sql.execute("select from auth.users where id = $1 for no key update", user_id)
        asked = await _under_way(sql, begin)
        for statement in OWNED:
            await sql.execute(statement, user_id)
    answer = await asked
    assert answer.status_code == 200, answer.text


async def _add_key(server: AuthServer, session: dict[str, Any]) -> Begin:
    options = (await server.post("/user/webauthn/add", None, session["accessToken"])).json()
    body = {"credential": Authenticator().create(options)}
    return lambda: server.post("/user/webauthn/verify", body, session["accessToken"])


async def _make_pat(server: AuthServer, session: dict[str, Any]) -> Begin:
    return lambda: server.post("/pat", LATER, session["accessToken"])


async def _change_password(server: AuthServer, session: dict[str, Any]) -> Begin:
    return lambda: server.post("/user/password", {"newPassword": "the thief's passphrase"}, session["accessToken"])


async def _change_email(server: AuthServer, session: dict[str, Any]) -> Begin:
    return lambda: server.post("/user/email/change", {"newEmail": new_address()}, session["accessToken"])


async def _enrol(server: AuthServer, session: dict[str, Any]) -> Begin:
    secret = (await server.get("/mfa/totp/generate", session["accessToken"])).json()["totpSecret"]
    body = {"code": upcoming(secret, 0), "activeMfaType": "totp"}
    return lambda: server.post("/user/mfa", body, session["accessToken"])


async def _elevated_by_mail(server: AuthServer, session: dict[str, Any]) -> Begin:
    token = session["accessToken"]
    assert (await server.post("/elevate/otp/email", None, token)).json() == "OK"
    body = {"otp": ticket_of(server.mailbox.last(session["user"]["email"]))}
    return lambda: server.post("/elevate/otp/email/verify", body, token)


LASTING = [_add_key, _make_pat, _change_password, _change_email, _enrol, _elevated_by_mail]


@pytest.mark.parametrize("end", ["session", "disabling"])
@pytest.mark.parametrize("flow", LASTING, ids=lambda flow: flow.__name__.strip("_"))
async def test_a_session_that_ends_meanwhile_makes_no_lasting_way_in(
    serve: Serve,
    sql: asyncpg.Connection,
    flow: Callable[[AuthServer, dict[str, Any]], Awaitable[Begin]],
    end: str,
) -> None:
    """A thief's request is under way when the owner's reset, or an administrator, ends the session."""
    server = await serve(**ON)
    session = await server.sign_up()
    user_id = session["user"]["id"]
    begin = await flow(server, session)
    async with asyncio.timeout(20):
        async with sql.transaction():
            await sql.execute("select from auth.users where id = $1 for no key update", user_id)
            asked = await _under_way(sql, begin)
            assert not asked.done()
            if end == "session":
                await sql.execute("delete from auth.refresh_tokens where user_id = $1", user_id)
            else:
                await sql.execute("update auth.users set disabled = true where id = $1", user_id)
            before = await sql.fetchrow("select * from auth.users where id = $1", user_id)
        refused(await asked, 400, "invalid-request")
    assert await sql.fetchrow("select * from auth.users where id = $1", user_id) == before
    tokens = await sql.fetchval("select count(*) from auth.refresh_tokens where user_id = $1", user_id)
    keys = await sql.fetchval("select count(*) from auth.user_security_keys where user_id = $1", user_id)
    assert (tokens, keys) == (0 if end == "session" else 1, 0)


async def _reset(server: AuthServer) -> tuple[str, Begin]:
    session = await server.sign_up()
    body = {"email": session["user"]["email"]}
    return session["user"]["id"], lambda: server.post("/user/password/reset", body)


async def _mailed_code(server: AuthServer) -> tuple[str, Begin]:
    session = await server.sign_up()
    body = {"email": session["user"]["email"]}
    return session["user"]["id"], lambda: server.post("/signin/otp/email", body)


async def _phone_number(server: AuthServer) -> tuple[str, Begin]:
    session = await server.sign_up()
    body = {"phoneNumber": "+15550001234"}
    return session["user"]["id"], lambda: server.post("/user/phone-number/change", body, session["accessToken"])


@pytest.mark.parametrize(
    "flow", [*FLOWS, _reset, _mailed_code, _phone_number], ids=lambda flow: flow.__name__.strip("_")
)
async def test_a_user_who_is_deleted_meanwhile_is_gone(
    serve: Serve, sql: asyncpg.Connection, flow: Callable[[AuthServer], Awaitable[tuple[str, Begin]]]
) -> None:
    """The deletion succeeds, and the request is answered as if the user had been gone before."""
    server = await serve(**ON)
    user_id, begin = await flow(server)
    async with sql.transaction():
        await sql.execute("delete from auth.users where id = $1", user_id)
        asked = await _under_way(sql, begin)
    answer = await asked
    assert answer.status_code < 500, answer.text
    assert "session" not in answer.json()
    assert "accessToken" not in answer.json()
    for table in ("auth.refresh_tokens", "auth_engine.codes", "auth_engine.tries", "auth_engine.totp_uses"):
        assert not await sql.fetchval(f"select count(*) from {table} where user_id = $1", user_id)
