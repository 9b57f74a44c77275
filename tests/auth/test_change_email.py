"""Another address; verifying one again; signing up with one that is taken."""

from __future__ import annotations

import asyncpg
import pytest
from auth_kit import PASSWORD, AuthServer, Serve, new_address, refused
from mailed_kit import VERIFIED, StillClock, delivered, open_link, picture, templates_to, went_to, with_ports

CHANGE, SEND = "/user/email/change", "/user/email/send-verification-email"


async def test_the_address_moves_when_the_mail_is_opened(server: AuthServer, sql: asyncpg.Connection) -> None:
    old, new = new_address(), new_address()
    session = await server.sign_up(old)
    assert (await server.post(CHANGE, {"newEmail": new}, session["accessToken"])).text == '"OK"'
    row = await picture(sql, old)
    assert (row["new_email"], row["email_verified"]) == (new, False)
    assert server.mailbox.to(old) == []
    mail = server.mailbox.last(new)
    assert (mail["X-Email-Template"], mail["Subject"]) == ("email-confirm-change", "Change your email address")
    query = went_to(await open_link(server, new))
    assert query["type"] == "emailConfirmChange"
    moved = await picture(sql, new)
    assert (moved["id"], moved["new_email"], moved["email_verified"], moved["ticket"]) == (row["id"], None, True, None)
    assert (await server.post("/token", {"refreshToken": query["refreshToken"]})).json()["user"]["email"] == new
    refused(await server.sign_in(old), 401, "invalid-email-password")
    assert (await server.sign_in(new)).status_code == 200
    assert await templates_to(server, old, 1) == ["notice"]
    assert await templates_to(server, new, 2) == ["email-confirm-change", "notice"]


async def test_an_address_that_is_taken(server: AuthServer, sql: asyncpg.Connection) -> None:
    first, second, wanted = new_address(), new_address(), new_address()
    token = (await server.sign_up(first))["accessToken"]
    await server.sign_up(second)
    before = await picture(sql, first)
    for taken in (second.upper(), first):
        refused(await server.post(CHANGE, {"newEmail": taken}, token), 409, "email-already-in-use")
    assert await picture(sql, first) == before
    await server.post(CHANGE, {"newEmail": wanted}, token)
    await server.sign_up(wanted)
    assert went_to(await open_link(server, wanted))["error"] == "email-already-in-use"
    after = await picture(sql, first)
    assert (after["email"], after["ticket"], after["tokens"]) == (first, None, before["tokens"])


async def test_a_change_ends_what_the_old_address_was_mailed(serve: Serve) -> None:
    server = await serve(AUTH_EMAIL_PASSWORDLESS_ENABLED="true")
    old, new = new_address(), new_address()
    token = (await server.sign_up(old))["accessToken"]
    await server.post("/signin/passwordless/email", {"email": old})
    await delivered(server, old)
    await server.post(CHANGE, {"newEmail": new}, token)
    assert went_to(await open_link(server, old))["error"] == "invalid-ticket"
    assert "refreshToken" in went_to(await open_link(server, new))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"newEmail": "nobody"}, 400, "invalid-request"),
        ({"newEmail": "a@example.test", "userId": "1"}, 400, "invalid-request"),
        ({"newEmail": "a@example.test", "options": {"redirectTo": "https://e.test"}}, 400, "redirectTo-not-allowed"),
        ({"newEmail": "a@blocked.test"}, 401, "invalid-email-password"),
    ],
)
async def test_refused_changes(
    serve: Serve, sql: asyncpg.Connection, body: dict[str, object], status: int, code: str
) -> None:
    server, address = await serve(AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS="blocked.test"), new_address()
    token = (await server.sign_up(address))["accessToken"]
    before = await picture(sql, address)
    refused(await server.post(CHANGE, body, token), status, code)
    refused(await server.post(CHANGE, body), 400, "invalid-request")
    assert await picture(sql, address) == before
    assert server.mailbox.mails == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ("disabled = true", 401, "disabled-user"),
        ("email_verified = false", 401, "unverified-user"),
        ("is_anonymous = true", 403, "forbidden-anonymous"),
        (None, 401, "invalid-email-password"),
    ],
)
async def test_the_state_of_the_account(
    serve: Serve, sql: asyncpg.Connection, change: str | None, status: int, code: str
) -> None:
    open_door, server, address = await serve(), await serve(**VERIFIED), new_address()
    token = (await open_door.sign_up(address))["accessToken"]
    if change is None:
        await sql.execute("delete from auth.users where email = $1", address)
    else:
        await sql.execute(f"update auth.users set {change} where email = $1", address)
    refused(await server.post(CHANGE, {"newEmail": new_address()}, token), status, code)
    assert server.mailbox.mails == []


