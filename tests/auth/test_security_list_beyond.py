"""The second half of test_security_list.py: A12–A22."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import httpx
import jwt
import pyotp
import pytest
import pytest_asyncio
from auth_kit import (
    ADMIN_SECRET,
    JWT_KEY,
    PASSWORD,
    AuthServer,
    Mailbox,
    Serve,
    link_of,
    new_address,
    opened,
    query_of,
    refused,
    ticket_of,
)
from authenticator_kit import Authenticator, amid_a_period, enrolled, ticket_for
from provider_stub import Browser, IdTokenSigner, ProviderStub, told
from security_kit import (
    HANDED_OUT,
    by_provider,
    comes,
    count_users,
    everything,
    holds,
    log_of,
    mailed,
    open_link,
    planting,
    renews,
    settings_with,
)

from auth_engine.core.types import TicketKind
from auth_engine.http.route import Access
from auth_engine.http.table import ROUTES
from auth_engine.net.outside import Unreachable

ADMIN = {"x-hasura-admin-secret": ADMIN_SECRET}
BROWSER = {"Accept": "text/html", "User-Agent": "Mozilla/5.0"}
EVIL = "evil.test"
SIGNER = IdTokenSigner.make()


@pytest.fixture(scope="module")
def stub() -> Iterator[ProviderStub]:
    with ProviderStub.open() as stub:
        yield stub


@pytest_asyncio.fixture(scope="module")
async def running(auth_database: str, smtp: Mailbox, stub: ProviderStub) -> AsyncIterator[AuthServer]:
    async with opened(auth_database, smtp, settings_with(stub)) as server:
        yield server


@pytest.fixture
def server(running: AuthServer, mailbox: Mailbox, stub: ProviderStub) -> AuthServer:
    stub.clear()
    stub.answers["/keys"] = (200, {"keys": [SIGNER.jwk]})
    running.client.cookies.clear()
    return running


async def test_a12_no_header_gets_into_a_mail(server: AuthServer) -> None:
    names = ("Host", "X-Forwarded-Host", "X-Forwarded-Server", "X-Original-Host", "Origin", "Referer")
    poison = {**dict.fromkeys(names, EVIL), "Forwarded": f"host={EVIL};proto=https", "X-Forwarded-Proto": "gopher"}
    session, address, newer = await server.sign_up(), new_address(), new_address()
    token, own = session["accessToken"], session["user"]["email"]
    await server.post("/user/email/send-verification-email", {"email": own}, **poison)
    await server.post("/user/password/reset", {"email": own}, **poison)
    await server.post("/signin/passwordless/email", {"email": address}, **poison)
    await server.post("/signin/otp/email", {"email": address}, **poison)
    await server.post("/user/email/change", {"newEmail": newer}, token, **poison)
    await server.post("/admin/users/invite", {"email": f"invited.{address}"}, **ADMIN, **poison)
    await server.post("/pat", {"expiresAt": "2040-01-01T00:00:00Z"}, token, **poison)
    assert len(server.mailbox.mails) >= 7
    for mail in server.mailbox.mails:
        assert EVIL not in mail.as_string(), mail["Subject"]
        assert "gopher" not in mail.as_string()
        assert link_of(mail).startswith("http://auth.test/verify?") or not link_of(mail)


# ---------------------------------------------------------------- levels, and what ends with what


def _elevated(session: dict[str, Any]) -> bool:
    claims = jwt.decode(session["accessToken"], JWT_KEY, algorithms=["HS256"])["https://hasura.io/jwt/claims"]
    return "x-hasura-auth-elevated" in claims


async def test_a13_one_factor_is_never_taken_for_two(server: AuthServer) -> None:
    await amid_a_period()
    session, secret = await enrolled(server)
    own = session["user"]["email"]
    # The first factor's ticket is no session, and no mailed link goes past the second factor.
    query = {"ticket": await ticket_for(server, session), "redirectTo": "https://app.test"}
    used = await server.client.get("/verify", params=query)
    assert query_of(used.headers["location"])["error"] == "invalid-ticket"
    link = await open_link(server, await mailed(server, "/signin/passwordless/email", own))
    assert set(query_of(link.headers["location"])) == {"mfaTicket", "type"}
    # Elevation is gone with the next renewal.
    answer = await server.post("/elevate/totp", {"code": pyotp.TOTP(secret).now()}, session["accessToken"])
    higher = answer.json()["session"]
    assert _elevated(higher)
    assert not _elevated((await server.post("/token", {"refreshToken": higher["refreshToken"]})).json())
    # The mailbox does not elevate what the mailbox opened.
    link = await open_link(server, await mailed(server, "/signin/passwordless/email", new_address()))
    token = query_of(link.headers["location"])["refreshToken"]
    opened = (await server.post("/token", {"refreshToken": token})).json()
    refused(await server.post("/elevate/otp/email", None, opened["accessToken"]), 400, "invalid-request")


async def test_a14_who_is_disabled_deleted_or_changed_their_password_is_out_at_once(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    disabled, deleted, changed = [await server.sign_up() for _ in range(3)]
    thief = (await server.sign_in(changed["user"]["email"])).json()["session"]
    expires = {"expiresAt": "2040-01-01T00:00:00Z"}
    pat = (await server.post("/pat", expires, disabled["accessToken"])).json()["personalAccessToken"]
    await server.post(f"/admin/users/{disabled['user']['id']}/disable", **ADMIN)
    await sql.execute("delete from auth.users where id = $1", deleted["user"]["id"])
    await server.post("/user/password", {"newPassword": "another one"}, changed["accessToken"])
    for gone in (disabled, deleted, thief):
        assert not await renews(server, gone)
    assert await renews(server, changed)
    refused(await server.post("/signin/pat", {"personalAccessToken": pat}), 401, "disabled-user")
    refused(await server.get("/user", disabled["accessToken"]), 401, "disabled-user")
    refused(await server.get("/user", deleted["accessToken"]), 401, "invalid-email-password")
    await server.post(f"/admin/users/{disabled['user']['id']}/enable", **ADMIN)
    assert not await renews(server, disabled), "enabled again, what was opened before stays ended"
    refused(await server.post("/signin/pat", {"personalAccessToken": pat}), 401, "invalid-pat")


async def test_a15_a_new_address_ends_what_went_to_the_old_one(server: AuthServer) -> None:
    session, newer = await server.sign_up(), new_address()
    old, token = session["user"]["email"], session["accessToken"]
    change = await mailed(server, "/user/email/change", newer, {"newEmail": newer}, token)
    elevation = ticket_of(await mailed(server, "/elevate/otp/email", old, {}, token))
    assert "refreshToken=" in (await open_link(server, change)).headers["location"]
    refused(await server.post("/elevate/otp/email/verify", {"otp": elevation}, token), 401, "invalid-ticket")
    # And the other way about: a ticket mailed before the change was confirmed ends the change.
    again = await mailed(server, "/user/email/change", old, {"newEmail": old}, token)
    reset = await mailed(server, "/user/password/reset", newer)
    assert query_of((await open_link(server, again)).headers["location"])["error"] == "invalid-ticket"
    assert "refreshToken=" in (await open_link(server, reset)).headers["location"]


async def test_a16_looking_at_a_link_does_not_redeem_it(server: AuthServer, sql: asyncpg.Connection) -> None:
    mail = await mailed(server, "/signin/passwordless/email", new_address())
    path = link_of(mail).removeprefix("http://auth.test")
    before = await sql.fetch("select u::text from auth.users u order by id")
    for headers in (BROWSER, {"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}):
        page = await server.get(path, **headers)
        assert page.status_code == 200
        assert "refreshToken" not in page.text
    assert (await server.client.head(path)).status_code == 404
    assert await sql.fetch("select u::text from auth.users u order by id") == before
    form = {"ticket": ticket_of(mail), "redirectTo": "https://app.test"}
    pressed = await server.client.post("/verify", data=form, headers=BROWSER)
    assert pressed.status_code == 303
    assert "refreshToken=" in pressed.headers["location"]


async def test_a17_nobody_chooses_their_own_rights(server: AuthServer, sql: asyncpg.Connection) -> None:
    await sql.execute("insert into auth.roles values ('admin') on conflict do nothing")
    before = await count_users(sql)
    for options in (
        {"allowedRoles": ["user", "admin"]},
        {"defaultRole": "admin"},
        {"allowedRoles": ["admin"], "defaultRole": "admin"},
    ):
        body = {"email": new_address(), "password": PASSWORD, "options": options}
        assert (await server.post("/signup/email-password", body)).status_code == 400
        mail_me = {"email": new_address(), "options": options}
        assert (await server.post("/signin/passwordless/email", mail_me)).status_code == 400
    for name, value in (("emailVerified", True), ("disabled", False), ("passwordHash", "x"), ("roles", ["admin"])):
        body = {"email": new_address(), "password": PASSWORD}
        refused(await server.post("/signup/email-password", {**body, name: value}), 400, "invalid-request")
        refused(await server.post("/signup/email-password", {**body, "options": {name: value}}), 400, "invalid-request")
    assert await count_users(sql) == before
    # What may be chosen changes no claim: metadata is data, and the token's roles come from the database.
    session = await server.sign_up(metadata={"roles": ["admin"], "x-hasura-role": "admin"})
    claims = jwt.decode(session["accessToken"], JWT_KEY, algorithms=["HS256"])["https://hasura.io/jwt/claims"]
    assert sorted(claims["x-hasura-allowed-roles"]) == ["me", "user"]
    assert claims["x-hasura-default-role"] == "user"


async def test_a18_what_opens_an_account_stands_nowhere(
    serve: Serve, stub: ProviderStub, sql: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the database, not in the log, not in an answer but the one that hands it out; mails that wait included."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "auth_engine")
    stub.clear()
    opened = await serve(**settings_with(stub), AUTH_SMS_PASSWORDLESS_ENABLED="true", AUTH_DEBUG="true")
    async with planting(opened, stub, sql) as planter:
        await planter.plant()
        assert len(planter.secrets) >= 25
        rows, said = await everything(sql), log_of(caplog)
        assert "refused: invalid-refresh-token" in said
        for name, secret in planter.secrets.items():
            found = [table for table, text in rows if holds(text, secret)]
            assert not found, f"{name} stands in {found}"
            assert not holds(said, secret), f"{name} stands in the log"
            answers = [path for path, text in planter.answers if holds(text, secret)]
            assert len(answers) == (1 if name in HANDED_OUT else 0), f"{name} stands in the answers of {answers}"
        hashes = await sql.fetch("select password_hash from auth.users where password_hash is not null")
        for (password_hash,) in hashes:
            assert not any(password_hash in text for _, text in planter.answers)


# ---------------------------------------------------------------- keys, calls, invitations, development


async def test_a19_a_key_s_answer_is_for_one_challenge_one_origin_and_counts_on(server: AuthServer) -> None:
    address, key = new_address(), Authenticator()
    options = (await server.post("/signup/webauthn", {"email": address})).json()
    assert (await server.post("/signup/webauthn/verify", {"credential": key.create(options)})).status_code == 200

    async def verify(**changed: Any) -> httpx.Response:
        options = (await server.post("/signin/webauthn", {"email": address})).json()
        for name, value in changed.items():
            setattr(key, name, value)
        answer = await server.post("/signin/webauthn/verify", {"credential": key.get(options)})
        key.origin, key.rp_id = "https://app.test", "app.test"
        return answer

    first = (await server.post("/signin/webauthn", {"email": address})).json()
    credential = key.get(first)
    assert (await server.post("/signin/webauthn/verify", {"credential": credential})).status_code == 200
    refused(await server.post("/signin/webauthn/verify", {"credential": credential}), 400, "invalid-request")
    for wrong in ({"origin": f"https://{EVIL}"}, {"origin": "http://app.test"}, {"rp_id": EVIL}, {"counter": 0}):
        refused(await verify(**wrong), 400, "invalid-request")
    assert (await verify(counter=50)).status_code == 200


async def test_a20_nothing_private_is_asked_on_a_stranger_s_word(server: AuthServer, stub: ProviderStub) -> None:
    outside = server.engine.kit.outside
    port = httpx.URL(stub.url).port
    for url in (stub.url, f"http://localhost:{port}/", f"http://[::ffff:127.0.0.1]:{port}/", "http://169.254.169.254/"):
        with pytest.raises(Unreachable):
            await outside.ask("GET", url, trusted=False)
    # An issuer may say where its keys are, but not that they are in our network under another name.
    assert "refreshToken" in await _by_issuer(server, stub, "good", stub.url)
    assert len(stub.to("/keys")) == 1
    assert "error" in await _by_issuer(server, stub, "bad", f"http://localhost:{port}")
    assert len(stub.to("/keys")) == 1
    # A redirect is not followed, even from an address that is trusted.
    stub.answers["/moved"], stub.headers["location"] = (302, {}), f"{stub.url}/keys"
    assert (await outside.ask("GET", f"{stub.url}/moved", trusted=True)).status == 302
    assert len(stub.to("/keys")) == 1


async def _by_issuer(server: AuthServer, stub: ProviderStub, name: str, keys: str) -> dict[str, str]:
    """Sign in at an issuer whose keys are said to be there; what the app is told."""
    issuer = f"{stub.url}/{name}"
    document = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{keys}/keys",
    }
    stub.answers[f"/{name}/.well-known/openid-configuration"] = (200, document)
    browser = Browser(server)
    gone = await browser.begin(name)
    claims = {"iss": issuer, "aud": "client", "sub": name, "nonce": gone.params["nonce"]}
    stub.answers[f"/{name}/token"] = (200, {"access_token": "theirs", "id_token": SIGNER.sign(claims)})
    return told(await browser.come_back(name, state=gone.params["state"], code="a code"))


async def test_a21_an_invitation_is_for_whoever_has_the_mailbox_once(server: AuthServer, stub: ProviderStub) -> None:
    address = new_address()
    answer = await server.post("/admin/users/invite", {"email": address}, **ADMIN)
    mail = server.mailbox.last(address)
    assert ticket_of(mail).startswith(TicketKind.PASSWORDLESS_EMAIL.value)
    assert ticket_of(mail) not in answer.text
    assert answer.json()["emailVerified"] is False
    # Nobody gets in by the address alone.
    taken = await server.post("/signup/email-password", {"email": address, "password": PASSWORD})
    refused(taken, 409, "email-already-in-use")
    refused(await server.sign_in(address, ""), 400, "invalid-request")
    refused(await server.sign_in(address), 401, "invalid-email-password")
    comes(stub, address, verified=False)
    assert told(await by_provider(server))["error"] == "email-already-in-use"
    accepted = query_of((await open_link(server, mail)).headers["location"])
    session = (await server.post("/token", {"refreshToken": accepted["refreshToken"]})).json()
    assert session["user"]["emailVerified"] is True
    assert query_of((await open_link(server, mail)).headers["location"])["error"] == "invalid-ticket"


async def test_a22_no_web_page_reads_the_mail_box_or_rides_on_a_cookie(serve: Serve) -> None:
    server = await serve(AUTH_DEV_MAIL_BOX="true", AUTH_SMTP_HOST="")
    session = await server.sign_up()
    await server.post("/user/password/reset", {"email": session["user"]["email"]})
    at_home = {"Host": "localhost:4000", "Accept": "application/json"}
    (mail,) = (await server.get("/dev/mail", **at_home)).json()["mails"]
    rebound = {**at_home, "Host": f"{EVIL}:4000"}
    for path in ("/dev/mail", f"/dev/mail/{mail['id']}"):
        assert (await server.get(path, **at_home)).status_code == 200
        for foreign in ({**at_home, "Origin": f"https://{EVIL}"}, rebound, {**at_home, "X-Forwarded-For": "192.0.2.1"}):
            refused(await server.get(path, **foreign), 404, "not-found")
    # CORS lets any page ask with credentials, so no route takes cookies for who is there.
    token = session["accessToken"]
    names = ("Authorization", "authorization", "accessToken", "access_token", "nhostSession", "session", "token", "jwt")
    cookies = {"Cookie": "; ".join([f"{name}={token}" for name in names] + [f"x-hasura-admin-secret={ADMIN_SECRET}"])}
    for route in ROUTES:
        if route.access in (Access.TOKEN, Access.ELEVATED, Access.ADMIN):
            path = route.path.format(id=session["user"]["id"], provider="discord")
            answer = await server.client.request(route.method, path, headers={**cookies, "Origin": f"https://{EVIL}"})
            wanted = (401, "invalid-admin-secret") if route.access is Access.ADMIN else (400, "invalid-request")
            refused(answer, *wanted)
    assert await renews(server, session)
