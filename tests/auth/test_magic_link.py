"""Signing in by a mailed link."""

from __future__ import annotations

import asyncpg
import pytest
from auth_kit import AuthServer, Serve, link_of, new_address, query_of, refused, ticket_of
from mailed_kit import delivered, path_of

ON = {"AUTH_EMAIL_PASSWORDLESS_ENABLED": "true", "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true"}
PATH = "/signin/passwordless/email"


async def ask(server: AuthServer, address: str, **options: object) -> None:
    body: dict[str, object] = {"email": address}
    if options:
        body["options"] = options
    answer = await server.post(PATH, body)
    assert (answer.status_code, answer.text) == (200, '"OK"')
    if server.mailbox.refuses is None:
        await delivered(server, address)


async def test_a_link_signs_somebody_new_up_and_in(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(**ON), new_address()
    await ask(server, address, redirectTo="https://app.test/in?b=2&a=1#part", displayName="Jane", metadata={"k": 1})
    stored = await sql.fetchrow(
        "select ticket, email_verified, ticket_expires_at - now() as rest from auth.users where email = $1", address
    )
    assert stored["ticket"].startswith("passwordlessEmail:")
    assert not stored["email_verified"]
    assert 3500 < stored["rest"].total_seconds() <= 3600
    mail = server.mailbox.last(address)
    assert mail["X-Email-Template"] == "signin-passwordless"
    assert query_of(link_of(mail)) == {
        "redirectTo": "https://app.test/in?b=2&a=1#part",
        "ticket": ticket_of(mail),
        "type": "signinPasswordless",
    }
    assert ticket_of(mail) != stored["ticket"]
    answer = await server.get(path_of(link_of(mail)))
    assert answer.status_code == 302
    location = answer.headers["location"]
    token = query_of(location)["refreshToken"]
    assert location == f"https://app.test/in?a=1&b=2&refreshToken={token}&type=passwordlessEmail#part"
    session = (await server.post("/token", {"refreshToken": token})).json()
    assert session["user"]["email"] == address
    assert session["user"]["emailVerified"] is True
    assert session["user"]["displayName"] == "Jane"
    again = await server.get(path_of(link_of(mail)))
    assert query_of(again.headers["location"])["error"] == "invalid-ticket"


async def test_somebody_known_keeps_what_they_are(serve: Serve) -> None:
    server = await serve(AUTH_EMAIL_PASSWORDLESS_ENABLED="true")
    address = new_address()
    session = await server.sign_up(address, displayName="Jane")
    await ask(server, address.upper(), displayName="Not Jane")
    answer = await server.get(path_of(link_of(server.mailbox.last(address))))
    token = query_of(answer.headers["location"])["refreshToken"]
    renewed = (await server.post("/token", {"refreshToken": token})).json()
    assert renewed["user"]["id"] == session["user"]["id"]
    assert renewed["user"]["displayName"] == "Jane"


async def test_a_new_link_takes_the_place_of_the_old_one(serve: Serve) -> None:
    server, address = await serve(**ON), new_address()
    await ask(server, address)
    await ask(server, address)
    first, second = (path_of(link_of(mail)) for mail in server.mailbox.to(address))
    assert "error=invalid-ticket" in (await server.get(first)).headers["location"]
    assert "refreshToken=" in (await server.get(second)).headers["location"]


@pytest.mark.parametrize("path", ["/signin/passwordless/email", "/signin/otp/email"])
@pytest.mark.parametrize(
    ("settings", "options", "status", "code"),
    [
        ({"AUTH_EMAIL_PASSWORDLESS_ENABLED": "", "AUTH_OTP_EMAIL_ENABLED": ""}, {}, 409, "disabled-endpoint"),
        ({}, {"redirectTo": "https://evil.test"}, 400, "redirectTo-not-allowed"),
        ({}, {"allowedRoles": ["admin"]}, 400, "role-not-allowed"),
        ({}, {"allowedRoles": ["me"], "defaultRole": "user"}, 400, "default-role-must-be-in-allowed-roles"),
        ({"AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS": "EXAMPLE.test"}, {}, 401, "invalid-email-password"),
        ({"AUTH_DISABLE_SIGNUP": "true"}, {}, 403, "signup-disabled"),
        ({"AUTH_DISABLE_NEW_USERS": "true"}, {}, 401, "disabled-user"),
    ],
)
async def test_refusals(
    serve: Serve,
    sql: asyncpg.Connection,
    path: str,
    settings: dict[str, str],
    options: dict[str, object],
    status: int,
    code: str,
) -> None:
    server, address = await serve(**{**ON, "AUTH_OTP_EMAIL_ENABLED": "true", **settings}), new_address()
    body = {"email": address, **({"options": options} if options else {})}
    refused(await server.post(path, body), status, code)
    row = await sql.fetchrow("select disabled, ticket from auth.users where email = $1", address)
    assert row is None if code != "disabled-user" else (row["disabled"], row["ticket"]) == (True, None)
    assert server.mailbox.to(address) == []


async def test_the_state_of_a_known_account_is_told(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(**ON, AUTH_OTP_EMAIL_ENABLED="true"), new_address()
    await ask(server, address)
    server.mailbox.clear()
    before = await sql.fetchval("update auth.users set disabled = true where email = $1 returning ticket", address)
    for path in (PATH, "/signin/otp/email"):
        refused(await server.post(path, {"email": address}), 401, "disabled-user")
    await sql.execute("update auth.users set disabled = false, is_anonymous = true where email = $1", address)
    refused(await server.post(PATH, {"email": address}), 403, "forbidden-anonymous")
    assert await sql.fetchval("select ticket from auth.users where email = $1", address) == before
    assert server.mailbox.to(address) == []


@pytest.mark.parametrize("path", [PATH, "/signin/otp/email"])
async def test_concealed_every_address_is_answered_alike(serve: Serve, sql: asyncpg.Connection, path: str) -> None:
    server = await serve(**ON, AUTH_OTP_EMAIL_ENABLED="true", AUTH_CONCEAL_ERRORS="true")
    disabled, fresh, blocked = new_address(), new_address(), f"blocked.{new_address()}"
    await ask(server, disabled)
    await sql.execute("update auth.users set disabled = true where email = $1", disabled)
    closed = await serve(
        **ON,
        AUTH_OTP_EMAIL_ENABLED="true",
        AUTH_CONCEAL_ERRORS="true",
        AUTH_DISABLE_SIGNUP="true",
        AUTH_ACCESS_CONTROL_BLOCKED_EMAILS=blocked,
    )
    server.mailbox.clear()
    for address in (disabled, fresh, blocked):
        answer = await closed.post(path, {"email": address})
        assert (answer.status_code, answer.text) == (200, '"OK"')
        assert server.mailbox.to(address) == []
        refused(
            await closed.post(path, {"email": address, "options": {"redirectTo": "https://evil.test"}}),
            400,
            "redirectTo-not-allowed",
        )
    assert await sql.fetchval("select count(*) from auth.users where email in ($1, $2)", fresh, blocked) == 0


async def test_beyond_the_recipients_limit_nothing_is_sent_and_nothing_changes(
    serve: Serve, sql: asyncpg.Connection
) -> None:
    server, address = await serve(**ON, AUTH_RATE_LIMIT_RECIPIENT="1/1h"), new_address()
    await ask(server, address)
    before = await sql.fetchval("select ticket from auth.users where email = $1", address)
    await ask(server, address)
    assert await sql.fetchval("select ticket from auth.users where email = $1", address) == before
    assert len(server.mailbox.to(address)) == 1


async def test_a_broken_mail_server_changes_nothing_in_the_answer(serve: Serve) -> None:
    server, address = await serve(**ON), new_address()
    server.mailbox.refuses = "451 later"
    await ask(server, address)
    assert server.mailbox.to(address) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "nobody"},
        {"email": 1},
        {"email": f"{'a' * 250}@example.test"},
        {"email": "a@example.test", "more": 1},
        {"email": "a@example.test", "options": {"locale": "eng"}},
        {"email": "a@example.test", "options": {"displayName": "x" * 33}},
        {"email": "a@example.test", "options": {"displayName": "a&b"}},
    ],
)
async def test_bodies_outside_the_contract(serve: Serve, body: dict[str, object]) -> None:
    server = await serve(**ON, AUTH_EMAIL_ANSWER_WINDOW="0")
    refused(await server.post(PATH, body), 400, "invalid-request")
