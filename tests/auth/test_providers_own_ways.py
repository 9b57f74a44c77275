"""Apple, which posts a form and signs what it says, and X, which still speaks OAuth 1.0a; both against a stub."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import asyncpg
import jwt
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Mailbox, new_address, opened, query_of
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from provider_stub import Browser, IdTokenSigner, ProviderStub, session_of, told

from auth_engine.oauth.oauth1 import signature

TEAM_KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER, STRANGER = IdTokenSigner.make(), IdTokenSigner.make()
ISSUER = "https://appleid.apple.com"


@pytest.fixture(scope="module")
def stub() -> Iterator[ProviderStub]:
    with ProviderStub.open() as stub:
        yield stub


@pytest_asyncio.fixture(scope="module")
async def server(auth_database: str, smtp: Mailbox, stub: ProviderStub) -> AsyncIterator[AuthServer]:
    pem = TEAM_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    apple = {
        "CLIENT_ID": "test.app",
        "TEAM_ID": "our team",
        "KEY_ID": "our key",
        "PRIVATE_KEY": pem.replace("\n", "\\n"),
        "AUTHORIZATION_URL": f"{stub.url}/apple/authorize",
        "TOKEN_URL": f"{stub.url}/apple/token",
        "JWKS_URL": f"{stub.url}/apple/keys",
        "ENABLED": "true",
    }
    twitter = {
        "CONSUMER_KEY": "consumer",
        "CONSUMER_SECRET": "consumer secret",
        "AUTHORIZATION_URL": f"{stub.url}/oauth/authenticate",
        "TOKEN_URL": f"{stub.url}/oauth/access_token",
        "USER_PROFILE_URL": f"{stub.url}/profile.json",
        "ENABLED": "true",
    }
    settings = {f"AUTH_PROVIDER_APPLE_{name}": value for name, value in apple.items()}
    settings |= {f"AUTH_PROVIDER_TWITTER_{name}": value for name, value in twitter.items()}
    async with opened(auth_database, smtp, settings) as server:
        yield server


# ---------------------------------------------------------------- Apple


def _apple(stub: ProviderStub, nonce: str, *, signer: IdTokenSigner = SIGNER, **claims: Any) -> str:
    """Let Apple say this; the subject."""
    said = {"iss": ISSUER, "aud": "test.app", "sub": new_address(), "nonce": nonce, "email_verified": "true", **claims}
    stub.clear()
    stub.answers["/apple/keys"] = (200, {"keys": [SIGNER.jwk]})
    stub.answers["/apple/token"] = (200, {"access_token": "their token", "id_token": signer.sign(said)})
    return str(said["sub"])


async def test_apple_posts_a_form(server: AuthServer, stub: ProviderStub) -> None:
    browser = Browser(server)
    gone = await browser.begin("apple")
    asked = query_of(str(gone))
    assert asked["response_mode"] == "form_post"
    assert asked["response_type"] == "code id_token"
    assert asked["scope"] == "name email"
    assert browser.set_cookie.endswith("; HttpOnly; Secure; SameSite=None")
    address = new_address()
    _apple(stub, asked["nonce"], email=address)
    user = '{"name": {"firstName": "Ann", "lastName": "Apple"}, "email": "somebody.else@example.test"}'
    arrived = await browser.post_back("apple", state=asked["state"], code="a code", id_token="x.y.z", user=user)
    found = (await session_of(server, arrived))["user"]
    assert (found["email"], found["emailVerified"], found["displayName"]) == (address, True, "Ann Apple")
    [request] = stub.to("/apple/token")
    assert request.form["client_id"] == "test.app"
    secret = request.form["client_secret"]
    assert jwt.get_unverified_header(secret) == {"alg": "ES256", "kid": "our key", "typ": "JWT"}
    claims = jwt.decode(secret, TEAM_KEY.public_key(), algorithms=["ES256"], audience=ISSUER)
    assert (claims["iss"], claims["sub"]) == ("our team", "test.app")


BAD: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "their.app"},
    "issued to another": {"azp": "their.app"},
    "another issuer": {"iss": "https://evil.test"},
    "another key": {"signer": STRANGER},
    "expired": {"exp": 1},
    "nobody": {"sub": None},
}


@pytest.mark.parametrize("claims", BAD.values(), ids=BAD)
async def test_apple_s_id_token_is_checked(
    claims: dict[str, Any], server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    users = await sql.fetchval("select count(*) from auth.users")
    browser = Browser(server)
    asked = query_of(str(await browser.begin("apple")))
    _apple(stub, **{"nonce": asked["nonce"], **claims})
    arrived = await browser.post_back("apple", state=asked["state"], code="a code")
    assert told(arrived)["error"] == "oauth-profile-fetch-failed"
    assert await sql.fetchval("select count(*) from auth.users") == users


@pytest.mark.parametrize("verified", [False, "false", None])
async def test_apple_s_unverified_address_opens_nothing(verified: Any, server: AuthServer, stub: ProviderStub) -> None:
    address = new_address()
    await server.sign_up(address)
    browser = Browser(server)
    asked = query_of(str(await browser.begin("apple")))
    _apple(stub, asked["nonce"], email=address, email_verified=verified)
    arrived = await browser.post_back("apple", state=asked["state"], code="a code")
    assert told(arrived)["error"] == "email-already-in-use"


async def test_apple_without_an_address(server: AuthServer, stub: ProviderStub) -> None:
    browser = Browser(server)
    asked = query_of(str(await browser.begin("apple")))
    _apple(stub, asked["nonce"])
    arrived = await browser.post_back("apple", state=asked["state"], code="a code", user="no json")
    assert "email" not in (await session_of(server, arrived))["user"]


async def test_apple_s_refusal(server: AuthServer) -> None:
    browser = Browser(server)
    state = query_of(str(await browser.begin("apple")))["state"]
    arrived = await browser.post_back("apple", state=state, error="user_cancelled_authorize")
    assert told(arrived)["provider_error"] == "user_cancelled_authorize"
    forged = await Browser(server).post_back("apple", state=state, code="x")
    assert told(forged)["error"] == "invalid-state"


# ---------------------------------------------------------------- X


def test_the_signature_of_the_documents_example() -> None:
    """The example that X's documents work through."""
    arguments = {
        "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
        "include_entities": "true",
        "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
        "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1318622958",
        "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "oauth_version": "1.0",
    }
    secrets = ("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE")
    url, expected = "https://api.twitter.com/1.1/statuses/update.json", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="
    assert signature("POST", url, arguments, *secrets) == expected
    include = {"include_entities": arguments.pop("include_entities")}
    assert signature("POST", f"{url}?{urlencode(include)}", arguments, *secrets) == expected


