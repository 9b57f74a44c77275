"""The auth engine served: beside the GraphQL engine, alone, by several workers; and what stops its start."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import httpx
import jwt
import pytest
from front.commands import Serving, run_usher

from usher.postgres import EmbeddedPostgres

Start = Callable[..., Serving]

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
KEY = "a key of the tests, long enough for everybody"
PASSWORD = "Str0ng-enough!"
SECRETS = {
    "HASURA_GRAPHQL_ADMIN_SECRET": "hush",
    "HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": KEY}),
}
SETTINGS = {
    **SECRETS,
    "AUTH_ENCRYPTION_KEYS": "an encryption key of the tests which is long enough",
    "AUTH_SERVER_URL": "http://127.0.0.1/v1/auth",
    "AUTH_CLIENT_URL": "http://app.test",
    "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "false",
    "AUTH_PG_CONNECTIONS": "4",
    "HASURA_GRAPHQL_PG_CONNECTIONS": "4",
}
NAMESPACE = "https://hasura.io/jwt/claims"
ALONE = "usher.auth_cli"
OWN = "{ users { id } }"


@pytest.fixture
def database(postgres: EmbeddedPostgres, example: str) -> Iterator[str]:
    """The example's database, to be spoilt by one test."""
    postgres.create_database("auth_front", "example")
    yield postgres.url("auth_front")
    postgres.drop_database("auth_front")


