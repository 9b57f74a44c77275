"""Visitors without credentials."""

from __future__ import annotations

import asyncpg
import pytest
from auth_kit import AuthServer, Serve, refused

ON = {"AUTH_ANONYMOUS_USERS_ENABLED": "true"}


async def test_an_anonymous_visitor_gets_an_account_and_a_session(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**ON)
    answer = await server.client.post("/signin/anonymous")
    session = answer.json()["session"]
    user = session["user"]
    assert user["isAnonymous"] is True
    assert user["displayName"] == "Anonymous User"
    assert (user["roles"], user["defaultRole"]) == (["anonymous"], "anonymous")
    assert "email" not in user
    claims = server.engine.kit.access.verify(session["accessToken"])
    assert claims is not None
    assert claims.is_anonymous
    assert claims.roles == ("anonymous",)
    assert (await server.post("/token", {"refreshToken": session["refreshToken"]})).status_code == 200
    refused(await server.get("/user", session["accessToken"]), 403, "forbidden-anonymous")
    events = await sql.fetch("select event from auth_engine.audit where user_id = $1 order by id", user["id"])
    assert [row["event"] for row in events] == ["sign-up", "sign-in"]


async def test_what_a_visitor_says_of_themselves_is_kept(serve: Serve) -> None:
    server = await serve(**ON, AUTH_LOCALE_ALLOWED_LOCALES="en,fr")
    body = {"displayName": "Ada", "locale": "fr", "metadata": {"cart": [1, 2]}}
    user = (await server.post("/signin/anonymous", body)).json()["session"]["user"]
    assert (user["displayName"], user["locale"], user["metadata"]) == ("Ada", "fr", {"cart": [1, 2]})
    unknown = (await server.post("/signin/anonymous", {"locale": "xx"})).json()["session"]["user"]
    assert unknown["locale"] == "en"


@pytest.mark.parametrize(
    "body",
    [{"displayName": "<b>&</b>"}, {"displayName": "x" * 33}, {"locale": "eng"}, {"metadata": []}, {"email": "a@b.c"}],
)
async def test_what_does_not_fit_is_refused(serve: Serve, sql: asyncpg.Connection, body: object) -> None:
    server = await serve(**ON)
    before = await sql.fetchval("select count(*) from auth.users")
    refused(await server.post("/signin/anonymous", body), 400, "invalid-request")
    assert await sql.fetchval("select count(*) from auth.users") == before


@pytest.mark.parametrize(
    ("settings", "status", "code"),
    [
        ({}, 409, "disabled-endpoint"),
        ({**ON, "AUTH_DISABLE_SIGNUP": "true"}, 403, "signup-disabled"),
        ({"AUTH_DISABLE_SIGNUP": "true"}, 403, "signup-disabled"),
    ],
)
async def test_it_has_to_be_on(
    serve: Serve, sql: asyncpg.Connection, settings: dict[str, str], status: int, code: str
) -> None:
    server = await serve(**settings)
    before = await sql.fetchval("select count(*) from auth.users")
    refused(await server.client.post("/signin/anonymous"), status, code)
    assert await sql.fetchval("select count(*) from auth.users") == before


async def test_new_users_may_be_disabled(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**ON, AUTH_DISABLE_NEW_USERS="true")
    refused(await server.post("/signin/anonymous", {"displayName": "Disabled"}), 401, "disabled-user")
    row = await sql.fetchrow("select id, disabled from auth.users where display_name = 'Disabled'")
    assert row["disabled"]
    assert await sql.fetchval("select count(*) from auth.refresh_tokens where user_id = $1", row["id"]) == 0


async def test_an_anonymous_visitor_may_list_export_and_delete(serve: Serve, sql: asyncpg.Connection) -> None:
    server: AuthServer = await serve(**ON)
    session = (await server.client.post("/signin/anonymous")).json()["session"]
    token = session["accessToken"]
    assert [row["current"] for row in (await server.get("/user/sessions", token)).json()] == [True]
    assert (await server.get("/user/export", token)).json()["user"]["isAnonymous"] is True
    assert (await server.post("/user/delete", token=token)).json() == "OK"
    assert not await sql.fetchval("select exists (select from auth.users where id = $1)", session["user"]["id"])