# ------------------------------------------------------------------------------------------ verifying an address again


async def test_the_verification_is_mailed_again(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(**VERIFIED), new_address()
    await server.post("/signup/email-password", {"email": address, "password": PASSWORD})
    options = {"redirectTo": "https://app.test/done"}
    assert (await server.post(SEND, {"email": address, "options": options})).text == '"OK"'
    rest = "select ticket_expires_at - now() from auth.users where email = $1"
    assert (await sql.fetchval(rest, address)).days == 29
    answer = await open_link(server, address)
    assert answer.headers["location"].startswith("https://app.test/done?refreshToken=")
    server.mailbox.clear()
    refused(await server.post(SEND, {"email": address}), 400, "email-already-verified")
    assert (await server.post(SEND, {"email": new_address()})).text == '"OK"'
    refused(await server.post(SEND, {"email": address, "options": {"redirectTo": "x"}}), 400, "redirectTo-not-allowed")
    await sql.execute("update auth.users set disabled = true where email = $1", address)
    refused(await server.post(SEND, {"email": address}), 401, "disabled-user")
    await sql.execute("update auth.users set disabled = false, is_anonymous = true where email = $1", address)
    refused(await server.post(SEND, {"email": address}), 403, "forbidden-anonymous")
    closed = await serve(**VERIFIED, AUTH_ACCESS_CONTROL_BLOCKED_EMAILS=address)
    await sql.execute("update auth.users set is_anonymous = false where email = $1", address)
    refused(await closed.post(SEND, {"email": address}), 401, "invalid-email-password")
    assert server.mailbox.mails == []


async def test_concealed_it_is_ok_for_everybody(serve: Serve, sql: asyncpg.Connection) -> None:
    server, address = await serve(**VERIFIED, AUTH_CONCEAL_ERRORS="true"), new_address()
    await server.post("/signup/email-password", {"email": address, "password": PASSWORD})
    for change in ("disabled = true", "disabled = false, email_verified = true", "is_anonymous = true"):
        await sql.execute(f"update auth.users set {change} where email = $1", address)
        before = await picture(sql, address)
        assert (await server.post(SEND, {"email": address})).text == '"OK"'
        assert await picture(sql, address) == before
    assert (await server.post(SEND, {"email": new_address()})).text == '"OK"'


# ------------------------------------------------------------------------------------ signing up with a taken address


async def test_concealed_a_taken_address_is_answered_like_a_free_one(serve: Serve, sql: asyncpg.Connection) -> None:
    still, address = StillClock(), new_address()
    opened = await serve(**VERIFIED, AUTH_CONCEAL_ERRORS="true", AUTH_EMAIL_ANSWER_WINDOW="300")
    server, answers = with_ports(opened, clock=still), []
    for each in (address, address, new_address()):
        answers.append(await server.post("/signup/email-password", {"email": each, "password": PASSWORD}))
        await templates_to(server, each, len(answers) if each == address else 1)
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, "{}")}
    assert still.waits == [0.3, 0.3, 0.3]
    assert await templates_to(server, address, 2) == ["email-verify", "notice"]
    assert await sql.fetchval("select count(*) from auth.users where email = $1", address) == 1


async def test_without_verification_a_taken_address_is_told_as_far_as_the_contract_goes(serve: Serve) -> None:
    server, address = await serve(AUTH_CONCEAL_ERRORS="true"), new_address()
    await server.sign_up(address)
    answer = await server.post("/signup/email-password", {"email": address, "password": PASSWORD})
    refused(answer, 400, "invalid-request")
    assert server.mailbox.to(address) == []
    told = await serve(**VERIFIED)
    answer = await told.post("/signup/email-password", {"email": address, "password": PASSWORD})
    refused(answer, 409, "email-already-in-use")
    assert server.mailbox.to(address) == []
