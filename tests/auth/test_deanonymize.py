"""Anonymous visitors who get credentials: the same account, new roles."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from auth_kit import PASSWORD, AuthServer, Serve, link_of, new_address, query_of, refused, ticket_of

ON = {"AUTH_ANONYMOUS_USERS_ENABLED": "true"}
VERIFIES = {**ON, "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true"}


async def _visitor(server: AuthServer, **body: Any) -> dict[str, Any]:
    session: dict[str, Any] = (await server.post("/signin/anonymous", body)).json()["session"]
    return session


async def _state(sql: asyncpg.Connection, user_id: str) -> object:
    """The user's row, roles and tokens: what no refused request may change."""
    return await sql.fetch(
        "select u.*, array(select role from auth.user_roles r where r.user_id = u.id order by role),"
        " array(select refresh_token_hash from auth.refresh_tokens t where t.user_id = u.id order by id)"
        " from auth.users u where u.id = $1",
        user_id,
    )


async def test_with_a_password_sessions_stay_and_no_mail_goes(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**ON)
    visitor, address = await _visitor(server, metadata={"cart": 3}), new_address()
    body = {"signInMethod": "email-password", "email": address, "password": PASSWORD, "connection": "ignored"}
    assert (await server.post("/user/deanonymize", body, visitor["accessToken"])).json() == "OK"
    renewed = (await server.post("/token", {"refreshToken": visitor["refreshToken"]})).json()
    user = renewed["user"]
    assert user["id"] == visitor["user"]["id"]
    assert (user["email"], user["isAnonymous"], user["emailVerified"]) == (address, False, False)
    assert (sorted(user["roles"]), user["defaultRole"]) == (["me", "user"], "user")
    assert (user["displayName"], user["metadata"]) == (address, {"cart": 3})
    assert server.mailbox.to(address) == []
    assert (await server.sign_in(address)).json()["session"]["user"]["id"] == user["id"]
    refused(await server.post("/user/deanonymize", body, renewed["accessToken"]), 400, "user-not-anonymous")
    refused(await server.post("/user/deanonymize", body, visitor["accessToken"]), 400, "user-not-anonymous")
    event = await sql.fetchrow("select detail::text from auth_engine.audit where event = 'user-deanonymized'")
    assert event["detail"] == '{"method": "email-password"}'


async def test_with_options(serve: Serve) -> None:
    server = await serve(**ON, AUTH_LOCALE_ALLOWED_LOCALES="en,fr")
    visitor = await _visitor(server, metadata={"cart": 3})
    options = {"displayName": "Ada", "locale": "fr", "allowedRoles": ["me"], "defaultRole": "me", "metadata": {"a": 1}}
    body = {"signInMethod": "email-password", "email": new_address(), "password": PASSWORD, "options": options}
    assert (await server.post("/user/deanonymize", body, visitor["accessToken"])).json() == "OK"
    user = (await server.post("/token", {"refreshToken": visitor["refreshToken"]})).json()["user"]
    assert (user["displayName"], user["locale"], user["roles"], user["defaultRole"]) == ("Ada", "fr", ["me"], "me")
    assert user["metadata"] == {"a": 1}


@pytest.mark.parametrize(
    ("method", "kind", "template", "seconds"),
    [
        ("email-password", "verifyEmail", "email-verify", 30 * 86_400),
        ("passwordless", "passwordlessEmail", "signin-passwordless", 3_600),
    ],
)
async def test_where_a_mail_comes_first_the_sessions_end(
    serve: Serve, sql: asyncpg.Connection, method: str, kind: str, template: str, seconds: int
) -> None:
    server = await serve(**VERIFIES)
    visitor, address = await _visitor(server), new_address()
    body = {"signInMethod": method, "email": address, "options": {"redirectTo": "https://app.test/in"}}
    if method == "email-password":
        body["password"] = PASSWORD
    assert (await server.post("/user/deanonymize", body, visitor["accessToken"])).json() == "OK"
    refused(await server.post("/token", {"refreshToken": visitor["refreshToken"]}), 401, "invalid-refresh-token")
    row = await sql.fetchrow(
        "select ticket, email_verified, password_hash, extract(epoch from ticket_expires_at - now())::int as left"
        " from auth.users where id = $1",
        visitor["user"]["id"],
    )
    assert row["ticket"].startswith(f"{kind}:")
    assert abs(row["left"] - seconds) < 30
    assert not row["email_verified"]
    assert (row["password_hash"] is None) == (method == "passwordless")
    refused(await server.post("/user/deanonymize", body, visitor["accessToken"]), 400, "user-not-anonymous")
    mail = server.mailbox.last(address)
    assert mail["X-Email-Template"] == template
    assert ticket_of(mail).startswith(f"{kind}:")
    assert ticket_of(mail) != row["ticket"]
    assert query_of(link_of(mail))["redirectTo"] == "https://app.test/in"
    answer = await server.get(link_of(mail).removeprefix("http://auth.test"))
    token = query_of(answer.headers["location"])["refreshToken"]
    assert (await server.post("/token", {"refreshToken": token})).json()["user"]["id"] == visitor["user"]["id"]


