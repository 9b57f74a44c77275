"""Id tokens that apps send: who must have signed them, for whom, and what they open. Features A2."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import jwt
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Mailbox, Serve, new_address, opened, refused
from provider_stub import IdTokenSigner, ProviderStub, unsigned

NONCE = "a nonce of the app"
HASHED = hashlib.sha256(NONCE.encode()).hexdigest()
ISSUERS = {"google": "https://accounts.google.com", "apple": "https://appleid.apple.com"}
SIGNER = IdTokenSigner.make()
STRANGER = IdTokenSigner.make()
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def stub() -> Iterator[ProviderStub]:
    with ProviderStub.open() as stub:
        yield stub


@pytest.fixture(autouse=True)
def keys(stub: ProviderStub) -> None:
    stub.clear()
    for provider in ISSUERS:
        stub.answers[f"/{provider}"] = (200, {"keys": [SIGNER.jwk]})


def _settings(stub: ProviderStub) -> dict[str, str]:
    return {
        "AUTH_PROVIDER_GOOGLE_AUDIENCE": "our app",
        "AUTH_PROVIDER_GOOGLE_JWKS_URL": f"{stub.url}/google",
        "AUTH_PROVIDER_APPLE_AUDIENCE": "our app, our other app",
        "AUTH_PROVIDER_APPLE_JWKS_URL": f"{stub.url}/apple",
    }


@pytest_asyncio.fixture(scope="module")
async def server(auth_database: str, smtp: Mailbox, stub: ProviderStub) -> AsyncIterator[AuthServer]:
    async with opened(auth_database, smtp, _settings(stub)) as server:
        yield server


def _claims(provider: str = "google", **other: Any) -> dict[str, Any]:
    return {
        "iss": ISSUERS[provider],
        "aud": "our app",
        "sub": new_address(),
        "email": new_address(),
        "email_verified": True,
        "name": "Some Body",
        "picture": "https://pictures.test/1",
        "nonce": HASHED,
        **other,
    }


def _body(token: str, provider: str = "google", **other: Any) -> dict[str, Any]:
    return {"provider": provider, "idToken": token, "nonce": NONCE, **other}


async def _sign_in(server: AuthServer, claims: dict[str, Any], provider: str = "google") -> dict[str, Any]:
    answer = await server.post("/signin/idtoken", _body(SIGNER.sign(claims), provider))
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()["session"]
    return session


@pytest.mark.parametrize("provider", ISSUERS)
async def test_sign_up_and_in(provider: str, server: AuthServer) -> None:
    claims = _claims(provider)
    user = (await _sign_in(server, claims, provider))["user"]
    assert (user["email"], user["emailVerified"], user["displayName"]) == (claims["email"], True, "Some Body")
    assert user["avatarUrl"] == "https://pictures.test/1"
    again = (await _sign_in(server, {**claims, "email": new_address()}, provider))["user"]
    assert (again["id"], again["email"]) == (user["id"], user["email"])


async def test_what_is_taken_too(server: AuthServer) -> None:
    without = _claims(nonce=None)
    body = {"provider": "google", "idToken": SIGNER.sign(without)}
    assert (await server.post("/signin/idtoken", body)).status_code == 200
    assert await _sign_in(server, _claims("apple", aud="our other app", email_verified="true"), "apple")
    assert await _sign_in(server, _claims(aud=["our app"]))
    assert await _sign_in(server, _claims(aud=["theirs", "our app"], azp="our app"))
    # On Android the party is the app, the audience is the server.
    assert await _sign_in(server, _claims(azp="the app on the phone"))


BAD: dict[str, Any] = {
    "another issuer": {"iss": "https://evil.test"},
    "the other provider's issuer": {"iss": ISSUERS["apple"]},
    "an issuer that only looks like it": {"iss": "https://accounts.google.com/"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "their app"},
    "no audience": {"aud": None},
    "an empty audience": {"aud": ""},
    "all audiences as one text": {"aud": "our app, our other app"},
    "one audience of several": {"aud": ["our app", "their app"]},
    "one of several, issued to another": {"aud": ["our app", "their app"], "azp": "their app"},
    "expired": {"exp": datetime.now(UTC) - MINUTE},
    "no end": {"exp": None},
    "an end that is no time": {"exp": "tomorrow"},
    "from the future": {"iat": datetime.now(UTC) + 10 * MINUTE},
    "no beginning": {"iat": None},
    "not yet": {"nbf": datetime.now(UTC) + 10 * MINUTE},
    "another nonce": {"nonce": hashlib.sha256(b"x").hexdigest()},
    "a nonce that was not hashed": {"nonce": NONCE},
    "no nonce": {"nonce": None},
    "a nonce that is no text": {"nonce": 7},
    "nobody": {"sub": None},
    "an empty subject": {"sub": ""},
    "no address": {"email": None},
    "no real address": {"email": "x"},
}


@pytest.mark.parametrize("claims", BAD.values(), ids=BAD)
async def test_wrong_claims_are_refused(claims: dict[str, Any], server: AuthServer, sql: asyncpg.Connection) -> None:
    users = await sql.fetchval("select count(*) from auth.users")
    token = SIGNER.sign(_claims(**claims))
    refused(await server.post("/signin/idtoken", _body(token)), 400, "invalid-request")
    assert await sql.fetchval("select count(*) from auth.users") == users


def _wrong_signatures() -> dict[str, str]:
    claims = {**_claims(), "iat": datetime.now(UTC), "exp": datetime.now(UTC) + MINUTE}
    good = SIGNER.sign(claims)
    head, payload, signature = good.split(".")
    public = SIGNER.jwk
    return {
        "a stranger's key": STRANGER.sign(claims),
        "a stranger's key in the header": STRANGER.sign(claims, {"jwk": STRANGER.jwk}),
        "a stranger's address": STRANGER.sign(claims, {"jku": "https://evil.test"}),
        "a critical header": SIGNER.sign(claims, {"crit": ["x"], "x": 1}),
        "none": unsigned(claims | {"iat": 0, "exp": 4_000_000_000}),
        "cut": f"{head}.{payload}.",
        "altered": f"{head}.{payload[:-4]}AAAA.{signature}",
        "the public key as a secret": jwt.encode(claims, public["n"] * 2, algorithm="HS256", headers={"kid": "one"}),
        "another hash": jwt.encode(claims, SIGNER.key, algorithm="RS512", headers={"kid": "one"}),
        "another padding": jwt.encode(claims, SIGNER.key, algorithm="PS256", headers={"kid": "one"}),
        "an unknown key": jwt.encode(claims, SIGNER.key, algorithm="RS256", headers={"kid": "two"}),
        "no token": "x",
        "nothing": "",
        "too long": "x" * 16_384,
        "no ASCII": "ä.ö.ü",
    }


@pytest.mark.parametrize("name", _wrong_signatures())
async def test_wrong_signatures_are_refused(name: str, server: AuthServer) -> None:
    body = _body(_wrong_signatures()[name])
    refused(await server.post("/signin/idtoken", body), 400, "invalid-request")


async def test_the_body_s_limits(server: AuthServer) -> None:
    good = _body(SIGNER.sign(_claims()))
    for wrong in ({"provider": "github"}, {"idToken": None}, {"userId": "x"}, {"nonce": 7}, {"options": {"x": 1}}):
        refused(await server.post("/signin/idtoken", {**good, **wrong}), 400, "invalid-request")
    without = {name: value for name, value in good.items() if name != "nonce"}
    refused(await server.post("/signin/idtoken", without), 400, "invalid-request")


async def test_without_an_audience_it_is_off(serve: Serve) -> None:
    server = await serve()
    refused(await server.post("/signin/idtoken", _body("x")), 409, "disabled-endpoint")
    token = (await server.sign_up())["accessToken"]
    refused(await server.post("/link/idtoken", _body("x"), token), 409, "disabled-endpoint")


# ---------------------------------------------------------------- the issuer's keys


async def test_keys_are_asked_for_seldom(serve: Serve, stub: ProviderStub) -> None:
    server = await serve(**_settings(stub))
    await asyncio.gather(*(_sign_in(server, _claims()) for _ in range(5)))
    assert len(stub.to("/google")) == 1
    unknown = jwt.encode(_claims(), STRANGER.key, algorithm="RS256", headers={"kid": "unknown"})
    for _ in range(5):
        refused(await server.post("/signin/idtoken", _body(unknown)), 400, "invalid-request")
    assert len(stub.to("/google")) == 1


async def test_a_new_key_is_found_and_an_outage_is_survived(
    serve: Serve, stub: ProviderStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth_engine.oauth.keys._BETWEEN_SECONDS", 0.0)
    server = await serve(**_settings(stub))
    await _sign_in(server, _claims())
    newer = IdTokenSigner(STRANGER.key, "two")
    body = _body(newer.sign(_claims()))
    stub.answers["/google"] = (500, "")
    refused(await server.post("/signin/idtoken", body), 400, "invalid-request")
    assert await _sign_in(server, _claims())
    stub.answers["/google"] = (200, {"keys": [SIGNER.jwk, newer.jwk, {"kty": "oct", "k": "x"}, "x", None]})
    assert (await server.post("/signin/idtoken", body)).status_code == 200


# ---------------------------------------------------------------- what a token opens


async def test_an_unverified_address_opens_nothing(server: AuthServer, sql: asyncpg.Connection) -> None:
    address = new_address()
    owner = (await server.sign_up(address))["user"]["id"]
    before = await sql.fetchrow("select * from auth.users where id = $1", owner)
    for flag in (False, None, "yes", 1):
        token = SIGNER.sign(_claims(email=address, email_verified=flag))
        refused(await server.post("/signin/idtoken", _body(token)), 409, "email-already-in-use")
    assert await sql.fetchrow("select * from auth.users where id = $1", owner) == before
    assert await sql.fetchval("select count(*) from auth.user_providers where user_id = $1", owner) == 0
    assert (await _sign_in(server, _claims(email=address)))["user"]["id"] == owner
    refused(await server.sign_in(address), 401, "invalid-email-password")


async def test_an_unverified_address_is_mailed(serve: Serve, stub: ProviderStub, mailbox: Mailbox) -> None:
    server = await serve(**_settings(stub), AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    claims = _claims(email_verified=False)
    answer = await server.post("/signin/idtoken", _body(SIGNER.sign(claims)))
    assert (answer.status_code, answer.json()) == (200, {})
    assert mailbox.last(claims["email"])["X-Email-Template"] == "email-verify"


async def test_options_are_for_those_who_sign_up(server: AuthServer) -> None:
    claims = _claims()
    body = _body(SIGNER.sign(claims), options={"allowedRoles": ["admin"]})
    refused(await server.post("/signin/idtoken", body), 400, "role-not-allowed")
    body["options"] = {"displayName": "Chosen", "defaultRole": "me"}
    user = (await server.post("/signin/idtoken", body)).json()["session"]["user"]
    assert (user["displayName"], user["defaultRole"]) == ("Chosen", "me")


async def test_of_fifty_at_once_one_signs_up(server: AuthServer, sql: asyncpg.Connection) -> None:
    claims = _claims()
    sessions = await asyncio.gather(*(_sign_in(server, claims) for _ in range(50)))
    assert len({session["user"]["id"] for session in sessions}) == 1
    assert await sql.fetchval("select count(*) from auth.users where email = $1", claims["email"]) == 1


async def test_link(server: AuthServer, sql: asyncpg.Connection) -> None:
    me, other = await server.sign_up(), await server.sign_up()
    claims = _claims(email_verified=False)
    body = _body(SIGNER.sign(claims))
    refused(await server.post("/link/idtoken", body), 400, "invalid-request")
    assert (await server.post("/link/idtoken", body, me["accessToken"])).json() == "OK"
    for token in (me["accessToken"], other["accessToken"]):
        refused(await server.post("/link/idtoken", body, token), 400, "invalid-request")
    assert (await _sign_in(server, claims))["user"]["id"] == me["user"]["id"]
    bad = _body(STRANGER.sign(_claims()))
    refused(await server.post("/link/idtoken", bad, other["accessToken"]), 400, "invalid-request")
    linked = "select count(*) from auth.user_providers where user_id = $1"
    assert await sql.fetchval(linked, other["user"]["id"]) == 0
