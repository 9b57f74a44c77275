"""Details of the contract that no other test looks at: routing and CORS, the shapes of answers, sign-up options, access
lists, renewal by settings, and what bodies may hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import jwt
import msgspec
import pytest
from auth_kit import ADMIN_SECRET, JWT_KEY, PASSWORD, AuthServer, Serve, new_address, refused

from auth_engine.core.errors import Refused
from auth_engine.core.fields import SignUpOptions
from auth_engine.core.redirects import RedirectRules
from auth_engine.core.rules import email_may_enter, gravatar, sign_up_wishes
from auth_engine.core.settings import read_settings
from auth_engine.flows.provider_tokens import keep_tokens
from auth_engine.oauth.profile import Tokens

ORIGIN = {"Origin": "https://anywhere.test"}
USER_KEYS = {
    "id", "createdAt", "displayName", "avatarUrl", "locale", "email", "isAnonymous", "defaultRole", "metadata",
    "emailVerified", "phoneNumberVerified", "roles", "activeMfaType",
}  # fmt: skip


# ---------------------------------------------------------------- routing


@pytest.mark.parametrize("path", ["/user", "/signin/email-password", "/nowhere", "/", "/%2e%2e/user"])
async def test_a_preflight_is_answered_before_any_routing(server: AuthServer, path: str) -> None:
    answer = await server.client.options(
        path, headers={**ORIGIN, "Access-Control-Request-Headers": "authorization, x-a"}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    told = {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}
    assert told == {
        "access-control-allow-origin": "https://anywhere.test",
        "access-control-allow-methods": "POST, GET",
        "access-control-allow-headers": "authorization, x-a",
        "access-control-allow-credentials": "true",
        "access-control-max-age": "86400",
    }
    assert answer.headers["vary"] == "Origin, Access-Control-Request-Method"


async def test_every_answer_names_the_origin_refusals_too(server: AuthServer) -> None:
    for answer in (
        await server.client.get("/healthz", headers=ORIGIN),
        await server.client.get("/nowhere", headers=ORIGIN),
        await server.client.post("/token", content=b"{", headers=ORIGIN),
    ):
        assert answer.headers["access-control-allow-origin"] == "https://anywhere.test"
    assert not [name for name in (await server.client.get("/healthz")).headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/signin/email-password"), ("POST", "/user"), ("PUT", "/user"), ("DELETE", "/healthz"),
        ("HEAD", "/user"), ("HEAD", "/verify"), ("HEAD", "/version"), ("GET", "/healthz/"), ("GET", "//healthz"),
        ("GET", "/%68ealthz"), ("GET", "/HEALTHZ"), ("POST", "/change-env"), ("GET", "/user/providers//token"),
        ("GET", "/signin/provider/git%68ub"), ("GET", "/"),
    ],
)  # fmt: skip
async def test_what_is_no_route_is_404(server: AuthServer, method: str, path: str) -> None:
    answer = await server.client.request(method, path)
    assert answer.status_code == 404
    if method != "HEAD":
        refused(answer, 404, "not-found")


async def test_behind_a_prefix(serve: Serve) -> None:
    server = await serve(AUTH_API_PREFIX="/v1/auth")
    assert (await server.get("/healthz")).status_code == 200
    assert (await server.get("/v1/auth/healthz")).json() == "OK"
    assert (await server.client.head("/healthz")).status_code == 200
    refused(await server.get("/version"), 404, "not-found")
    assert (await server.get("/v1/auth/version")).status_code == 200
    assert (await server.client.options("/v1/auth/user")).status_code == 204
    body = {"email": new_address(), "password": PASSWORD}
    assert (await server.post("/v1/auth/signup/email-password", body)).status_code == 200
    refused(await server.post("/signup/email-password", body), 404, "not-found")


# ---------------------------------------------------------------- requests


@pytest.mark.parametrize(
    "header",
    ["bearer {}", "BEARER {}", "Bearer  {}", "Bearer {} ", "Bearer {} x", "{}", "Basic {}", "Bearer\t{}", "Bearer"],
)
async def test_a_bearer_token_is_exactly_two_words(server: AuthServer, header: str) -> None:
    token = (await server.sign_up())["accessToken"]
    raw = httpx.Headers([(b"Authorization", header.format(token).encode())])
    refused(await server.client.get("/user", headers=raw), 400, "invalid-request")


async def test_of_headers_that_come_twice_the_first_counts(server: AuthServer) -> None:
    mine, other = [(await server.sign_up()) for _ in range(2)]
    both = [("Authorization", f"Bearer {each['accessToken']}") for each in (mine, other)]
    assert (await server.client.get("/user", headers=httpx.Headers(both))).json()["id"] == mine["user"]["id"]
    secrets = [("x-hasura-admin-secret", each) for each in ("wrong", ADMIN_SECRET)]
    answer = await server.client.post("/admin/users", json={"email": new_address()}, headers=httpx.Headers(secrets))
    refused(answer, 401, "invalid-admin-secret")


NUMBER = "1" * 400
DEEP = '{"a":' * 900 + "1" + "}" * 900


@pytest.mark.parametrize(
    "value",
    [
        "1e400", NUMBER, "-1.5e3", '"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '{"\\u0000": 1}', '{"\\ud800": 1}',
        "NaN", DEEP, DEEP * 200, "[" * 100_000, '{"a": 1, "a": 2}', '"\u202e\u200b"', '"\U000e0001"', "1E-400",
    ],
    ids=lambda value: value[:12],
)  # fmt: skip
async def test_metadata_is_kept_as_it_is_or_refused(serve: Serve, value: str) -> None:
    server = await serve(AUTH_ANONYMOUS_USERS_ENABLED="true")
    body = f'{{"metadata": {{"x": {value}}}}}'.encode()
    answer = await server.client.post("/signin/anonymous", content=body, headers={"Content-Type": "application/json"})
    if answer.status_code != 200:
        refused(answer, 400, "invalid-request")
        return
    kept = (await server.post("/token", {"refreshToken": answer.json()["session"]["refreshToken"]})).json()
    assert kept["user"]["metadata"] == json.loads(body)["metadata"]


async def test_a_body_may_be_a_mebibyte(serve: Serve) -> None:
    server = await serve(AUTH_ANONYMOUS_USERS_ENABLED="true")
    headers = {"Content-Type": "application/json"}
    body = b'{"metadata": {"x": "%s"}}'
    fits = body % (b"a" * (1_048_576 - len(body) + 2))
    assert (await server.client.post("/signin/anonymous", content=fits, headers=headers)).status_code == 200
    refused(await server.client.post("/signin/anonymous", content=fits + b" ", headers=headers), 400, "invalid-request")


# ---------------------------------------------------------------- shapes


async def test_a_session_and_its_user_have_exactly_these_fields(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    assert set(session) == {"accessToken", "accessTokenExpiresIn", "refreshToken", "refreshTokenId", "user"}
    user = session["user"]
    assert set(user) == USER_KEYS
    assert (user["metadata"], user["activeMfaType"], session["accessTokenExpiresIn"]) == (None, None, 900)
    assert datetime.fromisoformat(user["createdAt"]).tzinfo == UTC
    assert user["avatarUrl"].startswith("https://www.gravatar.com/avatar/")
    assert user["avatarUrl"].endswith("?d=blank&r=g")
    assert user["id"] == user["id"].lower()
    row = await sql.fetchrow("select * from auth.refresh_tokens where id = $1", session["refreshTokenId"])
    assert row["type"] == "regular"

    await sql.execute(
        "update auth.users set active_mfa_type = 'totp', phone_number = '+15550001234' where id = $1", user["id"]
    )
    await sql.execute("delete from auth.user_roles where user_id = $1 and role = 'user'", user["id"])
    seen = (await server.get("/user", session["accessToken"])).json()
    assert (seen["activeMfaType"], seen["phoneNumber"], seen["roles"]) == ("totp", "+15550001234", ["me"])
    renewed = (await server.post("/token", {"refreshToken": session["refreshToken"]})).json()
    assert set(renewed) == set(session), "the session itself, not wrapped"
    assert renewed["refreshTokenId"] == session["refreshTokenId"]
    assert renewed["user"]["activeMfaType"] is None
    assert "user" in renewed["user"]["roles"]


def test_gravatar_is_the_md5_of_the_lower_case_address() -> None:
    settings = read_settings({"AUTH_GRAVATAR_DEFAULT": "identicon", "AUTH_GRAVATAR_RATING": "pg"})
    wanted = "https://www.gravatar.com/avatar/0bc83cb571cd1c50ba6f3e8a78ef1346?d=identicon&r=pg"
    assert gravatar("MyEmailAddress@example.com", settings) == wanted
    assert gravatar("a@example.com", read_settings({"AUTH_GRAVATAR_ENABLED": "false"})) == ""


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("options", "came"),
    [
        ({}, ("user", ("me", "user"))),
        ({"allowedRoles": ["user"]}, ("user", ("user",))),
        ({"defaultRole": "me"}, ("me", ("me", "user"))),
        ({"defaultRole": "editor"}, "default-role-must-be-in-allowed-roles"),
        ({"allowedRoles": ["me"]}, "default-role-must-be-in-allowed-roles"),
        ({"allowedRoles": []}, "default-role-must-be-in-allowed-roles"),
        ({"allowedRoles": ["user", "admin"]}, "role-not-allowed"),
        ({"allowedRoles": ["admin"], "defaultRole": "admin"}, "role-not-allowed"),
        ({"allowedRoles": ["admin"], "redirectTo": "https://evil.test"}, "redirectTo-not-allowed"),
    ],
    ids=str,
)
def test_sign_up_options_are_checked_in_order(options: dict[str, Any], came: Any) -> None:
    settings = read_settings({"AUTH_CLIENT_URL": "https://app.test"})
    wanted, rules = msgspec.convert(options, SignUpOptions), RedirectRules(["https://app.test"])
    try:
        wishes = sign_up_wishes(wanted, "a@b.test", settings, rules)
    except Refused as fault:
        wishes, told = None, fault.code.refusal.code
    if wishes is None:
        assert told == came
        return
    assert (wishes.default_role, wishes.roles) == came
    assert (wishes.redirect_to, wishes.display_name, wishes.locale) == ("https://app.test", "a@b.test", "en")


LISTS = {
    "AUTH_ACCESS_CONTROL_BLOCKED_EMAILS": "blocked@good.test",
    "AUTH_ACCESS_CONTROL_ALLOWED_EMAILS": "Friend@bad.test, blocked@good.test",
    "AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS": "bad.test,both.test",
    "AUTH_ACCESS_CONTROL_ALLOWED_EMAIL_DOMAINS": "good.test,both.test",
}


@pytest.mark.parametrize(
    ("email", "may"),
    [
        ("any@good.test", True), ("ANY@GOOD.TEST", True), ("blocked@good.test", False), ("BLOCKED@Good.test", False),
        ("friend@bad.test", True), ("other@bad.test", False), ("any@both.test", False), ("any@else.test", False),
        ("any@sub.good.test", False), ("a@b@good.test", False), ("good.test", False),
    ],
)  # fmt: skip
def test_access_lists(email: str, may: bool) -> None:
    assert email_may_enter(email, read_settings(LISTS)) is may


@pytest.mark.parametrize("blocked", ["AUTH_ACCESS_CONTROL_BLOCKED_EMAILS", "AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS"])
def test_without_lists_of_who_may_everybody_else_may(blocked: str) -> None:
    assert email_may_enter("any@else.test", read_settings({blocked: "a@b.test,b.test"}))


async def test_who_is_kept_out_signs_in_no_more_and_renews(serve: Serve) -> None:
    address = new_address()
    session = await (await serve()).sign_up(address)
    server = await serve(AUTH_ACCESS_CONTROL_BLOCKED_EMAILS=address.upper())
    refused(await server.sign_in(address), 401, "invalid-email-password")
    refused(await server.get("/user", session["accessToken"]), 401, "invalid-email-password")
    assert (await server.post("/token", {"refreshToken": session["refreshToken"]})).status_code == 200


# ---------------------------------------------------------------- tokens


async def _twice(server: AuthServer, **second: str) -> tuple[httpx.Response, httpx.Response, dict[str, Any]]:
    """Renewed, and then again with the former token."""
    session = await server.sign_up()
    body = {"refreshToken": session["refreshToken"]}
    return await server.post("/token", body), await server.post("/token", body, **second), session


@pytest.mark.parametrize(
    ("grace", "headers", "is_given"),
    [
        ("browsers", ORIGIN, True),
        ("browsers", {}, False),
        ("all", {}, True),
        ("all", ORIGIN, True),
        ("off", ORIGIN, False),
    ],
)
async def test_the_former_token_within_the_interval(
    serve: Serve, grace: str, headers: dict[str, str], is_given: bool
) -> None:
    server = await serve(AUTH_REFRESH_TOKEN_GRACE=grace)
    first, again, _ = await _twice(server, **headers)
    if is_given:
        assert again.json()["refreshToken"] == first.json()["refreshToken"]
    else:
        refused(again, 401, "invalid-refresh-token")
    body = {"refreshToken": first.json()["refreshToken"]}
    assert (await server.post("/token", body)).status_code == 200, "the session was not ended"


async def test_beyond_the_interval_it_ends_the_session(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(AUTH_REFRESH_TOKEN_REUSE_INTERVAL="0", AUTH_REFRESH_TOKEN_GRACE="all")
    first, again, session = await _twice(server, **ORIGIN)
    refused(again, 401, "invalid-refresh-token")
    refused(await server.post("/token", {"refreshToken": first.json()["refreshToken"]}), 401, "invalid-refresh-token")
    assert not await sql.fetchval("select count(*) from auth.refresh_tokens where id = $1", session["refreshTokenId"])


async def test_a_session_has_a_hundred_former_tokens_at_most(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    token = session["refreshToken"]
    await sql.execute("update auth_engine.sessions set rotations = 98 where id = $1", session["refreshTokenId"])
    await sql.execute(
        "insert into auth_engine.former_tokens (session_id, number, token_hash) "
        "select $1, n, 'hash ' || n from generate_series(1, 98) n",
        session["refreshTokenId"],
    )
    for _ in range(5):
        token = (await server.post("/token", {"refreshToken": token})).json()["refreshToken"]
    kept = "select array_agg(number order by number) from auth_engine.former_tokens where session_id = $1"
    assert await sql.fetchval(kept, session["refreshTokenId"]) == list(range(4, 104))


async def test_a_session_ends_at_its_greatest_age(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(AUTH_SESSION_MAX_AGE="3600")
    session = await server.sign_up()
    body = {"refreshToken": session["refreshToken"]}
    renewed = (await server.post("/token", body)).json()
    aged = "update auth.refresh_tokens set created_at = now() - interval '61 minutes' where id = $1"
    await sql.execute(aged, session["refreshTokenId"])
    refused(await server.post("/token", {"refreshToken": renewed["refreshToken"]}), 401, "invalid-refresh-token")


async def test_a_token_in_the_body_is_checked_without_the_database(server: AuthServer, sql: asyncpg.Connection) -> None:
    session = await server.sign_up()
    token = session["accessToken"]
    await sql.execute("delete from auth.users where id = $1", session["user"]["id"])
    for written in (token, f"Bearer {token}"):
        assert (await server.post("/token/verify", {"token": written})).json() == "OK"
    refused(await server.post("/token/verify", {}, token), 401, "invalid-email-password")
    claims = jwt.decode(token, JWT_KEY, algorithms=["HS256"])
    for changed in ({"iss": "other"}, {"iat": claims["iat"] + 3600}, {"exp": claims["iat"] - 1}, {"exp": None}):
        said = {name: value for name, value in {**claims, **changed}.items() if value is not None}
        bad = jwt.encode(said, JWT_KEY)
        refused(await server.post("/token/verify", {"token": bad}), 400, "invalid-request")
        refused(await server.post("/token/verify", {"token": bad}, token), 400, "invalid-request")
    refused(await server.post("/token/verify"), 400, "invalid-request")
    refused(await server.post("/token/verify", {}, "nonsense"), 400, "invalid-request")


async def test_signing_out(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    session = await server.sign_up(address)
    pat = await server.post("/pat", {"expiresAt": "2099-01-01T00:00:00Z"}, session["accessToken"])
    count = "select count(*) from auth.refresh_tokens where user_id = $1"
    for body in ({}, {"refreshToken": ""}, {"all": True}, {"refreshToken": "", "all": False}):
        refused(await server.post("/signout", body), 400, "invalid-request")
        refused(await server.post("/signout", {"all": True}, "no token"), 400, "invalid-request")
    assert (await server.post("/signout", {"refreshToken": "nobody's", "unheardOf": 1}, "no token")).json() == "OK"
    assert await sql.fetchval(count, session["user"]["id"]) == 2
    other = (await server.sign_in(address)).json()["session"]
    assert (await server.post("/signout", {"refreshToken": other["refreshToken"]})).json() == "OK"
    assert await sql.fetchval(count, session["user"]["id"]) == 2
    assert (await server.post("/signout", {"all": True}, session["accessToken"])).json() == "OK"
    assert await sql.fetchval(count, session["user"]["id"]) == 0
    refused(
        await server.post("/signin/pat", {"personalAccessToken": pat.json()["personalAccessToken"]}), 401, "invalid-pat"
    )
    assert (await server.get("/user", session["accessToken"])).status_code == 200, "access tokens live on"


# ---------------------------------------------------------------- an ended session reads nothing lasting


async def test_a_provider_s_token_and_the_export_are_for_a_session_that_lives(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    """Who opened an account before its owner came must not fetch the owner's token at a provider afterwards."""
    session = await server.sign_up()
    token, kit = session["accessToken"], server.engine.kit
    link_id = await kit.store.providers.link(session["user"]["id"], "github", "the owner's")
    assert link_id is not None
    await keep_tokens(kit.store, kit, link_id, Tokens("the owner's token", seconds=3600))
    assert (await server.get("/user/providers/github/token", token)).json()["accessToken"] == "the owner's token"
    assert (await server.get("/user/export", token)).status_code == 200
    await sql.execute("delete from auth.refresh_tokens where user_id = $1", session["user"]["id"])
    refused(await server.get("/user/providers/github/token", token), 400, "invalid-request")
    refused(await server.get("/user/export", token), 400, "invalid-request")


async def test_an_ended_anonymous_session_takes_no_address(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(AUTH_ANONYMOUS_USERS_ENABLED="true")
    session = (await server.post("/signin/anonymous")).json()["session"]
    await server.post("/signout", {"refreshToken": session["refreshToken"]})
    body = {"signInMethod": "email-password", "email": new_address(), "password": PASSWORD}
    refused(await server.post("/user/deanonymize", body, session["accessToken"]), 400, "invalid-request")
    row = await sql.fetchrow("select * from auth.users where id = $1", session["user"]["id"])
    assert (row["is_anonymous"], row["email"], row["password_hash"]) == (True, None, None)