def _cases() -> list[Any]:
    whole = {"signInMethod": "email-password", "email": "x@example.test", "password": PASSWORD}
    return [
        pytest.param({**whole, "password": None}, 400, "invalid-request", id="null password"),
        pytest.param({"signInMethod": "email-password", "email": "x@e.test"}, 400, "invalid-request", id="no password"),
        pytest.param({**whole, "password": "short"}, 400, "password-too-short", id="short"),
        pytest.param({**whole, "signInMethod": "magic"}, 400, "invalid-request", id="method"),
        pytest.param({**whole, "email": "no address"}, 400, "invalid-request", id="address"),
        pytest.param({**whole, "email": "x@blocked.test"}, 401, "invalid-email-password", id="blocked"),
        pytest.param({**whole, "email": "Taken@Example.Test"}, 409, "email-already-in-use", id="taken"),
        pytest.param({**whole, "userId": "x"}, 400, "invalid-request", id="more"),
        pytest.param(
            {**whole, "options": {"redirectTo": "https://evil.test"}}, 400, "redirectTo-not-allowed", id="redirect"
        ),
        pytest.param({**whole, "options": {"allowedRoles": ["admin"]}}, 400, "role-not-allowed", id="role"),
        pytest.param(
            {**whole, "options": {"defaultRole": "admin"}},
            400,
            "default-role-must-be-in-allowed-roles",
            id="default role",
        ),
    ]


async def test_every_refusal_leaves_the_account_as_it_was(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**ON, AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS="blocked.test", AUTH_PASSWORD_MIN_LENGTH="9")
    await server.sign_up("taken@example.test")
    visitor = await _visitor(server)
    before = await _state(sql, visitor["user"]["id"])
    for case in _cases():
        body, status, code = case.values
        refused(await server.post("/user/deanonymize", body, visitor["accessToken"]), status, code)
        assert await _state(sql, visitor["user"]["id"]) == before, case.id
    refused(await server.post("/user/deanonymize", {}), 400, "invalid-request")
    await sql.execute("update auth.users set disabled = true where id = $1", visitor["user"]["id"])
    body = {"signInMethod": "passwordless", "email": new_address()}
    refused(await server.post("/user/deanonymize", body, visitor["accessToken"]), 401, "disabled-user")


async def test_of_parallel_requests_one_wins(serve: Serve, sql: asyncpg.Connection) -> None:
    """Ten of one visitor for ten addresses, then ten visitors for one address."""
    server = await serve(**ON)

    def body(address: str) -> dict[str, str]:
        return {"signInMethod": "email-password", "email": address, "password": PASSWORD}

    token = (await _visitor(server))["accessToken"]
    answers = await asyncio.gather(*(server.post("/user/deanonymize", body(new_address()), token) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    visitors, address = [await _visitor(server) for _ in range(10)], new_address()
    answers = await asyncio.gather(
        *(server.post("/user/deanonymize", body(address), each["accessToken"]) for each in visitors)
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert await sql.fetchval("select count(*) from auth.users where email = $1::text", address) == 1


async def test_a_deleted_visitor_gets_no_account(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**ON)
    visitor, address = await _visitor(server), new_address()
    await sql.execute("delete from auth.users where id = $1", visitor["user"]["id"])
    body = {"signInMethod": "passwordless", "email": address}
    refused(await server.post("/user/deanonymize", body, visitor["accessToken"]), 401, "invalid-email-password")
    assert not await sql.fetchval("select exists (select from auth.users where email = $1::text)", address)
    assert server.mailbox.to(address) == []
