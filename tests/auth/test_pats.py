"""Personal access tokens: made, used, listed, revoked."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from auth_kit import ADMIN_SECRET, PASSWORD, AuthServer, Serve, new_address, refused

SECRET = {"x-hasura-admin-secret": ADMIN_SECRET}


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat().replace("+00:00", "Z")


async def made(server: AuthServer, token: str, **body: Any) -> dict[str, str]:
    answer = await server.post("/pat", {"expiresAt": in_days(7), **body}, token)
    assert answer.status_code == 200, answer.text
    pat: dict[str, str] = answer.json()
    return pat


async def use(server: AuthServer, token: str) -> Any:
    return await server.post("/signin/pat", {"personalAccessToken": token})


async def test_a_token_signs_in_any_number_of_times(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    pat = await made(server, session["accessToken"], metadata={"name": "my cli"})
    assert set(pat) == {"id", "personalAccessToken"}
    token = pat["personalAccessToken"]
    first, second = [(await use(server, token)).json()["session"] for _ in range(2)]
    assert first["user"]["id"] == second["user"]["id"] == session["user"]["id"]
    assert first["refreshTokenId"] != second["refreshTokenId"]
    assert (await server.post("/token", {"refreshToken": first["refreshToken"]})).status_code == 200
    refused(await server.post("/token", {"refreshToken": token}), 401, "invalid-refresh-token")
    refused(await use(server, first["refreshToken"]), 401, "invalid-pat")
    row = await sql.fetchrow("select * from auth.refresh_tokens where id = $1", pat["id"])
    assert row["type"] == "pat"
    assert row["metadata"] == '{"name": "my cli"}'
    assert row["refresh_token_hash"] == "\\x" + hashlib.sha256(token.encode()).hexdigest()


async def test_the_uuid_is_found_anywhere_in_the_text(server: AuthServer) -> None:
    session = await server.sign_up()
    token = (await made(server, session["accessToken"]))["personalAccessToken"]
    assert (await use(server, f"my-{token} ")).status_code == 200
    refused(await use(server, "no uuid"), 400, "invalid-request")
    refused(await use(server, str(uuid.uuid4())), 401, "invalid-pat")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"expiresAt": None},
        {"expiresAt": "tomorrow"},
        {"expiresAt": "2030-01-01"},
        {"expiresAt": "2030-01-01T00:00:00"},
        {"expiresAt": "0001-01-01T00:00:00+14:00"},
        {"expiresAt": 1893456000},
        {"expiresAt": "2030-01-01T00:00:00Z", "metadata": "text"},
        {"expiresAt": "2030-01-01T00:00:00Z", "metadata": {"a": "\0"}},
        {"expiresAt": "2030-01-01T00:00:00Z", "userId": "me"},
    ],
)
async def test_what_does_not_fit_is_refused(server: AuthServer, sql: asyncpg.Connection, body: object) -> None:
    session = await server.sign_up()
    refused(await server.post("/pat", body, session["accessToken"]), 400, "invalid-request")
    assert await sql.fetchval("select count(*) from auth.refresh_tokens where user_id = $1", session["user"]["id"]) == 1


async def test_an_expired_token_signs_in_nowhere(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    past = await made(server, session["accessToken"], expiresAt=in_days(-1))
    refused(await use(server, past["personalAccessToken"]), 401, "invalid-pat")
    pat = await made(server, session["accessToken"])
    await sql.execute("update auth.refresh_tokens set expires_at = now() where id = $1", pat["id"])
    refused(await use(server, pat["personalAccessToken"]), 401, "invalid-pat")
    assert (await server.get("/user/pats", session["accessToken"])).json() == []


async def test_tokens_are_listed_without_themselves_and_revoked_by_their_owner(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    session, other = await server.sign_up(), await server.sign_up()
    pat = await made(server, session["accessToken"], metadata={"name": "cli"})
    (row,) = (await server.get("/user/pats", session["accessToken"])).json()
    assert set(row) == {"id", "createdAt", "expiresAt", "metadata"}
    assert (row["id"], row["metadata"]) == (pat["id"], {"name": "cli"})
    await use(server, pat["personalAccessToken"])
    (row,) = (await server.get("/user/pats", session["accessToken"])).json()
    assert row["lastUsedAt"] >= row["createdAt"]
    assert (await server.get("/user/pats", other["accessToken"])).json() == []
    for body in ({"id": pat["id"]}, {"id": str(uuid.uuid4())}, {"id": other["refreshTokenId"]}):
        refused(await server.post("/user/pats/revoke", body, other["accessToken"]), 400, "invalid-request")
    refused(
        await server.post("/user/pats/revoke", {"id": session["refreshTokenId"]}, session["accessToken"]),
        400,
        "invalid-request",
    )
    opened = (await use(server, pat["personalAccessToken"])).json()["session"]
    assert (await server.post("/user/pats/revoke", {"id": pat["id"]}, session["accessToken"])).json() == "OK"
    refused(await use(server, pat["personalAccessToken"]), 401, "invalid-pat")
    assert (await server.post("/token", {"refreshToken": opened["refreshToken"]})).status_code == 200
    events = await sql.fetch(
        "select event from auth_engine.audit where detail ->> 'pat' = $1 order by id", str(pat["id"])
    )
    assert [row["event"] for row in events] == ["pat-made", "pat-revoked"]


async def test_the_owner_is_told_of_a_new_token(server: AuthServer) -> None:
    address = new_address()
    session = await server.sign_up(address)
    await made(server, session["accessToken"])
    for _ in range(100):
        if server.mailbox.to(address):
            break
        await asyncio.sleep(0.02)
    assert server.mailbox.last(address)["X-Email-Template"] == "notice"


async def test_disabled_users_use_no_token_and_older_ones_stay_dead(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    session = await server.sign_up()
    pat = (await made(server, session["accessToken"]))["personalAccessToken"]
    path = f"/admin/users/{session['user']['id']}"
    assert (await server.post(f"{path}/disable", **SECRET)).json() == "OK"
    refused(await use(server, pat), 401, "disabled-user")
    refused(await server.post("/pat", {"expiresAt": in_days(1)}, session["accessToken"]), 401, "disabled-user")
    refused(await server.get("/user/pats", session["accessToken"]), 401, "disabled-user")
    assert (await server.post(f"{path}/enable", **SECRET)).json() == "OK"
    refused(await use(server, pat), 401, "invalid-pat")
    assert (await server.get("/user/pats", session["accessToken"])).json() == []
    again = (await made(server, session["accessToken"]))["personalAccessToken"]
    assert (await use(server, again)).status_code == 200


async def test_the_valid_user_check(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(AUTH_ANONYMOUS_USERS_ENABLED="true")
    address = new_address()
    session = await server.sign_up(address)
    pat = (await made(server, session["accessToken"]))["personalAccessToken"]
    strict = await serve(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    refused(await use(strict, pat), 401, "unverified-user")
    refused(await strict.post("/pat", {"expiresAt": in_days(1)}, session["accessToken"]), 401, "unverified-user")
    closed = await serve(AUTH_ACCESS_CONTROL_BLOCKED_EMAILS=address.upper())
    refused(await use(closed, pat), 401, "invalid-email-password")
    refused(await closed.get("/user/pats", session["accessToken"]), 401, "invalid-email-password")
    concealing = await serve(AUTH_CONCEAL_ERRORS="true")
    refused(await use(concealing, str(uuid.uuid4())), 400, "invalid-request")
    visitor = (await server.client.post("/signin/anonymous")).json()["session"]["accessToken"]
    refused(await server.post("/pat", {"expiresAt": in_days(1)}, visitor), 403, "forbidden-anonymous")
    refused(await server.get("/user/pats", visitor), 403, "forbidden-anonymous")
    body = {"id": str(uuid.uuid4())}
    refused(await server.post("/user/pats/revoke", body, visitor), 403, "forbidden-anonymous")
    for path, given in (("/pat", {"expiresAt": in_days(1)}), ("/user/pats/revoke", body)):
        refused(await server.post(path, given), 400, "invalid-request")
        refused(await server.post(path, given, "no token"), 400, "invalid-request")
    refused(await server.get("/user/pats"), 400, "invalid-request")


async def test_tokens_survive_a_sign_out_of_one_but_not_of_all(server: AuthServer) -> None:
    address = new_address()
    session = await server.sign_up(address, PASSWORD)
    pat = (await made(server, session["accessToken"]))["personalAccessToken"]
    await server.post("/signout", {"refreshToken": session["refreshToken"]})
    assert (await use(server, pat)).status_code == 200
    await server.post("/signout", {"all": True}, session["accessToken"])
    refused(await use(server, pat), 401, "invalid-pat")
