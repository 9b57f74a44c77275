"""Who somebody that comes from a provider is here; linking, unlinking, and a provider's own tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pyotp
import pytest
import pytest_asyncio
from auth_kit import PASSWORD, AuthServer, Mailbox, Serve, link_of, new_address, opened, query_of, refused
from provider_stub import APP, Browser, ProviderStub, session_of, told


def _settings(stub: ProviderStub) -> dict[str, str]:
    return {
        f"AUTH_PROVIDER_{name}_{key}": value
        for name in ("DISCORD", "GOOGLE")
        for key, value in {
            "ENABLED": "true",
            "CLIENT_ID": "client",
            "CLIENT_SECRET": "a secret",
            "AUTHORIZATION_URL": f"{stub.url}/authorize",
            "TOKEN_URL": f"{stub.url}/token",
            "USER_PROFILE_URL": f"{stub.url}/profile",
        }.items()
    }


@pytest.fixture(scope="module")
def stub() -> Iterator[ProviderStub]:
    with ProviderStub.open() as stub:
        yield stub


@pytest_asyncio.fixture(scope="module")
async def server(auth_database: str, smtp: Mailbox, stub: ProviderStub) -> AsyncIterator[AuthServer]:
    async with opened(auth_database, smtp, {**_settings(stub), "AUTH_MFA_ENABLED": "true"}) as server:
        yield server


def _comes(stub: ProviderStub, email: str | None = None, *, verified: bool = True, **more: Any) -> str:
    """Let somebody come from the provider; the id there."""
    account: str = more.pop("account", new_address())
    stub.clear()
    stub.answers["/token"] = (200, {"access_token": "their token", "refresh_token": "their other", "expires_in": 3600})
    profile = {"id": account, "name": "Body", "username": "body", "email": email}
    stub.answers["/profile"] = (200, {**profile, "verified": verified, "verified_email": verified, **more})
    return account


async def _round(server: AuthServer, provider: str = "discord", **query: str) -> Any:
    browser = Browser(server)
    gone = await browser.begin(provider, **query)
    return await browser.come_back(provider, state=gone.params["state"], code="a code")


async def _linked(server: AuthServer, stub: ProviderStub, email: str | None = None) -> dict[str, Any]:
    """The session of somebody who came from Discord."""
    _comes(stub, email)
    return await session_of(server, await _round(server))


# ---------------------------------------------------------------- the owner and the squatter


async def test_a_verified_owner_ends_what_a_squatter_put_in(
    server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    address = new_address()
    squatter = await server.sign_up(address)
    user_id = squatter["user"]["id"]
    await _squat(sql, user_id)
    account = _comes(stub, address)
    session = await session_of(server, await _round(server))
    assert session["user"]["id"] == user_id
    assert session["user"]["emailVerified"] is True

    user = await sql.fetchrow("select * from auth.users where id = $1", user_id)
    gone = ("password_hash", "totp_secret", "active_mfa_type", "ticket", "otp_hash", "new_email", "phone_number")
    assert {name: user[name] for name in gone} == dict.fromkeys(gone)
    assert user["phone_number_verified"] is False
    for table in ("auth.user_security_keys", "auth_engine.recovery_codes", "auth_engine.codes"):
        assert await sql.fetchval(f"select count(*) from {table} where user_id = $1", user_id) == 0
    linked = await sql.fetch(
        "select provider_id, provider_user_id from auth.user_providers where user_id = $1", user_id
    )
    assert [tuple(row) for row in linked] == [("discord", account)]
    assert await sql.fetchval("select count(*) from auth.refresh_tokens where user_id = $1", user_id) == 1
    refused(await server.sign_in(address), 401, "invalid-email-password")
    refused(await server.post("/token", {"refreshToken": squatter["refreshToken"]}), 401, "invalid-refresh-token")
    events = await sql.fetch("select event from auth_engine.audit where user_id = $1 order by id", user_id)
    assert [row[0] for row in events][-3:] == ["email-verified", "provider-linked", "sign-in"]


async def _squat(sql: asyncpg.Connection, user_id: str) -> None:
    """Everything that opens an account."""
    await sql.execute(
        """update auth.users set totp_secret = 'x', active_mfa_type = 'totp', ticket = 'passwordReset:x',
           ticket_expires_at = now() + '1 hour', otp_hash = 'x', new_email = 'squatter@example.test',
           phone_number = '+4915112345678', phone_number_verified = true where id = $1""",
        user_id,
    )
    for statement in (
        "insert into auth.user_security_keys (user_id, credential_id) values ($1, gen_random_uuid()::text)",
        "insert into auth_engine.recovery_codes (user_id, code_hash) values ($1, 'x')",
        "insert into auth_engine.codes (user_id, kind, code_hash, expires_at) values ($1, 'x', 'x', now() + '1 hour')",
        """insert into auth.user_providers (user_id, access_token, provider_id, provider_user_id)
           values ($1, 'unset', 'google', gen_random_uuid()::text)""",
        """insert into auth.refresh_tokens (user_id, type, expires_at, refresh_token_hash)
           values ($1, 'pat', now() + '1 day', gen_random_uuid()::text)""",
    ):
        await sql.execute(statement, user_id)


async def test_an_account_that_was_verified_keeps_everything(
    server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    address = new_address()
    before = await server.sign_up(address)
    await sql.execute("update auth.users set email_verified = true where id = $1", before["user"]["id"])
    _comes(stub, address)
    assert (await session_of(server, await _round(server)))["user"]["id"] == before["user"]["id"]
    assert (await server.sign_in(address)).status_code == 200
    assert (await server.post("/token", {"refreshToken": before["refreshToken"]})).status_code == 200


async def test_disabled_users_stay_out_and_unchanged(
    server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    address = new_address()
    user_id = (await server.sign_up(address))["user"]["id"]
    await sql.execute("update auth.users set disabled = true where id = $1", user_id)
    before = await sql.fetchrow("select * from auth.users where id = $1", user_id)
    _comes(stub, address)
    assert told(await _round(server))["error"] == "disabled-user"
    assert await sql.fetchrow("select * from auth.users where id = $1", user_id) == before
    known = await _linked(server, stub)
    await sql.execute("update auth.users set disabled = true where id = $1", known["user"]["id"])
    assert told(await _round(server))["error"] == "disabled-user"


# ---------------------------------------------------------------- somebody new


async def test_an_unverified_address_is_verified_by_mail(
    serve: Serve, stub: ProviderStub, mailbox: Mailbox, sql: asyncpg.Connection
) -> None:
    server = await serve(**_settings(stub), AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    address = new_address()
    _comes(stub, address, verified=False)
    assert told(await _round(server)) == {}
    row = await sql.fetchrow("select * from auth.users where email = $1", address)
    assert row["email_verified"] is False
    assert await sql.fetchval("select count(*) from auth.refresh_tokens where user_id = $1", row["id"]) == 0
    assert told(await _round(server))["error"] == "unverified-user"
    await server.engine.kit.post.settle(1.0)
    link = link_of(mailbox.last(address))
    assert query_of(link)["redirectTo"] == APP
    path = link.removeprefix("http://auth.test")
    assert "refreshToken" in query_of((await server.get(path)).headers["location"])
    assert (await session_of(server, await _round(server)))["user"]["id"] == str(row["id"])


async def test_sign_up_switches(serve: Serve, stub: ProviderStub, sql: asyncpg.Connection) -> None:
    users = await sql.fetchval("select count(*) from auth.users")
    _comes(stub, new_address())
    closed = await serve(**_settings(stub), AUTH_DISABLE_SIGNUP="true")
    assert told(await _round(closed))["error"] == "signup-disabled"
    listed = await serve(**_settings(stub), AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS="EXAMPLE.test")
    assert told(await _round(listed))["error"] == "invalid-email-password"
    assert await sql.fetchval("select count(*) from auth.users") == users
    waiting = await serve(**_settings(stub), AUTH_DISABLE_NEW_USERS="true")
    account = _comes(stub, new_address())
    assert told(await _round(waiting))["error"] == "disabled-user"
    stored = """select u.disabled from auth.user_providers p join auth.users u on u.id = p.user_id
        where p.provider_user_id = $1"""
    assert await sql.fetchval(stored, account) is True


@pytest.mark.parametrize("email", ["no address", "a@b@c", "x" * 300 + "@example.test", 7, {"x": 1}, "a@b.c\n"])
async def test_what_is_no_address_is_none(server: AuthServer, stub: ProviderStub, email: Any) -> None:
    _comes(stub, email)
    assert "email" not in (await session_of(server, await _round(server)))["user"]


async def test_names_and_pictures_are_taken_with_care(server: AuthServer, stub: ProviderStub) -> None:
    _comes(stub, None, id=4712, name="Ev\x00il\r\nName" + "x" * 500, picture='https://x.test/"><script>')
    user = (await session_of(server, await _round(server, "google")))["user"]
    assert user["displayName"] == ("EvilName" + "x" * 500)[:100]
    assert user["avatarUrl"] == ""
    _comes(stub, None, picture="https://pictures.test/1.png")
    assert (await session_of(server, await _round(server, "google")))["user"][
        "avatarUrl"
    ] == "https://pictures.test/1.png"


# ---------------------------------------------------------------- the second factor


async def _with_totp(server: AuthServer, stub: ProviderStub) -> str:
    session = await _linked(server, stub)
    token = session["accessToken"]
    secret: str = (await server.get("/mfa/totp/generate", token)).json()["totpSecret"]
    code = pyotp.TOTP(secret).now()
    assert (await server.post("/user/mfa", {"code": code, "activeMfaType": "totp"}, token)).json() == "OK"
    return secret


async def test_the_second_factor_is_asked_for(server: AuthServer, serve: Serve, stub: ProviderStub) -> None:
    secret = await _with_totp(server, stub)
    found = told(await _round(server))
    assert set(found) == {"mfaTicket", "type"}
    assert found["type"] == "signinProvider"
    body = {"ticket": found["mfaTicket"], "otp": pyotp.TOTP(secret).now()}
    assert "session" in (await server.post("/signin/mfa/totp", body)).json()
    relaxed = await serve(**_settings(stub), AUTH_MFA_FOR_PROVIDERS="false")
    assert set(told(await _round(relaxed))) == {"refreshToken"}


# ---------------------------------------------------------------- linking


async def test_connect_links_and_signs_nobody_in(server: AuthServer, stub: ProviderStub) -> None:
    me = await server.sign_up()
    _comes(stub, "somebody.else@example.test", verified=False)
    assert told(await _round(server, connect=me["accessToken"])) == {}
    assert (await session_of(server, await _round(server)))["user"]["id"] == me["user"]["id"]
    other = await server.sign_up()
    assert told(await _round(server, connect=other["accessToken"]))["error"] == "invalid-request"
    assert (await session_of(server, await _round(server)))["user"]["id"] == me["user"]["id"]


async def test_who_may_not_connect(
    server: AuthServer, serve: Serve, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    _comes(stub)
    assert told(await Browser(server).begin("discord", connect="no.token.at-all"))["error"] == "invalid-request"
    me = await server.sign_up()
    strict = await serve(**_settings(stub), AUTH_REQUIRE_ELEVATED_CLAIM="required")
    arrived = await Browser(strict).begin("discord", connect=me["accessToken"])
    assert told(arrived)["error"] == "invalid-request"
    browser = Browser(server)
    gone = await browser.begin("discord", connect=me["accessToken"])
    await sql.execute("update auth.users set disabled = true where id = $1", me["user"]["id"])
    arrived = await browser.come_back("discord", state=gone.params["state"], code="x")
    assert told(arrived)["error"] == "disabled-user"
    assert await sql.fetchval("select count(*) from auth.user_providers where user_id = $1", me["user"]["id"]) == 0


async def test_a_squatter_adds_nothing_after_the_owner_came(
    server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    """Neither with a sign-in that was under way, nor with an access token that outlives its session."""
    address = new_address()
    squatter = await server.sign_up(address)
    browser = Browser(server)
    under_way = await browser.begin("google", connect=squatter["accessToken"])
    _comes(stub, address)
    await session_of(server, await _round(server))
    _comes(stub)
    arrived = await browser.come_back("google", state=under_way.params["state"], code="x")
    assert told(arrived)["error"] == "invalid-request"
    assert told(await _round(server, "google", connect=squatter["accessToken"]))["error"] == "invalid-request"
    linked = "select array_agg(provider_id) from auth.user_providers where user_id = $1"
    assert await sql.fetchval(linked, squatter["user"]["id"]) == ["discord"]


async def test_list_and_unlink(server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection) -> None:
    me = await server.sign_up()
    token = me["accessToken"]
    account = _comes(stub)
    await _round(server, connect=token)
    [listed] = (await server.get("/user/providers", token)).json()
    assert (listed["provider"], listed["providerUserId"], listed["hasToken"]) == ("discord", account, True)
    assert set(listed) == {"provider", "providerUserId", "createdAt", "hasToken"}
    refused(await server.post("/user/providers/unlink", {"provider": "google"}, token), 400, "invalid-request")
    refused(await server.post("/user/providers/unlink", {"provider": "discord"}), 400, "invalid-request")
    assert (await server.post("/user/providers/unlink", {"provider": "discord"}, token)).json() == "OK"
    assert (await server.get("/user/providers", token)).json() == []
    assert (
        await sql.fetchval(
            "select count(*) from auth_engine.provider_tokens t where not exists "
            "(select from auth.user_providers p where p.id = t.id)"
        )
        == 0
    )
    assert (await session_of(server, await _round(server)))["user"]["id"] != me["user"]["id"]


async def test_the_last_way_in_stays(
    server: AuthServer, serve: Serve, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    me = await _linked(server, stub, new_address())
    token, user_id, body = me["accessToken"], me["user"]["id"], {"provider": "discord"}
    refused(await server.post("/user/providers/unlink", body, token), 409, "last-sign-in-method")
    # A key, while passkeys are off, is no way in; neither is a provider that is off.
    await sql.execute("insert into auth.user_security_keys (user_id, credential_id) values ($1, 'k1')", user_id)
    await sql.execute(
        """insert into auth.user_providers (user_id, access_token, provider_id, provider_user_id)
           values ($1, 'unset', 'strava', 's1')""",
        user_id,
    )
    refused(await server.post("/user/providers/unlink", body, token), 409, "last-sign-in-method")
    assert len(await sql.fetch("select from auth.user_providers where user_id = $1", user_id)) == 2
    mailing = await serve(**_settings(stub), AUTH_OTP_EMAIL_ENABLED="true")
    assert (await mailing.post("/user/providers/unlink", body, token)).json() == "OK"


async def test_two_at_once_do_not_lock_the_user_out(server: AuthServer, stub: ProviderStub) -> None:
    me = await _linked(server, stub)
    _comes(stub)
    await _round(server, "google", connect=me["accessToken"])
    asked = ({"provider": name} for name in ("discord", "google"))
    answers = await asyncio.gather(*(server.post("/user/providers/unlink", body, me["accessToken"]) for body in asked))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


# ---------------------------------------------------------------- the provider's own tokens


async def test_tokens_are_kept_encrypted(server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection) -> None:
    me = await _linked(server, stub)
    answer = (await server.get("/user/providers/discord/token", me["accessToken"])).json()
    assert answer["accessToken"] == "their token"
    assert set(answer) == {"accessToken", "expiresAt"}
    rows = [dict(row) for row in await sql.fetch("select * from auth_engine.provider_tokens")]
    assert "their" not in json.dumps(rows, default=str)
    unset = await sql.fetchrow("select access_token, refresh_token from auth.user_providers limit 1")
    assert tuple(unset) == ("unset", None)
    other = await server.sign_up()
    refused(await server.get("/user/providers/discord/token", other["accessToken"]), 400, "invalid-request")
    assert len(stub.to("/token")) == 1


async def test_an_old_token_is_renewed_once(server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection) -> None:
    me = await _linked(server, stub)
    await sql.execute("update auth_engine.provider_tokens set expires_at = now()")
    stub.answers["/token"] = (200, {"access_token": "a newer one", "refresh_token": "another", "expires_in": 3600})
    stub.asked.clear()
    path = "/user/providers/discord/token"
    answers = await asyncio.gather(*(server.get(path, me["accessToken"]) for _ in range(10)))
    assert {answer.json()["accessToken"] for answer in answers} == {"a newer one"}
    [request] = stub.to("/token")
    assert request.form["grant_type"] == "refresh_token"
    assert request.form["refresh_token"] == "their other"
    await sql.execute("update auth_engine.provider_tokens set expires_at = now()")
    await server.get(path, me["accessToken"])
    assert stub.to("/token")[-1].form["refresh_token"] == "another"


async def test_a_token_that_cannot_be_renewed(server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection) -> None:
    me = await _linked(server, stub)
    path = "/user/providers/discord/token"
    stub.answers["/token"] = (400, {"error": "invalid_grant"})
    await sql.execute("update auth_engine.provider_tokens set expires_at = now() + '10 seconds'")
    assert (await server.get(path, me["accessToken"])).json()["accessToken"] == "their token"
    await sql.execute("update auth_engine.provider_tokens set expires_at = now()")
    refused(await server.get(path, me["accessToken"]), 400, "oauth-token-echange-failed")
    await sql.execute("update auth_engine.provider_tokens set access_token = 'enc:v1:00000000:x', expires_at = null")
    refused(await server.get(path, me["accessToken"]), 400, "oauth-token-echange-failed")


async def test_a_password_is_a_way_in(server: AuthServer, stub: ProviderStub) -> None:
    address = new_address()
    me = await server.sign_up(address, PASSWORD)
    _comes(stub)
    await _round(server, connect=me["accessToken"])
    assert (await server.post("/user/providers/unlink", {"provider": "discord"}, me["accessToken"])).json() == "OK"