def _by_hand(method: str, url: str, arguments: dict[str, str], client: str, token: str) -> str:
    """RFC 5849 §3.4.1 once more, plainly."""
    import base64
    import hashlib
    import hmac
    from urllib.parse import quote

    pairs = sorted(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in arguments.items())
    base = f"{method}&{quote(url, safe='')}&{quote('&'.join(pairs), safe='')}"
    digest = hmac.new(f"{quote(client, safe='')}&{quote(token, safe='')}".encode(), base.encode(), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode()


def _x(stub: ProviderStub, email: str | None, account: str) -> None:
    stub.clear()
    stub.answers["/oauth/request_token"] = (
        200,
        urlencode({"oauth_token": "request", "oauth_token_secret": "s1", "oauth_callback_confirmed": "true"}),
    )
    stub.answers["/oauth/access_token"] = (200, urlencode({"oauth_token": "access", "oauth_token_secret": "s2"}))
    stub.answers["/profile.json"] = (200, {"id_str": account, "name": "Some Body", "email": email})


def _signed(stub: ProviderStub, path: str) -> dict[str, str]:
    """The fields of the Authorization header, their signature checked against the stub's own reckoning."""
    [request] = stub.to(path)
    assert request.headers["authorization"].startswith("OAuth ")
    pairs = parse_qsl(request.headers["authorization"].removeprefix("OAuth ").replace('"', "").replace(", ", "&"))
    found = dict(pairs)
    given = found.pop("oauth_signature")
    secret = {"/oauth/request_token": "", "/oauth/access_token": "s1", "/profile.json": "s2"}[path]
    arguments = {**found, **request.query}
    assert given == _by_hand(request.method, stub.url + path, arguments, "consumer secret", secret)
    return found


async def test_x_signs_in(server: AuthServer, stub: ProviderStub) -> None:
    address, account = new_address(), new_address()
    _x(stub, address, account)
    browser = Browser(server)
    gone = await browser.begin("twitter")
    assert query_of(str(gone)) == {"oauth_token": "request"}
    back = _signed(stub, "/oauth/request_token")["oauth_callback"]
    assert back.startswith("http://auth.test/signin/provider/twitter/callback?state=")
    state = query_of(back)["state"]
    answered = {"state": state, "oauth_token": "request", "oauth_verifier": "v"}
    session = await session_of(server, await browser.come_back("twitter", **answered))
    assert (session["user"]["email"], session["user"]["emailVerified"]) == (address, False)
    assert _signed(stub, "/oauth/access_token")["oauth_verifier"] == "v"
    assert _signed(stub, "/profile.json")["oauth_token"] == "access"
    kept = (await server.get("/user/providers/twitter/token", session["accessToken"])).json()
    assert kept == {"accessToken": "access", "tokenSecret": "s2"}
    assert told(await browser.come_back("twitter", **answered))["error"] == "invalid-state"


async def _x_round(server: AuthServer, stub: ProviderStub, **other: str) -> dict[str, str]:
    browser = Browser(server)
    await browser.begin("twitter")
    state = query_of(_signed(stub, "/oauth/request_token")["oauth_callback"])["state"]
    answered = {"state": state, "oauth_token": "request", "oauth_verifier": "v", **other}
    return told(await browser.come_back("twitter", **answered))


async def test_x_opens_no_account_by_an_address(server: AuthServer, stub: ProviderStub) -> None:
    address = new_address()
    await server.sign_up(address)
    _x(stub, address, new_address())
    assert (await _x_round(server, stub))["error"] == "email-already-in-use"
    _x(stub, None, new_address())
    assert "refreshToken" in await _x_round(server, stub)


async def test_x_with_another_request_token_and_with_a_no(server: AuthServer, stub: ProviderStub) -> None:
    _x(stub, None, new_address())
    assert (await _x_round(server, stub, oauth_token="another"))["error"] == "oauth-token-echange-failed"
    assert stub.to("/oauth/access_token") == []
    _x(stub, None, new_address())
    assert (await _x_round(server, stub, denied="request", oauth_verifier=""))["error"] == "oauth-provider-error"
    _x(stub, None, new_address())
    stub.answers["/oauth/request_token"] = (401, "")
    assert told(await Browser(server).begin("twitter"))["error"] == "oauth-provider-error"
