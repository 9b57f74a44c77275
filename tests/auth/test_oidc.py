"""Any provider of OpenID Connect by configuration: the way through a certified one, and what is refused of others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import jwt
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Mailbox, Serve, new_address, opened, query_of
from oidc.running import CertifiedProvider, NoTools, running
from provider_stub import Browser, IdTokenSigner, ProviderStub, session_of, told

from auth_engine.core.errors import BadSetting
from auth_engine.core.settings import read_settings
from auth_engine.oauth.oidc import read_metadata
from auth_engine.oauth.profile import ProviderFailed

CALLBACK = "http://auth.test/signin/provider/my_corp/callback"


# ---------------------------------------------------------------- the certified provider


@pytest.fixture(scope="module")
def corp() -> Iterator[CertifiedProvider]:
    try:
        with running(CALLBACK) as provider:
            yield provider
    except NoTools as missing:
        pytest.skip(str(missing))


@pytest_asyncio.fixture(scope="module")
async def server(auth_database: str, smtp: Mailbox, corp: CertifiedProvider) -> AsyncIterator[AuthServer]:
    settings = {
        "AUTH_PROVIDER_OIDC_MY_CORP_ISSUER": corp.issuer,
        "AUTH_PROVIDER_OIDC_MY_CORP_CLIENT_ID": "usher",
        "AUTH_PROVIDER_OIDC_MY_CORP_CLIENT_SECRET": "a secret of the tests",
    }
    async with opened(auth_database, smtp, settings) as server:
        yield server


async def _round(server: AuthServer, corp: CertifiedProvider, who: str, **query: str) -> Any:
    browser = Browser(server)
    gone = await browser.begin("my_corp", **query)
    return await browser.follow(await corp.visit(str(gone), who))


async def test_the_whole_way(server: AuthServer, corp: CertifiedProvider, sql: asyncpg.Connection) -> None:
    address = new_address()
    browser = Browser(server)
    gone = await browser.begin("my_corp")
    asked = query_of(str(gone))
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "openid email profile"
    assert asked["redirect_uri"] == CALLBACK
    assert len(asked["nonce"]) >= 43
    back = await corp.visit(str(gone), f"verified:{address}")
    assert query_of(back)["iss"] == corp.issuer
    session = await session_of(server, await browser.follow(back))
    user = session["user"]
    assert (user["email"], user["emailVerified"], user["displayName"]) == (address, True, "Somebody Certified")
    assert told(await browser.follow(back))["error"] == "invalid-state"
    linked = await sql.fetchrow("select * from auth.user_providers where user_id = $1", user["id"])
    assert (linked["provider_id"], linked["provider_user_id"]) == ("my_corp", f"verified:{address}")

    again = await session_of(server, await _round(server, corp, f"verified:{address}"))
    assert again["user"]["id"] == user["id"]
    path, token = "/user/providers/my_corp/token", session["accessToken"]
    before = (await server.get(path, token)).json()["accessToken"]
    await sql.execute("update auth_engine.provider_tokens set expires_at = now()")
    renewed = (await server.get(path, token)).json()
    assert renewed["accessToken"] != before
    await sql.execute("update auth_engine.provider_tokens set expires_at = now()")
    assert (await server.get(path, token)).json()["accessToken"] != renewed["accessToken"]


async def test_a_verified_address_opens_its_account_and_no_other_does(
    server: AuthServer, corp: CertifiedProvider, sql: asyncpg.Connection
) -> None:
    address = new_address()
    owner = (await server.sign_up(address))["user"]["id"]
    assert told(await _round(server, corp, f"unverified:{address}"))["error"] == "email-already-in-use"
    assert await sql.fetchval("select count(*) from auth.user_providers where user_id = $1", owner) == 0
    stranger = await session_of(server, await _round(server, corp, f"missing:{address}"))
    assert "email" not in stranger["user"]
    assert (await session_of(server, await _round(server, corp, f"verified:{address}")))["user"]["id"] == owner


async def test_a_refusal_and_a_code_for_another_sign_in(server: AuthServer, corp: CertifiedProvider) -> None:
    found = told(await _round(server, corp, "refuses"))
    assert (found["error"], found["provider_error"]) == ("oauth-provider-error", "access_denied")
    browser = Browser(server)
    theirs = await corp.visit(str(await browser.begin("my_corp")), f"verified:{new_address()}")
    mine = await browser.begin("my_corp")
    arrived = await browser.come_back("my_corp", state=mine.params["state"], code=query_of(theirs)["code"])
    # The code of another sign-in does not match this one's challenge.
    assert told(arrived)["error"] == "oauth-token-echange-failed"


async def test_connect(server: AuthServer, corp: CertifiedProvider) -> None:
    me = await server.sign_up()
    who = f"unverified:{new_address()}"
    assert told(await _round(server, corp, who, connect=me["accessToken"])) == {}
    assert (await session_of(server, await _round(server, corp, who)))["user"]["id"] == me["user"]["id"]


# ---------------------------------------------------------------- others, by a stub


SIGNER, STRANGER = IdTokenSigner.make(), IdTokenSigner.make()


@pytest.fixture(scope="module")
def stub() -> Iterator[ProviderStub]:
    with ProviderStub.open() as stub:
        yield stub


@pytest_asyncio.fixture(scope="module")
async def with_stub(auth_database: str, smtp: Mailbox, stub: ProviderStub) -> AsyncIterator[AuthServer]:
    stub.answers["/.well-known/openid-configuration"] = (200, _document(stub.url))
    settings = {"AUTH_PROVIDER_OIDC_STUB_ISSUER": stub.url, "AUTH_PROVIDER_OIDC_STUB_CLIENT_ID": "usher"}
    async with opened(auth_database, smtp, settings) as server:
        yield server


def _document(issuer: str, **other: Any) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "userinfo_endpoint": f"{issuer}/me",
        **other,
    }


async def _stub_round(server: AuthServer, stub: ProviderStub, token: Any = None, **claims: Any) -> dict[str, str]:
    """`token`: made of the claims in another way than by the issuer's key."""
    browser = Browser(server)
    asked = query_of(str(await browser.begin("stub")))
    usual = {"iss": stub.url, "aud": "usher", "sub": new_address(), "nonce": asked["nonce"], "email": new_address()}
    said = {"email_verified": True, **usual, **claims}
    stub.answers["/keys"] = (200, {"keys": [SIGNER.jwk]})
    stub.answers["/token"] = (200, {"access_token": "theirs", "id_token": (token or SIGNER.sign)(said)})
    return told(await browser.come_back("stub", state=asked["state"], code="x"))


