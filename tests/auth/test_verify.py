"""GET and POST /verify: mailed links, mail scanners, and the page between."""

from __future__ import annotations

import re

import asyncpg
import pyotp
import pytest
from auth_kit import AuthServer, Serve, link_of, new_address, refused, ticket_of
from mailed_kit import BROWSER, VERIFIED, delivered, open_link, path_of, picture, post_form, went_to

MAGIC = {"AUTH_EMAIL_PASSWORDLESS_ENABLED": "true"}


async def signed_up(server: AuthServer) -> str:
    """Somebody whose address has yet to be verified; the link is in the mailbox."""
    address = new_address()
    answer = await server.post("/signup/email-password", {"email": address, "password": "Str0ng-enough!"})
    assert (answer.status_code, answer.json()) == (200, {})
    await delivered(server, address)
    return address


async def test_the_mailed_link_verifies_and_signs_in_once(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**VERIFIED)
    address = await signed_up(server)
    refused(await server.sign_in(address), 401, "unverified-user")
    query = went_to(await open_link(server, address))
    assert query["type"] == "verifyEmail"
    assert (await server.post("/token", {"refreshToken": query["refreshToken"]})).status_code == 200
    assert (await server.sign_in(address)).status_code == 200
    before = await picture(sql, address)
    assert went_to(await open_link(server, address)) == {
        "error": "invalid-ticket",
        "errorDescription": "Invalid ticket",
    }
    assert await picture(sql, address) == before
    events = await sql.fetch("select event from auth_engine.audit where user_id = $1 order by id", before["id"])
    assert {"sign-up", "ticket-sent", "email-verified", "sign-in"} <= {row["event"] for row in events}


async def test_browsers_are_asked_first_and_the_button_does_it(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**VERIFIED)
    address = await signed_up(server)
    before, mail = await picture(sql, address), server.mailbox.last(address)
    page = await open_link(server, address, **BROWSER)
    assert page.status_code == 200
    assert await picture(sql, address) == before
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action" not in policy
    assert 'action="verify"' in page.text
    assert "<script" not in page.text
    assert "http" not in page.text.replace("https://app.test", "").replace("http-equiv", "")
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    assert form == {"redirectTo": "https://app.test", "ticket": ticket_of(mail)}
    query = went_to(await post_form(server, form), 303)
    assert query["type"] == "verifyEmail"
    assert (await server.post("/token", {"refreshToken": query["refreshToken"]})).status_code == 200
    assert went_to(await post_form(server, form), 303)["error"] == "invalid-ticket"


@pytest.mark.parametrize(
    ("confirm", "headers", "is_asked"),
    [
        ("browsers", {}, False),
        ("browsers", {"Accept": "*/*"}, False),
        ("browsers", {"Accept": "text/html"}, True),
        ("browsers", {"User-Agent": "Mozilla/5.0"}, True),
        ("browsers", {"Sec-Purpose": "prefetch;prerender"}, True),
        ("always", {}, True),
        ("never", BROWSER, False),
        ("never", {"Purpose": "prefetch"}, True),
        ("never", {"X-Moz": "prefetch"}, True),
    ],
)
async def test_who_is_asked(
    serve: Serve, sql: asyncpg.Connection, confirm: str, headers: dict[str, str], is_asked: bool
) -> None:
    server = await serve(**VERIFIED, AUTH_VERIFY_CONFIRM=confirm)
    address = await signed_up(server)
    before = await picture(sql, address)
    answer = await open_link(server, address, **headers)
    assert (answer.status_code == 200) is is_asked
    assert (await picture(sql, address) == before) is is_asked


async def test_head_is_no_way_to_open_a_link(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**VERIFIED)
    address = await signed_up(server)
    before = await picture(sql, address)
    assert (await server.client.head(path_of(link_of(server.mailbox.last(address))))).status_code == 404
    assert await picture(sql, address) == before


@pytest.mark.parametrize("headers", [{}, BROWSER])
async def test_what_cannot_be_redeemed_is_told_without_a_page(
    serve: Serve, sql: asyncpg.Connection, headers: dict[str, str]
) -> None:
    server = await serve(**VERIFIED)
    address = await signed_up(server)
    ticket = ticket_of(server.mailbox.last(address))
    uuid = ticket.partition(":")[2]
    stored = await sql.fetchval("select ticket from auth.users where email = $1", address)
    for query in ("", "ticket=" + ticket, "redirectTo=https://app.test", "ticket=&redirectTo=https://app.test"):
        refused(await server.get(f"/verify?{query}", **headers), 400, "invalid-request")
    for target in (
        "https://evil.test",
        "https://app.test@evil.test/",
        "https://app.test%0d%0aX:y",
        "//evil.test",
        "/x",
    ):
        answer = await server.get(f"/verify?ticket={ticket}&redirectTo={target}", **headers)
        assert answer.headers["location"] == (
            "https://app.test?error=redirectTo-not-allowed"
            "&errorDescription=The+value+of+%22options.redirectTo%22+is+not+allowed."
        )
    wrong = (
        f"signIn:{uuid}", uuid, f"passwordReset:{uuid}", f"mfaTotp:{uuid}", stored, "verifyEmail:", f"{ticket}%00",
        f"{ticket}%ED%A0%80" if not headers else "otp:1", "verifyEmail:%C3%A9",
    )  # fmt: skip
    for bad in wrong:
        answer = await server.get(f"/verify?ticket={bad}&redirectTo=https://app.test/p?x=1", **headers)
        if "%ED" in bad:
            refused(answer, 400, "invalid-request")
            continue
        expected = "https://app.test/p?error=invalid-ticket&errorDescription=Invalid+ticket&x=1"
        assert answer.headers["location"] == expected, bad
    assert await sql.fetchval("select ticket from auth.users where email = $1", address) == stored
    await sql.execute("update auth.users set ticket_expires_at = now() - interval '1 s' where email = $1", address)
    assert went_to(await open_link(server, address, **headers))["error"] == "invalid-ticket"


