"""What happened to accounts stands in auth_engine.audit: every event of accounts and administration, nothing secret."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from auth_kit import ADMIN_SECRET, PASSWORD, AuthServer, Serve, new_address, refused, ticket_of

SECRET = {"x-hasura-admin-secret": ADMIN_SECRET}
IMPORT = {**SECRET, "Content-Type": "application/x-ndjson"}


async def _events(sql: asyncpg.Connection, user_id: str) -> list[str]:
    rows = await sql.fetch("select event from auth_engine.audit where user_id = $1 order by id", user_id)
    return [row["event"] for row in rows]


async def _lead_a_life(server: AuthServer) -> tuple[str, list[str]]:
    """From anonymous visitor to deleted account. The user's id, and every secret that went over the wire."""
    visitor = (await server.client.post("/signin/anonymous")).json()["session"]
    user_id, token = visitor["user"]["id"], visitor["accessToken"]
    address = new_address()
    body = {"signInMethod": "email-password", "email": address, "password": PASSWORD}
    await server.post("/user/deanonymize", body, token)
    first = (await server.sign_in(address)).json()["session"]
    second = (await server.sign_in(address)).json()["session"]
    token = first["accessToken"]
    expires = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    pat = (await server.post("/pat", {"expiresAt": expires, "metadata": {"note": "not for the log"}}, token)).json()
    third = (await server.post("/signin/pat", {"personalAccessToken": pat["personalAccessToken"]})).json()["session"]
    await server.post("/user/pats/revoke", {"id": pat["id"]}, token)
    await server.post("/user/sessions/revoke", {"id": second["refreshTokenId"]}, token)
    await server.get("/user/export", token)
    await server.post(f"/admin/users/{user_id}/disable", **SECRET)
    await server.post(f"/admin/users/{user_id}/enable", **SECRET)
    last = (await server.sign_in(address)).json()["session"]
    await server.post("/user/delete", token=last["accessToken"])
    sessions = (visitor, first, second, third, last)
    secrets = [session[name] for session in sessions for name in ("accessToken", "refreshToken")]
    return user_id, [*secrets, pat["personalAccessToken"], PASSWORD, "not for the log", "$argon2", ADMIN_SECRET]


async def test_every_event_is_there_in_order_and_outlives_the_user(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(AUTH_ANONYMOUS_USERS_ENABLED="true")
    user_id, secrets = await _lead_a_life(server)
    assert await _events(sql, user_id) == [
        "sign-up", "sign-in", "user-deanonymized", "sign-in", "sign-in", "pat-made", "sign-in", "pat-revoked",
        "session-revoked", "user-exported", "user-disabled", "user-enabled", "sign-in", "user-deleted",
    ]  # fmt: skip
    rows = await sql.fetch("select a::text from auth_engine.audit a where user_id = $1", user_id)
    log = "\n".join(row[0] for row in rows)
    assert [secret for secret in secrets if secret in log] == []
    methods = await sql.fetch(
        "select detail ->> 'method' from auth_engine.audit where user_id = $1 and event = 'sign-in' order by id",
        user_id,
    )
    assert [row[0] for row in methods] == ["anonymous", "password", "password", "pat", "password"]


async def test_what_administrators_do_is_there_too(server: AuthServer, sql: asyncpg.Connection) -> None:
    created = (await server.post("/admin/users", {"email": new_address(), "password": PASSWORD}, **SECRET)).json()
    address = new_address()
    invited = (await server.post("/admin/users/invite", {"email": address}, **SECRET)).json()
    line = json.dumps({"email": new_address(), "passwordHash": "$2a$10$secret"}).encode()
    answer = await server.client.post("/admin/users/import", content=line, headers=IMPORT)
    imported = answer.json()
    assert await _events(sql, created["id"]) == ["user-created"]
    assert (await _events(sql, invited["id"]))[0] == "user-invited"
    assert await _events(sql, imported["id"]) == ["user-imported"]
    log = "\n".join(row[0] for row in await sql.fetch("select a::text from auth_engine.audit a"))
    ticket = ticket_of(server.mailbox.last(address))
    assert [text for text in (PASSWORD, "$2a$10$secret", ticket, ADMIN_SECRET) if text in log] == []


async def test_what_was_refused_did_not_happen(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    token = session["accessToken"]
    before = await sql.fetchval("select count(*) from auth_engine.audit")
    unknown = {"id": session["user"]["id"]}
    refused(await server.post("/user/pats/revoke", unknown, token), 400, "invalid-request")
    refused(await server.post("/user/sessions/revoke", unknown, token), 400, "invalid-request")
    refused(await server.post("/user/deanonymize", {"signInMethod": "passwordless", "email": "a@b.test"}, token),
            400, "user-not-anonymous")  # fmt: skip
    refused(await server.post("/admin/users/invite", {"email": "a@b.test"}), 401, "invalid-admin-secret")
    assert await sql.fetchval("select count(*) from auth_engine.audit") == before


async def test_webhooks_are_told_of_a_deletion(serve: Serve, sql: asyncpg.Connection) -> None:
    """The row must not hang on the user that goes."""
    received: list[dict[str, Any]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        received.append(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    listener = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        port = listener.sockets[0].getsockname()[1]
        server = await serve(AUTH_WEBHOOK_URL=f"http://127.0.0.1:{port}/hook", AUTH_WEBHOOK_SECRET="whsec_dGVzdHM=")
        session = await server.sign_up()
        assert (await server.post("/user/delete", token=session["accessToken"])).json() == "OK"
        for _ in range(200):
            if any("user-deleted" in json.dumps(call) for call in received):
                break
            await asyncio.sleep(0.02)
        assert any("user-deleted" in json.dumps(call) for call in received), received
    finally:
        listener.close()
        await listener.wait_closed()