BAD: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.test"},
    "another audience": {"aud": "theirs"},
    "two audiences and no party": {"aud": ["usher", "theirs"]},
    "issued to another": {"azp": "theirs"},
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "expired": {"exp": 1},
    "no end": {"exp": None},
    "no beginning": {"iat": None},
    "nobody": {"sub": None},
}


@pytest.mark.parametrize("claims", BAD.values(), ids=BAD)
async def test_wrong_id_tokens(
    claims: dict[str, Any], with_stub: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    users = await sql.fetchval("select count(*) from auth.users")
    assert (await _stub_round(with_stub, stub, **claims))["error"] == "oauth-profile-fetch-failed"
    assert await sql.fetchval("select count(*) from auth.users") == users


async def test_signatures(with_stub: AuthServer, stub: ProviderStub) -> None:
    assert "refreshToken" in await _stub_round(with_stub, stub)

    def shared(claims: dict[str, Any]) -> str:
        claims |= {"iat": 0, "exp": 4_000_000_000}
        return jwt.encode(claims, SIGNER.jwk["n"], algorithm="HS256", headers={"kid": "one"})

    for token in (STRANGER.sign, shared, lambda _: "", lambda _: None):
        assert (await _stub_round(with_stub, stub, token))["error"] == "oauth-profile-fetch-failed"


async def test_the_userinfo_is_of_the_same_subject(with_stub: AuthServer, stub: ProviderStub) -> None:
    address = new_address()
    owner = (await with_stub.sign_up(address))["user"]["id"]
    stub.answers["/me"] = (200, {"sub": "another", "email": address, "email_verified": True})
    assert (await _stub_round(with_stub, stub, email=None))["error"] == "oauth-profile-fetch-failed"
    # The flag belongs to the address beside it: the token's flag says nothing of the userinfo's address.
    stub.answers["/me"] = (200, {"sub": "me", "email": address})
    found = await _stub_round(with_stub, stub, sub="me", email=None, email_verified=True)
    assert found["error"] == "email-already-in-use"
    stub.answers["/me"] = (200, {"sub": "me", "email": address, "email_verified": True})
    found = await _stub_round(with_stub, stub, sub="me", email=None, email_verified=None)
    answer = await with_stub.post("/token", {"refreshToken": found["refreshToken"]})
    assert answer.json()["user"]["id"] == owner


async def test_an_answer_of_another_issuer(with_stub: AuthServer, stub: ProviderStub) -> None:
    """RFC 9207: whoever mixes two providers up is told apart by `iss`."""
    browser = Browser(with_stub)
    asked = query_of(str(await browser.begin("stub")))
    stub.asked.clear()
    arrived = await browser.come_back("stub", state=asked["state"], code="x", iss="https://evil.test")
    assert told(arrived)["error"] == "oauth-token-echange-failed"
    assert stub.asked == []


async def test_discovery_leads_to_no_private_address(serve: Serve, stub: ProviderStub) -> None:
    """The issuer is the operator's word; what its document names beside itself is not."""
    with ProviderStub.open() as inside:
        stub.answers["/.well-known/openid-configuration"] = (
            200,
            _document(stub.url, jwks_uri=f"{inside.url}/keys", token_endpoint=f"{inside.url}/token"),
        )
        settings = {"AUTH_PROVIDER_OIDC_STUB_ISSUER": stub.url, "AUTH_PROVIDER_OIDC_STUB_CLIENT_ID": "usher"}
        try:
            server = await serve(**settings)
            assert (await _stub_round(server, stub))["error"] == "oauth-token-echange-failed"
            stub.answers["/.well-known/openid-configuration"] = (
                200,
                _document(stub.url, jwks_uri=f"{inside.url}/keys"),
            )
            assert (await _stub_round(await serve(**settings), stub))["error"] == "oauth-profile-fetch-failed"
            assert inside.asked == []
        finally:
            stub.answers["/.well-known/openid-configuration"] = (200, _document(stub.url))


ISSUER = "https://id.test/realm"


@pytest.mark.parametrize(
    "document",
    [
        _document("https://evil.test"),
        _document("https://id.test"),
        _document(ISSUER, token_endpoint="http://id.test/token"),
        _document(ISSUER, authorization_endpoint="javascript:alert(1)"),
        _document(ISSUER, userinfo_endpoint="file:///etc/passwd"),
        _document(ISSUER, jwks_uri=7),
        {"issuer": ISSUER},
        [],
    ],
)
def test_documents_that_are_refused(document: Any) -> None:
    import json

    with pytest.raises(ProviderFailed):
        read_metadata(json.dumps(document).encode(), ISSUER)


def test_a_name_that_is_taken_stops_the_start() -> None:
    with pytest.raises(BadSetting, match="AUTH_PROVIDER_OIDC_GITHUB"):
        read_settings({"AUTH_PROVIDER_OIDC_GITHUB_ISSUER": "https://id.test"})