async def test_concealed_errors_are_concealed_in_redirects_too(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**VERIFIED, AUTH_CONCEAL_ERRORS="true")
    address = await signed_up(server)
    told = {"error": "invalid-request", "errorDescription": "The request payload is incorrect"}
    await sql.execute("update auth.users set disabled = true where email = $1", address)
    assert went_to(await open_link(server, address)) == told
    assert went_to(await open_link(server, address)) == told


async def test_a_disabled_user_gets_no_session(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**VERIFIED)
    address = await signed_up(server)
    await sql.execute("update auth.users set disabled = true where email = $1", address)
    assert went_to(await open_link(server, address))["error"] == "disabled-user"
    after = await picture(sql, address)
    assert (after["tokens"], after["email_verified"], after["ticket"]) == ([], False, None)


async def test_a_ticket_of_hasura_auth_works_as_it_was_stored(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**VERIFIED)
    address = await signed_up(server)
    plain = "verifyEmail:0b1f2d5a-8a0e-4f0d-9d0c-6d2f5a1b2c3d"
    await sql.execute("update auth.users set ticket = $2 where email = $1", address, plain)
    answer = await server.get(f"/verify?ticket={plain}&redirectTo=https://app.test")
    assert "refreshToken" in went_to(answer)


async def test_compatible_writes_store_what_hasura_auth_reads(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**VERIFIED, AUTH_PEER_COMPATIBLE_WRITES="true")
    address = await signed_up(server)
    ticket = ticket_of(server.mailbox.last(address))
    assert await sql.fetchval("select ticket from auth.users where email = $1", address) == ticket
    assert "refreshToken" in went_to(await open_link(server, address))


async def test_the_page_speaks_the_users_language_and_escapes(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**VERIFIED)
    address = await signed_up(server)
    await sql.execute("update auth.users set locale = 'fr' where email = $1", address)
    ticket = ticket_of(server.mailbox.last(address))
    target = "https://app.test/?a='%26b"
    page = await server.get(f"/verify?ticket={ticket}&redirectTo={target}", **BROWSER)
    assert "Cette adresse est-elle la vôtre" in page.text
    assert 'value="https://app.test/?a=&#x27;&amp;b"' in page.text


async def test_the_form_is_a_form(serve: Serve) -> None:
    server = await serve(AUTH_SIGNIN_FAILURE_STEP="0")
    refused(await server.post("/verify", {"ticket": "a", "redirectTo": "https://app.test"}), 400, "invalid-request")
    refused(await post_form(server, {"ticket": "a"}), 400, "invalid-request")
    refused(await post_form(server, {"redirectTo": "https://app.test"}), 400, "invalid-request")
    stray = await post_form(server, {"ticket": "verifyEmail:1", "redirectTo": "https://evil.test"})
    assert went_to(stray, 303)["error"] == "redirectTo-not-allowed"
    unknown = await post_form(server, {"ticket": "verifyEmail:1", "redirectTo": "https://app.test", "more": "x"})
    assert went_to(unknown, 303)["error"] == "invalid-ticket"


async def test_without_a_client_address_a_stray_target_is_refused(serve: Serve) -> None:
    server = await serve(AUTH_CLIENT_URL="", AUTH_ACCESS_CONTROL_ALLOWED_REDIRECT_URLS="https://app.test")
    answer = await server.get("/verify?ticket=verifyEmail:1&redirectTo=https://evil.test")
    refused(answer, 400, "redirectTo-not-allowed")


# ------------------------------------------------------------------------------------------------ the second factor


async def with_totp(server: AuthServer, sql: asyncpg.Connection) -> tuple[str, pyotp.TOTP]:
    """Somebody with TOTP, as Hasura Auth stores it."""
    address, secret = new_address(), pyotp.random_base32()
    await server.sign_up(address)
    await sql.execute(
        "update auth.users set totp_secret = $2, active_mfa_type = 'totp', email_verified = true where email = $1",
        address,
        secret,
    )
    return address, pyotp.TOTP(secret)


async def test_a_link_asks_for_the_second_factor(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**MAGIC, AUTH_MFA_ENABLED="true")
    address, totp = await with_totp(server, sql)
    await server.post("/signin/passwordless/email", {"email": address})
    query = went_to(await open_link(server, address))
    assert set(query) == {"mfaTicket", "type"}
    assert query["type"] == "passwordlessEmail"
    answer = await server.post("/signin/mfa/totp", {"ticket": query["mfaTicket"], "otp": totp.now()})
    assert answer.json()["session"]["user"]["email"] == address


async def test_the_page_asks_for_the_code_itself(serve: Serve, sql: asyncpg.Connection) -> None:
    server = await serve(**MAGIC, AUTH_MFA_ENABLED="true")
    address, totp = await with_totp(server, sql)
    await server.post("/user/password/reset", {"email": address})
    page = await open_link(server, address, **BROWSER)
    assert 'name="otp"' in page.text
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    again = await post_form(server, {**form, "otp": "000000" if totp.now() != "000000" else "000001"})
    assert again.status_code == 200
    assert 'role="alert"' in again.text
    assert "refreshToken" not in again.text
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', again.text))
    assert form["type"] == "passwordReset"
    query = went_to(await post_form(server, {**form, "otp": totp.now()}), 303)
    assert query["type"] == "passwordReset"
    assert (await server.post("/token", {"refreshToken": query["refreshToken"]})).status_code == 200
    assert went_to(await post_form(server, {**form, "otp": totp.now()}), 303)["error"] == "invalid-ticket"
