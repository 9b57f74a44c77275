"""Owners take their data with them, and leave."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import asyncpg
from auth_kit import PASSWORD, AuthServer, Serve, new_address, refused
from authenticator_kit import enrolled, ticket_for

PARTS = {"user", "details", "sessions", "personalAccessTokens", "providers", "securityKeys", "events"}


async def _furnish(server: AuthServer, sql: asyncpg.Connection, session: dict[str, object], user_id: str) -> list[str]:
    """Give the user something of everything. What must never leave the database."""
    expires = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    token = str(session["accessToken"])
    pat = (await server.post("/pat", {"expiresAt": expires, "metadata": {"name": "cli"}}, token)).json()
    await sql.execute(
        "insert into auth.user_providers (user_id, access_token, refresh_token, provider_id, provider_user_id)"
        " values ($1::uuid, 'secret-a', 'secret-b', 'github', 'at-github-' || $1::text)",
        user_id,
    )
    await sql.execute(
        "insert into auth.user_security_keys (user_id, credential_id, credential_public_key, nickname)"
        " values ($1::uuid, 'secret-credential' || $1::text, 'secret-key', 'my key')",
        user_id,
    )
    await sql.execute(
        "update auth.users set totp_secret = 'secret-totp', ticket = 'secret-ticket', otp_hash = 'secret-otp'"
        " where id = $1",
        user_id,
    )
    await sql.execute("insert into auth_engine.recovery_codes values ($1, 'secret-code')", user_id)
    hashes = await sql.fetch("select refresh_token_hash from auth.refresh_tokens where user_id = $1", user_id)
    password = await sql.fetchval("select password_hash from auth.users where id = $1", user_id)
    texts = [pat["personalAccessToken"], str(session["refreshToken"]), password, "secret-", PASSWORD]
    return [*texts, *(row[0] for row in hashes)]


async def test_the_export_has_everything_but_what_opens_the_account(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    address = new_address()
    session = await server.sign_up(address, metadata={"tier": 1})
    user_id = session["user"]["id"]
    secrets = await _furnish(server, sql, session, user_id)
    answer = await server.get("/user/export", session["accessToken"])
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert set(found) == PARTS
    assert (found["user"]["email"], found["user"]["metadata"]) == (address, {"tier": 1})
    assert found["details"]["hasPassword"] is True
    assert found["details"]["unusedRecoveryCodes"] == 1
    assert [row["method"] for row in found["sessions"]] == ["password"]
    assert [row["metadata"] for row in found["personalAccessTokens"]] == [{"name": "cli"}]
    assert [row["provider"] for row in found["providers"]] == ["github"]
    assert [row["nickname"] for row in found["securityKeys"]] == ["my key"]
    assert {"sign-up", "sign-in", "pat-made", "user-exported"} <= {row["event"] for row in found["events"]}
    assert [text for text in secrets if text in answer.text] == []
    stranger = json.dumps((await server.get("/user/export", (await server.sign_up())["accessToken"])).json())
    assert user_id not in stranger


async def test_only_a_number_is_told_as_the_new_number(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(AUTH_MFA_ENABLED="true")
    session, _ = await enrolled(server)
    user_id, token = session["user"]["id"], session["accessToken"]
    await ticket_for(server, session)
    assert await sql.fetchval("select subject from auth_engine.codes where user_id = $1 and kind = 'mfa'", user_id)
    details = (await server.get("/user/export", token)).json()["details"]
    assert details["newPhoneNumber"] is None
    await sql.execute(
        "insert into auth_engine.codes values ($1, 'phone-number', 'x', '+4915112345678', now() + interval '1 hour')",
        user_id,
    )
    details = (await server.get("/user/export", token)).json()["details"]
    assert details["newPhoneNumber"] == "+4915112345678"


async def test_an_account_is_gone_with_all_that_hung_on_it(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    session, neighbour = await server.sign_up(address), await server.sign_up()
    user_id, token = session["user"]["id"], session["accessToken"]
    await _furnish(server, sql, session, user_id)
    assert (await server.post("/user/delete", token=token)).json() == "OK"
    tables = await sql.fetch(
        "select c.table_schema || '.' || c.table_name from information_schema.columns c"
        " join information_schema.tables t using (table_schema, table_name)"
        " where c.table_schema in ('auth', 'auth_engine') and c.column_name = 'user_id' and t.table_type = 'BASE TABLE'"
    )
    left = [
        name for (name,) in tables if await sql.fetchval(f"select count(*) from {name} where user_id = $1", user_id)
    ]
    assert set(left) - {"auth_engine.deletions"} == {"auth_engine.audit"}
    last = await sql.fetchval(
        "select event from auth_engine.audit where user_id = $1 order by id desc limit 1", user_id
    )
    assert last == "user-deleted"
    refused(await server.get("/user", token), 401, "invalid-email-password")
    refused(await server.post("/user/delete", token=token), 401, "invalid-email-password")
    refused(await server.get("/user/export", token), 401, "invalid-email-password")
    refused(await server.post("/token", {"refreshToken": session["refreshToken"]}), 401, "invalid-refresh-token")
    refused(await server.sign_in(address), 401, "invalid-email-password")
    assert (await server.get("/user", neighbour["accessToken"])).status_code == 200
    assert (await server.sign_up(address))["user"]["id"] != user_id


async def test_a_table_of_the_application_may_hold_a_user(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    user_id, token = session["user"]["id"], session["accessToken"]
    await sql.execute("create table public.bills (user_id uuid references auth.users (id))")
    try:
        await sql.execute("insert into public.bills values ($1)", user_id)
        refused(await server.post("/user/delete", token=token), 409, "user-in-use")
        assert (await server.get("/user", token)).status_code == 200
        events = await sql.fetchval("select count(*) from auth_engine.audit where event = 'user-deleted'")
        await sql.execute("delete from public.bills")
        assert (await server.post("/user/delete", token=token)).json() == "OK"
        assert await sql.fetchval("select count(*) from auth_engine.audit where event = 'user-deleted'") == events + 1
    finally:
        await sql.execute("drop table public.bills")


async def test_a_token_is_needed(server: AuthServer) -> None:
    refused(await server.post("/user/delete"), 400, "invalid-request")
    refused(await server.get("/user/export"), 400, "invalid-request")


async def test_what_cannot_be_undone_wants_elevation(serve: Serve, sql: asyncpg.Connection) -> None:
    """Of whoever enrolled a factor (auth contract §10, "Routes of our own")."""
    server = await serve(AUTH_REQUIRE_ELEVATED_CLAIM="recommended", AUTH_WEBAUTHN_ENABLED="true")
    session = await server.sign_up()
    key = "insert into auth.user_security_keys (user_id, credential_id) values ($1, 'a key that elevates')"
    await sql.execute(key, session["user"]["id"])
    refused(await server.post("/user/delete", token=session["accessToken"]), 400, "invalid-request")
    expires = {"expiresAt": "2030-01-01T00:00:00Z"}
    refused(await server.post("/pat", expires, session["accessToken"]), 400, "invalid-request")
    count = "select count(*) from auth.refresh_tokens where user_id = $1"
    assert await sql.fetchval(count, session["user"]["id"]) == 1
