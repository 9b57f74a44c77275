"""Who acts is told by the token alone (features A7), and nobody takes a role by asking for it (A17)."""

from __future__ import annotations

import typing
import uuid
from typing import Any

import asyncpg
import msgspec
import pytest
from auth_kit import ADMIN_SECRET, PASSWORD, AuthServer, Serve, new_address

from auth_engine.core.fields import SignUpOptions
from auth_engine.http.route import Access, Route
from auth_engine.http.table import ROUTES

OPEN = {
    "AUTH_ANONYMOUS_USERS_ENABLED": "true",
    "AUTH_EMAIL_PASSWORDLESS_ENABLED": "true",
    "AUTH_OTP_EMAIL_ENABLED": "true",
    "AUTH_SMS_PASSWORDLESS_ENABLED": "true",
    "AUTH_SMS_PROVIDER": "dev",
    "AUTH_MFA_ENABLED": "true",
    "AUTH_WEBAUTHN_ENABLED": "true",
    "AUTH_PROVIDER_GOOGLE_AUDIENCE": "audience",
    "AUTH_EMAIL_ANSWER_WINDOW": "1",
    "AUTH_SIGNIN_FAILURE_STEP": "1",
}
"""Every door."""
NAMES = ("userId", "user_id", "id", "userID", "sub", "role", "x-hasura-user-id", "x-hasura-role")
WITH_BODY = [route for route in ROUTES if route.body is not None]


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def _sample(route: Route) -> dict[str, Any]:
    """A body that gets past the decoder: every field that must be there, from what its name says."""
    assert route.body is not None
    said: dict[str, Any] = {
        "email": new_address(),
        "newEmail": new_address(),
        "password": PASSWORD,
        "newPassword": PASSWORD,
        "refreshToken": str(uuid.uuid4()),
        "personalAccessToken": str(uuid.uuid4()),
        "id": str(uuid.uuid4()),
        "ticket": f"mfaTotp:{uuid.uuid4()}",
        "phoneNumber": f"+1555{uuid.uuid4().int % 10**7:07}",
        "signInMethod": "email-password",
        "expiresAt": "2030-01-01T00:00:00Z",
        "provider": "google",
        "idToken": "x.y.z",
        "otp": "000000",
        "code": "000000",
        "credential": {},
        "redirectTo": "https://app.test",
    }
    fields = msgspec.structs.fields(route.body)
    return {each.encode_name: said.get(each.encode_name, "x") for each in fields if each.required}


async def _ask(server: AuthServer, route: Route, body: dict[str, Any], token: str) -> Any:
    path = route.path.replace("{id}", str(uuid.uuid4())).replace("{provider}", "google")
    headers = {"Authorization": f"Bearer {token}"}
    if route.form:
        return await server.client.request(route.method, path, data=body, headers=headers)
    return await server.client.request(route.method, path, json=body, headers=headers)


async def _belongings(sql: asyncpg.Connection, user_id: str) -> list[Any]:
    """All rows of a user in both schemas, but for the log."""
    tables = await sql.fetch(
        "select c.table_schema || '.' || c.table_name as name from information_schema.columns c"
        " join information_schema.tables t using (table_schema, table_name)"
        " where c.table_schema in ('auth', 'auth_engine') and c.column_name = 'user_id'"
        " and t.table_type = 'BASE TABLE' and c.table_name <> 'audit' order by 1"
    )
    found = [await sql.fetch("select u::text from auth.users u where id = $1", user_id)]
    for (table,) in tables:
        found.append(await sql.fetch(f"select t::text from {table} t where user_id = $1 order by 1", user_id))
    return found


async def test_no_route_takes_the_acting_user_from_the_body(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**OPEN)
    victim_id = (await server.sign_up())["user"]["id"]
    before = await _belongings(sql, victim_id)
    for route in WITH_BODY:
        attacker = await server.sign_up()
        for name in NAMES:
            if name in _sample(route):
                continue
            value = "admin" if "role" in name else victim_id
            answer = await _ask(server, route, {**_sample(route), name: value}, attacker["accessToken"])
            assert answer.status_code < 500, (_name(route), name, answer.text)
            if route.access is Access.ADMIN:
                assert answer.status_code == 401, _name(route)
            elif not _drops_what_it_does_not_know(route):
                assert answer.status_code == 400, (_name(route), name, answer.text)
        assert await _belongings(sql, victim_id) == before, _name(route)
    assert await sql.fetchval("select count(*) from auth.user_roles where role = 'admin'") == 0


