"""What administrators do to users: make, invite, disable, enable."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest
from auth_kit import ADMIN_SECRET, PASSWORD, AuthServer, Serve, link_of, new_address, query_of, refused, ticket_of

SECRET = {"x-hasura-admin-secret": ADMIN_SECRET}
ROUTES = [
    ("/admin/users", {"email": "x@example.test"}),
    ("/admin/users/invite", {"email": "x@example.test"}),
    ("/admin/users/import", {"email": "x@example.test"}),
    ("/admin/users/00000000-0000-4000-8000-00000000dead/disable", None),
    ("/admin/users/00000000-0000-4000-8000-00000000dead/enable", None),
]


async def _users(sql: asyncpg.Connection) -> int:
    count: int = await sql.fetchval("select count(*) from auth.users")
    return count


# ---------------------------------------------------------------- the secret


@pytest.mark.parametrize(("path", "body"), ROUTES)
async def test_only_the_secret_opens_them(
    serve: Serve, server: AuthServer, sql: asyncpg.Connection, path: str, body: Any
) -> None:
    token = (await server.sign_up())["accessToken"]
    before = await _users(sql)
    refused(await server.post(path, body), 401, "invalid-admin-secret")
    for wrong in ("", "wrong", ADMIN_SECRET[:-1], f"{ADMIN_SECRET} ", ADMIN_SECRET.upper(), "é"):
        headers = {b"x-hasura-admin-secret": wrong.encode(), b"authorization": f"Bearer {token}".encode()}
        answer = await server.client.post(path, json=body, headers=headers)
        refused(answer, 401, "invalid-admin-secret")
    without = await serve(HASURA_GRAPHQL_ADMIN_SECRET="")
    for given in ("", ADMIN_SECRET, "None"):
        refused(await without.post(path, body, **{"x-hasura-admin-secret": given}), 401, "invalid-admin-secret")
    assert await _users(sql) == before


# ---------------------------------------------------------------- making


async def test_a_user_is_made(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    body = {
        "email": address,
        "password": PASSWORD,
        "displayName": "Ada",
        "roles": ["user", "anonymous"],
        "defaultRole": "anonymous",
        "emailVerified": True,
        "metadata": {"team": 7},
    }
    answer = await server.post("/admin/users", body, **SECRET)
    user = answer.json()
    assert answer.status_code == 200, answer.text
    assert (user["email"], user["displayName"], user["metadata"]) == (address, "Ada", {"team": 7})
    assert (sorted(user["roles"]), user["defaultRole"]) == (["anonymous", "user"], "anonymous")
    assert user["emailVerified"] is True
    assert (await server.sign_in(address)).json()["session"]["user"]["id"] == user["id"]
    event = await sql.fetchval("select event from auth_engine.audit where user_id = $1 order by id limit 1", user["id"])
    assert event == "user-created"
    assert server.mailbox.to(address) == []


async def test_gaps_are_filled_as_for_those_who_sign_up(server: AuthServer) -> None:
    address = new_address()
    user = (await server.post("/admin/users", {"email": address}, **SECRET)).json()
    assert (user["displayName"], user["locale"], user["defaultRole"]) == (address, "en", "user")
    assert sorted(user["roles"]) == ["me", "user"]
    assert user["avatarUrl"].startswith("https://www.gravatar.com/avatar/")
    assert (user["emailVerified"], user["metadata"]) == (False, None)
    number = f"+1555{uuid.uuid4().int % 10**7:07}"
    body = {"phoneNumber": number, "phoneNumberVerified": True, "emailVerified": True}
    user = (await server.post("/admin/users", body, **SECRET)).json()
    assert (user["phoneNumber"], user["displayName"], user["phoneNumberVerified"]) == (number, number, True)
    assert user["emailVerified"] is False


async def test_settings_that_stop_strangers_do_not_stop_administrators(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(
        AUTH_DISABLE_SIGNUP="true", AUTH_DISABLE_NEW_USERS="true", AUTH_ACCESS_CONTROL_ALLOWED_EMAILS="a@b.test"
    )
    user = (await server.post("/admin/users", {"email": new_address()}, **SECRET)).json()
    assert not await sql.fetchval("select disabled from auth.users where id = $1", user["id"])
    user = (await server.post("/admin/users", {"email": new_address(), "disabled": True}, **SECRET)).json()
    assert await sql.fetchval("select disabled from auth.users where id = $1", user["id"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid-request"),
        ({"displayName": "Ada"}, 400, "invalid-request"),
        ({"email": "no address"}, 400, "invalid-request"),
        ({"email": None}, 400, "invalid-request"),
        ({"phoneNumber": "555"}, 400, "invalid-request"),
        ({"phoneNumber": "+15550001\n"}, 400, "invalid-request"),
        ({"phoneNumber": "x+15550001"}, 400, "invalid-request"),
        ({"email": "a@b.test", "password": "ab"}, 400, "invalid-request"),
        ({"email": "a@b.test", "password": "abcdefgh"}, 400, "password-too-short"),
        ({"email": "a@b.test", "roles": ["nobody"]}, 400, "role-not-allowed"),
        ({"email": "a@b.test", "roles": ["user"], "defaultRole": "me"}, 400, "default-role-must-be-in-allowed-roles"),
        ({"email": "a@b.test", "defaultRole": "nobody"}, 400, "role-not-allowed"),
        ({"email": "a@b.test", "passwordHash": "$2a$10$x"}, 400, "invalid-request"),
        ({"email": "Taken@Example.Test"}, 409, "email-already-in-use"),
        ({"phoneNumber": "+15550009999"}, 409, "user-already-exists"),
    ],
)
async def test_what_does_not_fit_makes_nobody(
    serve: Serve, sql: asyncpg.Connection, body: object, status: int, code: str
) -> None:
    server = await serve(AUTH_PASSWORD_MIN_LENGTH="9", AUTH_CONCEAL_ERRORS="true")
    await server.post("/admin/users", {"email": "taken@example.test", "phoneNumber": "+15550009999"}, **SECRET)
    before = await _users(sql)
    refused(await server.post("/admin/users", body, **SECRET), status, code)
    assert await _users(sql) == before


# ---------------------------------------------------------------- inviting


async def test_an_invitation_opens_once_and_for_the_mailbox_alone(serve: Serve, sql: asyncpg.Connection) -> None:
    """Features A21: whoever else knows the address gets nothing by it."""
    server = await serve(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    address = new_address()
    body = {"email": address, "displayName": "Ada", "roles": ["user"], "redirectTo": "https://app.test/welcome"}
    answer = await server.post("/admin/users/invite", body, **SECRET)
    user = answer.json()
    mail = server.mailbox.last(address)
    assert mail["X-Email-Template"] == "invite"
    assert query_of(link_of(mail))["redirectTo"] == "https://app.test/welcome"
    ticket = ticket_of(mail)
    assert ticket not in answer.text
    row = await sql.fetchrow("select * from auth.users where id = $1", user["id"])
    assert ticket != row["ticket"]
    assert (row["email_verified"], row["password_hash"]) == (False, None)

    refused(await server.sign_in(address), 401, "invalid-email-password")
    taken = await server.post("/signup/email-password", {"email": address, "password": PASSWORD})
    refused(taken, 409, "email-already-in-use")
    refused(await server.post("/admin/users/invite", body, **SECRET), 409, "email-already-in-use")
    assert await sql.fetchval("select password_hash from auth.users where id = $1", user["id"]) is None

    path = link_of(mail).removeprefix("http://auth.test")
    answers = await asyncio.gather(*(server.get(path) for _ in range(10)))
    tokens = [query_of(each.headers["location"]).get("refreshToken") for each in answers]
    (token,) = [each for each in tokens if each is not None]
    session = (await server.post("/token", {"refreshToken": token})).json()
    assert (session["user"]["id"], session["user"]["emailVerified"]) == (user["id"], True)
    assert session["user"]["roles"] == ["user"]
    answer = await server.post("/user/password", {"newPassword": PASSWORD}, session["accessToken"])
    assert answer.json() == "OK"
    assert (await server.sign_in(address)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid-request"),
        ({"email": "a@b.test", "password": PASSWORD}, 400, "invalid-request"),
        ({"email": "a@b.test", "redirectTo": "https://evil.test"}, 400, "redirectTo-not-allowed"),
        ({"email": "a@b.test", "roles": ["nobody"]}, 400, "role-not-allowed"),
        ({"email": "a@b.test", "roles": ["me"]}, 400, "default-role-must-be-in-allowed-roles"),
    ],
)
async def test_what_does_not_fit_invites_nobody(
    server: AuthServer, sql: asyncpg.Connection, body: object, status: int, code: str
) -> None:
    before = await _users(sql)
    refused(await server.post("/admin/users/invite", body, **SECRET), status, code)
    assert await _users(sql) == before
    assert server.mailbox.to("a@b.test") == []


# ---------------------------------------------------------------- disabling


async def test_disabling_ends_sessions_at_once_and_for_good(server: AuthServer, sql: asyncpg.Connection) -> None:
    """Features A14; auth contract §10, "Disabling deletes no token"."""
    address = new_address()
    session = await server.sign_up(address)
    user_id, token = session["user"]["id"], session["accessToken"]
    path = f"/admin/users/{user_id}"
    assert (await server.post(f"{path}/disable", **SECRET)).json() == "OK"
    renewal = {"refreshToken": session["refreshToken"]}
    refused(await server.post("/token", renewal), 401, "disabled-user")
    refused(await server.get("/user", token), 401, "disabled-user")
    refused(await server.post("/token/verify", token=token), 401, "disabled-user")
    refused(await server.sign_in(address), 401, "disabled-user")
    refused(await server.sign_in(address, "wrong password"), 401, "invalid-email-password")
    assert await sql.fetchval("select count(*) from auth.refresh_tokens where user_id = $1", user_id) == 1
    assert (await server.post(f"{path}/enable", **SECRET)).json() == "OK"
    refused(await server.post("/token", renewal), 401, "invalid-refresh-token")
    assert (await server.get("/user/sessions", token)).json() == []
    opened = (await server.sign_in(address)).json()["session"]
    assert (await server.post("/token", {"refreshToken": opened["refreshToken"]})).status_code == 200
    assert (await server.post(f"{path}/enable", **SECRET)).json() == "OK"
    assert len((await server.get("/user/sessions", opened["accessToken"])).json()) == 1
    events = await sql.fetch(
        "select event from auth_engine.audit where user_id = $1 and event like 'user-%' order by id", user_id
    )
    assert [row["event"] for row in events] == ["user-disabled", "user-enabled", "user-enabled"]


async def test_a_user_disabled_by_sql_comes_back_without_the_old_sessions(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    session = await server.sign_up()
    user_id = session["user"]["id"]
    await sql.execute("update auth.users set disabled = true where id = $1", user_id)
    assert (await server.post(f"/admin/users/{user_id}/enable", **SECRET)).json() == "OK"
    answer = await server.post("/token", {"refreshToken": session["refreshToken"]})
    refused(answer, 401, "invalid-refresh-token")


async def test_sign_ins_under_way_do_not_outlive_the_disabling(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    user_id = (await server.sign_up(address))["user"]["id"]
    sign_ins = [server.sign_in(address) for _ in range(8)]
    answers = await asyncio.gather(*sign_ins, server.post(f"/admin/users/{user_id}/disable", **SECRET))
    await server.post(f"/admin/users/{user_id}/enable", **SECRET)
    opened = [answer.json()["session"] for answer in answers[:-1] if answer.status_code == 200]
    for session in opened:
        answer = await server.post("/token", {"refreshToken": session["refreshToken"]})
        refused(answer, 401, "invalid-refresh-token")


async def test_nobody_is_found_by_another_id(server: AuthServer) -> None:
    for unknown in (str(uuid.uuid4()), "x", "me", "'; drop table auth.users; --"):
        for what in ("disable", "enable"):
            answer = await server.client.post(f"/admin/users/{unknown}/{what}".replace(" ", "+"), headers=SECRET)
            refused(answer, 404, "user-not-found")