def post(address: str, body: Any = None, token: str | None = None, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    return httpx.post(address, json=body, headers=sent, timeout=20)


def sign_up(address: str, email: str) -> dict[str, Any]:
    answer = post(f"{address}/signup/email-password", {"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()["session"]
    return session


def ask(address: str, query: str, token: str) -> Any:
    return post(f"{address}/v1/graphql", {"query": query}, token).json()


def sees_itself(address: str, session: dict[str, Any]) -> bool:
    answer = ask(address, OWN, session["accessToken"])
    if answer == {"data": {"users": [{"id": session["user"]["id"]}]}}:
        return True
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "invalid-jwt"
    assert error["message"] == "Could not verify JWT: JWTRevoked"
    return False


async def within_a_second(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 1
    while not claim():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_mounted_both_engines_serve_one_user_and_a_disabled_one_is_refused_at_once(
    start: Start, database: str
) -> None:
    claims = {"orgs": "members[].orgId", "theme": "metadata.theme", "name": "displayName"}
    serving = start(
        *("serve", "--auth", "--port", 0, "--database-url", database),
        **{**SETTINGS, "AUTH_JWT_CUSTOM_CLAIMS": json.dumps(claims)},
    )
    (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
    auth = f"{address}/v1/auth"
    session = sign_up(auth, "one@example.test")
    token, user_id = session["accessToken"], session["user"]["id"]
    said = jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_iat": False})[NAMESPACE]
    assert (said["x-hasura-orgs"], said["x-hasura-theme"], said["x-hasura-name"]) == ("{}", "null", "one@example.test")
    assert sees_itself(address, session)

    connection = await asyncpg.connect(database)
    try:
        await connection.execute("update auth.users set disabled = true where id = $1", user_id)
        await within_a_second(lambda: not sees_itself(address, session))
        assert post(f"{auth}/token", {"refreshToken": session["refreshToken"]}).json()["error"] == "disabled-user"

        # Enabled again: what was issued before stays refused, what is issued now is taken.
        await asyncio.sleep(1.1)
        await connection.execute("update auth.users set disabled = false where id = $1", user_id)
        await asyncio.sleep(0.7)
        assert not sees_itself(address, session)
        again = post(f"{auth}/signin/email-password", {"email": "one@example.test", "password": PASSWORD}).json()
        assert sees_itself(address, again["session"])

        other = sign_up(auth, "two@example.test")
        assert sees_itself(address, other)
        await connection.execute("delete from auth.users where id = $1", other["user"]["id"])
        await within_a_second(lambda: not sees_it(address, other))
    finally:
        await connection.close()


def sees_it(address: str, session: dict[str, Any]) -> bool:
    """Whether the token is still taken; the user's rows are gone."""
    return "data" in ask(address, OWN, session["accessToken"])


async def test_a_lost_connection_is_made_again(start: Start, database: str) -> None:
    serving = start("serve", "--auth", "--port", 0, "--database-url", database, **SETTINGS)
    (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
    session = sign_up(f"{address}/v1/auth", "three@example.test")
    assert sees_itself(address, session)
    connection = await asyncpg.connect(database)
    try:
        ended = await connection.fetchval(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where application_name = 'auth-engine revoked' and datname = current_database()"
        )
        assert ended == 1
        await connection.execute("update auth.users set disabled = true where id = $1", session["user"]["id"])
        serving.wait_for("lost sight of disabled and deleted users")
        deadline = time.monotonic() + 3
        while sees_itself(address, session):
            assert time.monotonic() < deadline
    finally:
        await connection.close()


def test_a_rotated_key_is_taken_by_both_engines(start: Start, database: str) -> None:
    old, new = json.loads(SETTINGS["HASURA_GRAPHQL_JWT_SECRET"]), {"type": "HS512", "key": KEY[::-1] * 2}
    first = start("serve", "--auth", "--port", 0, "--database-url", database, **SETTINGS)
    (address,) = ADDRESS.findall(first.wait_for("Serving on"))
    before = sign_up(f"{address}/v1/auth", "four@example.test")
    first.stop()
    rotated = {**SETTINGS, "HASURA_GRAPHQL_JWT_SECRETS": json.dumps([new, old])}
    second = start("serve", "--auth", "--port", 0, "--database-url", database, **rotated)
    (address,) = ADDRESS.findall(second.wait_for("Serving on"))
    after = sign_up(f"{address}/v1/auth", "five@example.test")
    assert jwt.get_unverified_header(after["accessToken"])["alg"] == "HS512"
    for session in (before, after):
        assert sees_itself(address, session)
        assert httpx.get(
            f"{address}/v1/auth/user", headers={"Authorization": f"Bearer {session['accessToken']}"}
        ).is_success


def test_alone_it_serves_at_the_top_by_two_workers(start: Start, database: str) -> None:
    settings = {**SETTINGS, "AUTH_SERVER_URL": ""}
    serving = start("serve", "--workers", 2, "--port", 0, "--database-url", database, module=ALONE, **settings)
    (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
    assert serving.said.count("auth-engine: warning: AUTH_SERVER_URL is not set") == 1
    session = sign_up(address, "six@example.test")
    for _ in range(8):
        renewed = post(f"{address}/token", {"refreshToken": session["refreshToken"]})
        session = renewed.json()
        assert renewed.status_code == 200
    assert httpx.get(f"{address}/v1/graphql").status_code == 404


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "--auth needs HASURA_GRAPHQL_ADMIN_SECRET"),
        ({"HASURA_GRAPHQL_ADMIN_SECRET": "hush"}, "--auth needs HASURA_GRAPHQL_JWT_SECRET"),
        (
            {"HASURA_GRAPHQL_JWT_SECRETS": "[]"},
            "HASURA_GRAPHQL_JWT_SECRETS needs HASURA_GRAPHQL_ADMIN_SECRET beside it",
        ),
        ({**SECRETS, "AUTH_PORT": "a lot"}, "AUTH_PORT must be a whole number"),
        (SECRETS, "cannot reach the database"),
        ({**SECRETS, "AUTH_JWT_CUSTOM_CLAIMS": '{"x": "["}'}, "the path of x cannot be read"),
    ],
)
def test_what_stops_the_start_is_one_line(settings: dict[str, str], said: str) -> None:
    ended = run_usher("serve", "--auth", "--port", 0, "--database-url", "postgresql://127.0.0.1:9/none", **settings)
    assert ended.code == 1
    last = ended.error.strip().splitlines()[-1]
    assert last.startswith("usher: ")
    assert said in last
    assert "Traceback" not in ended.error


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "HASURA_GRAPHQL_JWT_SECRET is needed"),
        ({"HASURA_GRAPHQL_JWT_SECRET": '{"type": "HS256", "key": "short"}'}, "at least 32 characters"),
        ({"AUTH_RATE_LIMIT_STORE": "somewhere"}, "AUTH_RATE_LIMIT_STORE must be"),
    ],
)
def test_alone_too_and_no_secret_is_shown(settings: dict[str, str], said: str) -> None:
    ended = run_usher(
        *("serve", "--port", 0, "--database-url", "postgresql://127.0.0.1:9/none"), module=ALONE, **settings
    )
    assert ended.code == 1
    assert said in ended.error.strip().splitlines()[-1]
    assert "short" not in ended.error
    assert "Traceback" not in ended.error


def test_no_database_named_is_said(start: Start) -> None:
    ended = run_usher("serve", module=ALONE, **SECRETS)
    assert (ended.code, "which database?" in ended.error) == (1, True)


def test_settings_are_listed_with_secrets_masked() -> None:
    ended = run_usher(
        "settings", module=ALONE, AUTH_MFA_ENABLED="yes", AUTH_SMTP_PASS="whisper", AUTH_TYPO="1", **SECRETS
    )
    assert ended.code == 0
    lines = dict(line.split("=", 1) for line in ended.out.splitlines())
    assert lines["AUTH_MFA_ENABLED"] == "true"
    assert lines["AUTH_SMTP_PASS"] == lines["HASURA_GRAPHQL_JWT_SECRET"] == "(set)"
    assert lines["AUTH_ACCESS_TOKEN_EXPIRES_IN"] == "900"
    assert "AUTH_TYPO is not a setting of the auth engine" in ended.error
    for secret in ("whisper", "hush", KEY):
        assert secret not in ended.out + ended.error