def _drops_what_it_does_not_know(route: Route) -> bool:
    """Forms, and sign-out, as the contract says."""
    assert route.body is not None
    return route.form or not route.body.__struct_config__.forbid_unknown_fields


async def test_ids_in_a_body_are_looked_up_among_the_visitor_s_own(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**OPEN)
    victim, attacker = await server.sign_up(), await server.sign_up()
    victim_id = victim["user"]["id"]
    expires = {"expiresAt": "2030-01-01T00:00:00Z"}
    pat = (await server.post("/pat", expires, victim["accessToken"])).json()
    key = await sql.fetchval(
        "insert into auth.user_security_keys (user_id, credential_id) values ($1, $1::uuid::text) returning id::text",
        victim_id,
    )
    before = await _belongings(sql, victim_id)
    routes = [route for route in WITH_BODY if "id" in _sample(route)]
    assert len(routes) >= 2
    for route in routes:
        for owned in (victim_id, victim["refreshTokenId"], pat["id"], key):
            answer = await _ask(server, route, {"id": owned}, attacker["accessToken"])
            assert 400 <= answer.status_code < 500, (_name(route), answer.text)
    assert await _belongings(sql, victim_id) == before


def _takes_options(route: Route) -> bool:
    if route.body is None or route.access is Access.ADMIN:
        return False
    hint = typing.get_type_hints(route.body).get("options")
    return hint is SignUpOptions or SignUpOptions in typing.get_args(hint)


DOORS = [route for route in ROUTES if _takes_options(route)]


@pytest.mark.parametrize("route", DOORS, ids=_name)
async def test_no_door_gives_a_role_that_was_asked_for(serve: Serve, sql: asyncpg.Connection, route: Route) -> None:
    server = await serve(**OPEN)
    await sql.execute("insert into auth.roles values ('admin'), ('editor') on conflict do nothing")
    visitor = (await server.client.post("/signin/anonymous")).json()["session"]["accessToken"]
    users = await sql.fetchval("select count(*) from auth.users where not is_anonymous")
    fields = {each.encode_name for each in msgspec.structs.fields(route.body or SignUpOptions)}
    password = {"password": PASSWORD} if "password" in fields else {}
    wishes: list[dict[str, Any]] = [
        {"allowedRoles": ["admin"]},
        {"allowedRoles": ["user", "admin"]},
        {"allowedRoles": ["user", "editor"], "defaultRole": "editor"},
        {"allowedRoles": ["user"], "defaultRole": "admin"},
        {"allowedRoles": ["anonymous"], "defaultRole": "anonymous"},
        {"allowedRoles": []},
        {"defaultRole": "admin"},
    ]
    for options in wishes:
        answer = await _ask(server, route, {**_sample(route), **password, "options": options}, visitor)
        assert 400 <= answer.status_code < 500, (options, answer.text)
        if "idtoken" not in route.path and not route.path.endswith("/verify"):
            assert answer.json()["error"] in ("role-not-allowed", "default-role-must-be-in-allowed-roles"), answer.text
    assert await sql.fetchval("select count(*) from auth.users where not is_anonymous") == users
    privileged = "select count(*) from auth.user_roles where role in ('admin', 'editor')"
    assert await sql.fetchval(privileged) == 0


async def test_the_doors_are_those_of_the_contract() -> None:
    doors = {route.path for route in DOORS}
    assert {"/signup/email-password", "/signin/passwordless/email", "/signin/otp/email", "/user/deanonymize"} <= doors


async def test_administrators_alone_give_other_roles(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**OPEN)
    await sql.execute("insert into auth.roles values ('admin') on conflict do nothing")
    body = {"email": new_address(), "roles": ["admin"], "defaultRole": "admin"}
    token = (await server.sign_up())["accessToken"]
    assert (await server.post("/admin/users", body, token)).status_code == 401
    secret = {"x-hasura-admin-secret": ADMIN_SECRET}
    user = (await server.post("/admin/users", body, **secret)).json()
    assert user["roles"] == ["admin"]
    await sql.execute("delete from auth.users where id = $1", user["id"])
