"""The visitor's sessions: listed and revoked."""

from __future__ import annotations

import uuid

import asyncpg
from auth_kit import PASSWORD, AuthServer, Serve, new_address, refused


async def test_sessions_say_where_they_come_from(server: AuthServer) -> None:
    address = new_address()
    first = await server.sign_up(address)
    body = {"email": address, "password": PASSWORD}
    answer = await server.post("/signin/email-password", body, **{"User-Agent": "a browser"})
    second = answer.json()["session"]
    await server.post("/token", {"refreshToken": first["refreshToken"]})
    rows = (await server.get("/user/sessions", second["accessToken"])).json()
    assert [row["id"] for row in rows] == [second["refreshTokenId"], first["refreshTokenId"]]
    assert [row["current"] for row in rows] == [True, False]
    assert set(rows[0]) == {
        "id",
        "createdAt",
        "lastUsedAt",
        "expiresAt",
        "userAgent",
        "address",
        "method",
        "current",
    }
    assert (rows[0]["userAgent"], rows[0]["method"], rows[0]["address"]) == ("a browser", "password", "127.0.0.1")
    assert rows[1]["lastUsedAt"] > rows[1]["createdAt"]


async def test_what_others_wrote_is_listed_and_what_is_dead_is_not(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(AUTH_SESSION_MAX_AGE="3600")
    session = await server.sign_up()
    user_id = session["user"]["id"]
    foreign = await sql.fetchval(
        "insert into auth.refresh_tokens (user_id, expires_at)"
        " values ($1, now() + interval '1 day') returning id::text",
        user_id,
    )
    await sql.execute("insert into auth.refresh_tokens (user_id, expires_at) values ($1, now())", user_id)
    await sql.execute(
        "insert into auth.refresh_tokens (user_id, created_at, expires_at)"
        " values ($1, now() - interval '2 hours', now() + interval '1 day')",
        user_id,
    )
    await sql.execute(
        "insert into auth.refresh_tokens (user_id, expires_at, type) values ($1, now() + interval '1 day', 'pat')",
        user_id,
    )
    rows = (await server.get("/user/sessions", session["accessToken"])).json()
    assert [row["id"] for row in rows] == [foreign, session["refreshTokenId"]]
    assert (rows[0]["method"], rows[0]["userAgent"], rows[0]["lastUsedAt"]) == ("unknown", "", rows[0]["createdAt"])


async def test_a_session_is_revoked_by_its_owner_alone(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    mine = await server.sign_up(address)
    lost = (await server.sign_in(address)).json()["session"]
    stranger = await server.sign_up()
    body = {"id": lost["refreshTokenId"]}
    refused(await server.post("/user/sessions/revoke", body, stranger["accessToken"]), 400, "invalid-request")
    assert (await server.post("/user/sessions/revoke", body, mine["accessToken"])).json() == "OK"
    refused(await server.post("/token", {"refreshToken": lost["refreshToken"]}), 401, "invalid-refresh-token")
    assert (await server.post("/token", {"refreshToken": mine["refreshToken"]})).status_code == 200
    refused(await server.post("/user/sessions/revoke", body, mine["accessToken"]), 400, "invalid-request")
    events = await sql.fetch("select user_id::text from auth_engine.audit where event = 'session-revoked'")
    assert [row["user_id"] for row in events] == [mine["user"]["id"]]


async def test_what_does_not_fit_is_refused(server: AuthServer) -> None:
    token = (await server.sign_up())["accessToken"]
    for body in ({}, {"id": "x"}, {"id": f"{uuid.uuid4()}\n"}, {"id": None}, {"id": str(uuid.uuid4()), "userId": "x"}):
        refused(await server.post("/user/sessions/revoke", body, token), 400, "invalid-request")
    refused(await server.get("/user/sessions"), 400, "invalid-request")
    refused(await server.post("/user/sessions/revoke", {"id": str(uuid.uuid4())}), 400, "invalid-request")


async def test_the_valid_user_check(serve: Serve, server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    session = await server.sign_up(address)
    token, body = session["accessToken"], {"id": session["refreshTokenId"]}
    strict = await serve(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    closed = await serve(AUTH_ACCESS_CONTROL_BLOCKED_EMAILS=address)
    cases = [(strict, "unverified-user"), (closed, "invalid-email-password")]
    for each, code in cases:
        refused(await each.get("/user/sessions", token), 401, code)
        refused(await each.post("/user/sessions/revoke", body, token), 401, code)
        refused(await each.get("/user/export", token), 401, code)
        refused(await each.post("/user/delete", token=token), 401, code)
    await sql.execute("update auth.users set disabled = true where email = $1::text", address)
    for path in ("/user/sessions", "/user/export"):
        refused(await server.get(path, token), 401, "disabled-user")
    refused(await server.post("/user/sessions/revoke", body, token), 401, "disabled-user")
    refused(await server.post("/user/delete", token=token), 401, "disabled-user")
    assert await sql.fetchval("select exists (select from auth.users where email = $1::text)", address)
