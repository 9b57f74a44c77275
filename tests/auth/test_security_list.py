"""What went wrong elsewhere: one decisive scenario for each entry of the list of security bugs of other auth engines
(A1–A22). Other files look at most of them more deeply."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx
import jwt
import pytest
import pytest_asyncio
from auth_kit import (
    JWT_KEY,
    PASSWORD,
    AuthServer,
    Mailbox,
    Serve,
    new_address,
    opened,
    query_of,
    refused,
    ticket_of,
)
from provider_stub import Browser, IdTokenSigner, ProviderStub, session_of, told
from security_kit import (
    by_provider,
    comes,
    count_users,
    mailed,
    open_link,
    renews,
    settings_with,
)

from auth_engine.http.table import ROUTES

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


# ---------------------------------------------------------------- providers


async def test_a01_an_unverified_address_of_a_provider_opens_no_account(
    server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    address = new_address()
    squatter = await server.sign_up(address)
    comes(stub, address, verified=False)
    assert told(await by_provider(server))["error"] == "email-already-in-use"
    linked = "select count(*) from auth.user_providers where user_id = $1"
    assert await sql.fetchval(linked, squatter["user"]["id"]) == 0
    # The owner, for whom the provider vouches, finds nothing that the squatter put there.
    comes(stub, address, verified=True)
    owner = await session_of(server, await by_provider(server))
    assert owner["user"]["id"] == squatter["user"]["id"]
    assert not await renews(server, squatter)
    assert (await server.sign_in(address)).status_code == 401


async def test_a02_an_id_token_counts_from_its_issuer_for_us_and_for_this_attempt(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    nonce = "a nonce of the app"
    claims = {
        "iss": "https://accounts.google.com",
        "aud": "our app",
        "sub": "4711",
        "email": new_address(),
        "email_verified": True,
        "nonce": hashlib.sha256(nonce.encode()).hexdigest(),
    }
    body = {"provider": "google", "idToken": SIGNER.sign(claims), "nonce": nonce}
    before = await count_users(sql)
    for wrong in (
        {"idToken": SIGNER.sign({**claims, "iss": "https://issuer.evil.test"})},
        {"idToken": SIGNER.sign({**claims, "iss": "https://appleid.apple.com"})},
        {"idToken": SIGNER.sign({**claims, "aud": "another app"})},
        {"idToken": IdTokenSigner.make().sign(claims)},
        {"nonce": "another nonce"},
    ):
        refused(await server.post("/signin/idtoken", {**body, **wrong}), 400, "invalid-request")
    without = {name: value for name, value in body.items() if name != "nonce"}
    refused(await server.post("/signin/idtoken", without), 400, "invalid-request")
    assert (await server.post("/signin/idtoken", {**body, "provider": "apple"})).status_code == 409
    assert await count_users(sql) == before
    assert (await server.post("/signin/idtoken", body)).status_code == 200


async def test_a03_a_state_is_bound_to_the_browser_and_used_once(
    server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    comes(stub, new_address(), verified=True)
    before, victim, attacker = await count_users(sql), Browser(server), Browser(server)
    gone = await attacker.begin("discord")
    state = gone.params["state"]
    assert gone.params["code_challenge_method"] == "S256"
    for browser, said in ((victim, state), (attacker, state[:-1] + "x"), (attacker, jwt.encode({}, JWT_KEY))):
        assert told(await browser.come_back("discord", state=said, code="a code"))["error"] == "invalid-state"
    assert (stub.asked, await count_users(sql)) == ([], before)
    assert await session_of(server, await attacker.come_back("discord", state=state, code="a code"))
    again = await attacker.come_back("discord", state=state, code="another code")
    assert told(again)["error"] == "invalid-state"
    assert len(stub.to("/token")) == 1
    assert len(stub.to("/token")[0].form["code_verifier"]) >= 43


# ---------------------------------------------------------------- one use, and tries


async def test_a04_a_ticket_is_redeemed_once_however_many_try_at_once(
    server: AuthServer, sql: asyncpg.Connection
) -> None:
    address = new_address()
    mail = await mailed(server, "/signin/passwordless/email", address)
    answers = await asyncio.gather(*(open_link(server, mail) for _ in range(20)))
    assert sum("refreshToken=" in answer.headers["location"] for answer in answers) == 1
    count = "select count(*) from auth.refresh_tokens t join auth.users u on u.id = t.user_id where u.email = $1"
    assert await sql.fetchval(count, address) == 1


async def test_a05_a_replayed_refresh_token_ends_the_family_and_a_lost_answer_does_not(server: AuthServer) -> None:
    session = await server.sign_up()
    first = {"refreshToken": session["refreshToken"]}
    second = (await server.post("/token", first)).json()
    # The answer was lost, or another tab asks: the same successor, and nothing ends.
    again = (await server.post("/token", first, Origin="https://app.test")).json()
    assert again["refreshToken"] == second["refreshToken"]
    third = (await server.post("/token", {"refreshToken": second["refreshToken"]})).json()
    refused(await server.post("/token", first), 401, "invalid-refresh-token")
    assert not await renews(server, third)
    refused(await server.post("/token", {"refreshToken": str(uuid.uuid4())}), 401, "invalid-refresh-token")


async def test_a06_there_is_no_provider_role_to_attack(server: AuthServer) -> None:
    words = ("authorize", "introspect", "userinfo", "register", "openid-configuration", "oauth", "revocation")
    assert not [route.path for route in ROUTES if any(word in route.path for word in words)]
    for path in (
        "/authorize",
        "/oauth/token",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ):
        refused(await server.get(path), 404, "not-found")
    grant = await server.client.post("/token", data={"grant_type": "authorization_code", "code": "x"})
    refused(grant, 400, "invalid-request")


async def test_a07_the_acting_user_is_the_token_s(server: AuthServer, sql: asyncpg.Connection) -> None:
    victim, attacker = await server.sign_up(), await server.sign_up()
    row = "select u::text from auth.users u where id = $1"
    before = await sql.fetchval(row, victim["user"]["id"])
    bodies = {
        "/user/password": {"newPassword": "taken over"},
        "/user/email/change": {"newEmail": new_address()},
        "/pat": {"expiresAt": "2040-01-01T00:00:00Z"},
    }
    for path, body in bodies.items():
        for name in ("userId", "user_id", "id", "sub"):
            answer = await server.post(path, {**body, name: victim["user"]["id"]}, attacker["accessToken"])
            refused(answer, 400, "invalid-request")
    answer = await server.post("/user/sessions/revoke", {"id": victim["refreshTokenId"]}, attacker["accessToken"])
    assert answer.status_code >= 400
    answer = await server.get(f"/user?id={victim['user']['id']}", attacker["accessToken"])
    assert answer.json()["id"] == attacker["user"]["id"]
    assert await sql.fetchval(row, victim["user"]["id"]) == before
    assert await renews(server, victim)


async def test_a08_known_and_unknown_addresses_are_told_the_same(serve: Serve, stub: ProviderStub) -> None:
    """In the same time too: test_equal_work.py."""
    concealing = await serve(**settings_with(stub), AUTH_CONCEAL_ERRORS="true")
    known, unknown = new_address(), new_address()
    await concealing.sign_up(known)
    for path, more in (
        ("/signin/email-password", {"password": "wrong"}),
        ("/signin/otp/email/verify", {"otp": "000000"}),
        ("/user/password/reset", {}),
        ("/user/email/send-verification-email", {}),
        ("/signin/passwordless/email", {}),
        ("/signin/otp/email", {}),
    ):
        answers = [await concealing.post(path, {"email": each, **more}) for each in (known, unknown)]
        assert len({(answer.status_code, answer.content) for answer in answers}) == 1, path


async def test_a09_a_code_bears_five_guesses(server: AuthServer) -> None:
    address = new_address()
    code = ticket_of(await mailed(server, "/signin/otp/email", address))
    wrong = [f"{number:06}" for number in range(6) if f"{number:06}" != code][:5]
    for each in (*wrong, code):
        answer = await server.post("/signin/otp/email/verify", {"email": address, "otp": each})
        refused(answer, 401, "invalid-ticket")
    fresh = ticket_of(await mailed(server, "/signin/otp/email", address))
    assert (await server.post("/signin/otp/email/verify", {"email": address, "otp": fresh})).status_code == 200


async def test_a10_limits_know_who_asks_and_for_what(serve: Serve) -> None:
    limited = await serve(
        AUTH_RATE_LIMIT_ENABLE="true", AUTH_RATE_LIMIT_BRUTE_FORCE_BURST="5", AUTH_TRUSTED_PROXIES="127.0.0.1"
    )
    body = {"personalAccessToken": str(uuid.uuid4())}

    async def statuses(addresses: list[str], path: str = "/signin/pat") -> list[int]:
        asked = [limited.post(path, body, **{"X-Forwarded-For": each}) for each in addresses]
        return sorted(answer.status_code for answer in await asyncio.gather(*asked))

    # One network of IPv6 is one client, and what the client itself writes before its address is not believed.
    network = [f"2001:db8:0:1::{number:x}" for number in range(1, 13)]
    assert await statuses(network) == [401] * 5 + [429] * 7
    assert await statuses([f"198.51.100.{number}, 192.0.2.77" for number in range(12)]) == [401] * 5 + [429] * 7
    for detour in ("http://auth.test//signin/pat", "/signin//pat", "/signin/pat/", "/SIGNIN/pat", "/signin%2Fpat"):
        assert await statuses(["192.0.2.78"], detour) == [404]
    # Another way in has the same counter.
    assert await statuses(["192.0.2.77"], "/signin/email-password") == [429]


async def test_a10b_nobody_is_locked_out_by_strangers(serve: Serve, stub: ProviderStub) -> None:
    server = await serve(**settings_with(stub), AUTH_TRUSTED_PROXIES="127.0.0.1", AUTH_RATE_LIMIT_ACCOUNT="3/5m")
    address, home = new_address(), {"X-Forwarded-For": "192.0.2.10"}
    signed_up = await server.post("/signup/email-password", {"email": address, "password": PASSWORD}, **home)
    body = {"email": address, "password": "a guess"}
    for number in range(6):
        answer = await server.post("/signin/email-password", body, **{"X-Forwarded-For": f"203.0.113.{number}"})
        assert answer.status_code == (401 if number < 3 else 429)
    assert signed_up.status_code == 200
    assert (await server.post("/signin/email-password", {**body, "password": PASSWORD}, **home)).status_code == 200
    # From a place where the owner never was, by their mailbox.
    opened_link = await open_link(server, await mailed(server, "/signin/passwordless/email", address))
    assert "refreshToken=" in opened_link.headers["location"]


# ---------------------------------------------------------------- where things lead


TARGETS = [
    "https://evil.test", "//evil.test", "https:evil.test", "https://app.test.evil.test", "https://app.test@evil.test/",
    "https://evil.test\\@app.test", "https://app.test\\.evil.test", "https://evil.test/#https://app.test",
    "http://app.test", "https://app.test:444", "https://аpp.test", "javascript:alert(1)//https://app.test",
    "https://app.test%2eevil.test", "https://app.test\t.evil.test", "https://app.test\r\nLocation: https://evil.test",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
async def test_a11_no_redirect_leads_away(server: AuthServer, target: str) -> None:
    address = new_address()
    mail = await mailed(server, "/signin/passwordless/email", address)
    stray = await server.client.get("/verify", params={"ticket": ticket_of(mail), "redirectTo": target})
    assert stray.status_code == 302
    assert httpx.URL(stray.headers["location"]).host == "app.test"
    assert query_of(stray.headers["location"])["error"] == "redirectTo-not-allowed"
    assert (await server.client.get("/signin/provider/discord", params={"redirectTo": target})).status_code == 400
    for path in ("/signin/passwordless/email", "/signin/otp/email", "/user/password/reset"):
        answer = await server.client.post(path, json={"email": address, "options": {"redirectTo": target}})
        refused(answer, 400, "redirectTo-not-allowed")
    assert len(server.mailbox.to(address)) == 1
    # The ticket was not spent on the way.
    assert "refreshToken=" in (await open_link(server, mail)).headers["location"]
