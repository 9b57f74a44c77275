"""A new password: by an access token, by the ticket of a reset mail, by the session that a reset link opened."""

from __future__ import annotations

import asyncpg
import pytest
from auth_kit import PASSWORD, AuthServer, Serve, new_address, refused, ticket_of
from mailed_kit import StillClock, delivered, open_link, picture, templates_to, went_to, with_ports

NEW = "an0ther-Str0ng-one"


async def reset(server: AuthServer, address: str) -> None:
    answer = await server.post("/user/password/reset", {"email": address})
    assert (answer.status_code, answer.text) == (200, '"OK"')


async def make_pat(sql: asyncpg.Connection, user_id: str) -> None:
    insert = "insert into auth.refresh_tokens (user_id, type, expires_at) values ($1, 'pat', now() + interval '1 day')"
    await sql.execute(insert, user_id)


async def kinds_of_tokens(sql: asyncpg.Connection, user_id: str) -> list[str]:
    rows = await sql.fetch("select type from auth.refresh_tokens where user_id = $1 order by type", user_id)
    return [row["type"] for row in rows]


async def event_of(sql: asyncpg.Connection, user_id: str) -> str:
    find = "select detail ->> 'reset' from auth_engine.audit where user_id = $1 and event = 'password-changed'"
    return str(await sql.fetchval(find, user_id))


async def test_the_ticket_sets_a_password_once_and_ends_everything(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    session = await server.sign_up(address)
    user_id = session["user"]["id"]
    await make_pat(sql, user_id)
    await reset(server, address)
    await delivered(server, address)
    mail = server.mailbox.last(address)
    assert (mail["X-Email-Template"], mail["Subject"]) == ("password-reset", "Reset your password")
    ticket = ticket_of(mail)
    assert (await server.post("/user/password", {"newPassword": NEW, "ticket": ticket})).text == '"OK"'
    assert await kinds_of_tokens(sql, user_id) == []
    assert await event_of(sql, user_id) == "true"
    refused(await server.sign_in(address), 401, "invalid-email-password")
    assert (await server.sign_in(address, NEW)).status_code == 200
    refused(await server.post("/user/password", {"newPassword": PASSWORD, "ticket": ticket}), 401, "invalid-ticket")
    assert (await server.sign_in(address, NEW)).status_code == 200
    assert await templates_to(server, address, 2) == ["password-reset", "notice"]


async def test_a_refused_password_does_not_burn_the_ticket(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(AUTH_PASSWORD_MIN_LENGTH="9"), new_address()
    await server.sign_up(address)
    await reset(server, address)
    await delivered(server, address)
    before, ticket = await picture(sql, address), ticket_of(server.mailbox.last(address))
    refused(
        await server.post("/user/password", {"newPassword": "12345678", "ticket": ticket}), 400, "password-too-short"
    )
    for bad in ("12", "x" * 1025):
        refused(await server.post("/user/password", {"newPassword": bad, "ticket": ticket}), 400, "invalid-request")
    assert await picture(sql, address) == before
    assert (await server.post("/user/password", {"newPassword": "ä" * 1024, "ticket": ticket})).text == '"OK"'
    assert (await server.sign_in(address, "ä" * 1024)).status_code == 200


async def test_a_token_keeps_its_own_session_and_the_pats(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    await server.sign_up(address)
    session = (await server.sign_in(address)).json()["session"]
    user_id = session["user"]["id"]
    await make_pat(sql, user_id)
    answer = await server.post("/user/password", {"newPassword": NEW}, session["accessToken"])
    assert answer.text == '"OK"'
    assert await kinds_of_tokens(sql, user_id) == ["pat", "regular"]
    assert (await server.post("/token", {"refreshToken": session["refreshToken"]})).status_code == 200
    assert await event_of(sql, user_id) == "false"
    assert (await server.sign_in(address, NEW)).status_code == 200


async def test_the_session_of_a_reset_link_resets(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    user_id = (await server.sign_up(address))["user"]["id"]
    await make_pat(sql, user_id)
    await reset(server, address)
    query = went_to(await open_link(server, address))
    assert query["type"] == "passwordReset"
    session = (await server.post("/token", {"refreshToken": query["refreshToken"]})).json()
    assert (await server.post("/user/password", {"newPassword": NEW}, session["accessToken"])).text == '"OK"'
    assert await kinds_of_tokens(sql, user_id) == ["regular"]
    assert (await server.post("/token", {"refreshToken": session["refreshToken"]})).status_code == 200


async def test_a_change_ends_the_tickets_that_hang_on_the_old_password(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    address, elsewhere = new_address(), new_address()
    session = await server.sign_up(address)
    token = session["accessToken"]
    await server.post("/user/email/change", {"newEmail": elsewhere}, token)
    await server.post("/user/password", {"newPassword": NEW}, token)
    assert went_to(await open_link(server, elsewhere))["error"] == "invalid-ticket"
    row = await picture(sql, address)
    assert (row["new_email"], row["ticket"]) == (None, None)


async def test_neither_token_nor_ticket(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    await server.sign_up(address)
    await reset(server, address)
    await delivered(server, address)
    before, ticket = await picture(sql, address), ticket_of(server.mailbox.last(address))
    uuid = ticket.partition(":")[2]
    refused(await server.post("/user/password", {"newPassword": NEW}), 400, "invalid-request")
    refused(await server.post("/user/password", {"newPassword": NEW}, "no.such.token"), 400, "invalid-request")
    refused(await server.post("/user/password", {"newPassword": NEW, "ticket": uuid}), 400, "invalid-request")
    for bad in (before["ticket"], "passwordReset:", f"passwordReset:{uuid[:-1]}0", "passwordReset:\0"):
        answer = await server.post("/user/password", {"newPassword": NEW, "ticket": bad})
        assert answer.status_code in (400, 401), answer.text
    assert await picture(sql, address) == before
    await sql.execute("update auth.users set ticket_expires_at = now() where email = $1", address)
    refused(await server.post("/user/password", {"newPassword": NEW, "ticket": ticket}), 401, "invalid-ticket")
    assert (await server.sign_in(address)).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ("disabled = true", 401, "disabled-user"),
        ("email_verified = false", 401, "unverified-user"),
        ("is_anonymous = true", 403, "forbidden-anonymous"),
    ],
)
async def test_the_state_of_the_account(
    serve: Serve, sql: asyncpg.Connection, change: str, status: int, code: str
) -> None:
    open_door, server = await serve(), await serve(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    address = new_address()
    token = (await open_door.sign_up(address))["accessToken"]
    await reset(open_door, address)
    await delivered(server, address)
    ticket = ticket_of(server.mailbox.last(address))
    await sql.execute(f"update auth.users set {change} where email = $1", address)
    before = await picture(sql, address)
    refused(await server.post("/user/password", {"newPassword": NEW, "ticket": ticket}), status, code)
    refused(await server.post("/user/password", {"newPassword": NEW}, token), status, code)
    server.mailbox.clear()
    if code != "forbidden-anonymous":
        await reset(server, address)
        assert await picture(sql, address) == before
    assert server.mailbox.to(address) == []


async def test_an_address_kept_out_by_the_lists(serve: Serve) -> None:
    server, address = await serve(), new_address()
    token = (await server.sign_up(address))["accessToken"]
    closed = await serve(AUTH_ACCESS_CONTROL_BLOCKED_EMAILS=address)
    refused(await closed.post("/user/password", {"newPassword": NEW}, token), 401, "invalid-email-password")


async def test_a_token_that_is_not_elevated_leaves_the_ticket(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(AUTH_REQUIRE_ELEVATED_CLAIM="required"), new_address()
    token = (await server.sign_up(address))["accessToken"]
    refused(await server.post("/user/password", {"newPassword": NEW}, token), 400, "invalid-request")
    await reset(server, address)
    await delivered(server, address)
    ticket = ticket_of(server.mailbox.last(address))
    assert (await server.post("/user/password", {"newPassword": NEW, "ticket": ticket}, token)).text == '"OK"'
    assert (await server.sign_in(address, NEW)).status_code == 200


async def test_reset_answers_alike_for_every_address(serve: Serve) -> None:
    still, address = StillClock(), new_address()
    server = with_ports(await serve(AUTH_EMAIL_ANSWER_WINDOW="100"), clock=still)
    await server.sign_up(address)
    server.mailbox.refuses = "451 later"
    for each in (address, new_address()):
        await reset(server, each)
    assert still.waits == [0.1, 0.1]
    refused(
        await server.post("/user/password/reset", {"email": address, "options": {"redirectTo": "https://evil.test"}}),
        400,
        "redirectTo-not-allowed",
    )
    refused(await server.post("/user/password/reset", {"email": "nobody"}), 400, "invalid-request")
