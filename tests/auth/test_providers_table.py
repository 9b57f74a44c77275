"""Every provider of OAuth 2.0 that is built in, against a stub: what is asked of it, and what its answers are worth.

Three rows each: an address that the provider vouches for, one that it does not, and none. Only the first ever opens the
account of whoever has the address already.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from auth_kit import PASSWORD, AuthServer, Mailbox, new_address, opened, query_of
from certificate_kit import Certificate
from provider_stub import Browser, ProviderStub, session_of, told

from auth_engine.core.settings import PROVIDERS
from auth_engine.oauth.table import SERVICES

Answers = Callable[[str | None, bool], tuple[Any, Any]]
"""An address and whether it is verified → the profile, and the list of addresses where there is one."""


@dataclass(frozen=True, slots=True)
class Row:
    """How a provider answers, and what it is asked. `vouches`: it has a flag for verified addresses."""

    answers: Answers
    vouches: bool
    scope: str
    name: str = "Some Body"
    extra: dict[str, str] = field(default_factory=dict)
    pkce: bool = True
    basic: bool = False


def _profile(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


ROWS: dict[str, Row] = {
    "github": Row(
        lambda email, ok: (
            # The address of the profile is public, and proves nothing.
            _profile(id=4711, name="Some Body", email=email),
            [{"email": email, "verified": ok, "primary": True}] if email else [],
        ),
        vouches=True,
        scope="user:email",
    ),
    "google": Row(
        lambda email, ok: (_profile(id="4711", name="Some Body", email=email, verified_email=ok), None),
        vouches=True,
        scope="openid email profile",
    ),
    "azuread": Row(
        lambda email, ok: (_profile(oid="4711", name="Some Body", upn=email, email_verified=ok), None),
        vouches=False,
        scope="email profile openid offline_access",
        extra={"prompt": "select_account"},
    ),
    "entraid": Row(
        lambda email, ok: (_profile(sub="4711", name="Some Body", email=email, email_verified=ok), None),
        vouches=False,
        scope="email profile openid offline_access",
        extra={"prompt": "select_account"},
    ),
    "bitbucket": Row(
        lambda email, ok: (
            _profile(uuid="4711", display_name="Some Body", email=email),
            {"values": [{"email": email, "is_confirmed": ok, "is_primary": True}] if email else []},
        ),
        vouches=True,
        scope="account",
        basic=True,
    ),
    "discord": Row(
        lambda email, ok: (
            _profile(id="4711", username="body", discriminator="0042", email=email, verified=ok),
            None,
        ),
        vouches=True,
        scope="identify email",
        name="body#0042",
    ),
    "facebook": Row(
        lambda email, ok: (_profile(id="4711", name="Some Body", email=email, verified=ok), None),
        vouches=False,
        scope="email",
    ),
    "gitlab": Row(
        lambda email, ok: (
            _profile(id=4711, name="Some Body", email=email, confirmed_at="2024-01-01T00:00:00Z" if ok else None),
            None,
        ),
        vouches=True,
        scope="read_user",
    ),
    "linkedin": Row(
        lambda email, ok: (_profile(sub="4711", name="Some Body", email=email, email_verified=ok), None),
        vouches=True,
        scope="openid profile email",
        pkce=False,
    ),
    "spotify": Row(
        lambda email, ok: (_profile(id="4711", display_name="Some Body", email=email, email_verified=ok), None),
        vouches=False,
        scope="user-read-email user-read-private",
        basic=True,
    ),
    "strava": Row(
        lambda email, ok: (_profile(id=4711, firstname="Some", lastname="Body", email=email), None),
        vouches=False,
        scope="profile:read_all",
        extra={"approval_prompt": "force"},
        pkce=False,
    ),
    "twitch": Row(
        lambda email, ok: ({"data": [_profile(id="4711", display_name="Some Body", email=email)]}, None),
        vouches=False,
        scope="user:read:email",
    ),
    "windowslive": Row(
        lambda email, ok: (_profile(id="4711", name="Some Body", emails={"preferred": email}), None),
        vouches=False,
        scope="wl.basic wl.emails",
        pkce=False,
    ),
    "workos": Row(
        lambda email, ok: (_profile(id="4711", first_name="Some", last_name="Body", email=email), None),
        vouches=False,
        scope="",
        extra={"organization": "org_1"},
    ),
}
NAMES = sorted(ROWS)


def test_the_table_is_whole() -> None:
    """Apple and Twitter have ways, and tests, of their own."""
    assert set(ROWS) == set(SERVICES) == set(PROVIDERS) - {"apple", "twitter"}


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderStub]:
    """Over HTTPS, as providers are: the engine is told of the certificate as operators tell it, by SSL_CERT_FILE."""
    certificate = Certificate.make(tmp_path_factory.mktemp("certificate"))
    with pytest.MonkeyPatch.context() as environment, ProviderStub.open(certificate) as stub:
        environment.setenv("SSL_CERT_FILE", str(certificate.chain))
        yield stub


@pytest_asyncio.fixture(scope="module")
async def at_home(auth_database: str, smtp: Mailbox, stub: ProviderStub) -> AsyncIterator[AuthServer]:
    """An engine with all providers on, each at an address of the stub."""
    settings = {"AUTH_PROVIDER_WORKOS_DEFAULT_ORGANIZATION": "org_1"}
    for name in NAMES:
        prefix = f"AUTH_PROVIDER_{'WINDOWS_LIVE' if name == 'windowslive' else name.upper()}"
        settings |= {
            f"{prefix}_ENABLED": "true",
            f"{prefix}_CLIENT_ID": f"client of {name}",
            f"{prefix}_CLIENT_SECRET": "a secret",
            f"{prefix}_AUTHORIZATION_URL": f"{stub.url}/{name}/authorize?kept=yes",
            f"{prefix}_TOKEN_URL": f"{stub.url}/{name}/token",
            f"{prefix}_USER_PROFILE_URL": f"{stub.url}/{name}/profile",
        }
    async with opened(auth_database, smtp, settings) as server:
        yield server


def _says(stub: ProviderStub, name: str, email: str | None, verified: bool, account: str) -> None:
    """Make the stub answer so, under an account of its own."""
    profile, emails = ROWS[name].answers(email, verified)
    told = profile["data"][0] if name == "twitch" else profile
    told.update({key: account for key in ("id", "sub", "oid", "uuid") if key in told})
    stub.clear()
    stub.answers[f"/{name}/token"] = (200, {"access_token": "their token", "token_type": "bearer", "expires_in": 60})
    stub.answers[f"/{name}/profile"] = (200, profile)
    stub.answers[f"/{name}/profile/emails"] = (200, emails)


async def _round(server: AuthServer, name: str) -> Any:
    browser = Browser(server)
    gone = await browser.begin(name)
    return await browser.come_back(name, state=gone.params["state"], code="a code")


@pytest.mark.parametrize("name", NAMES)
async def test_a_new_user_signs_up_and_comes_back(name: str, at_home: AuthServer, stub: ProviderStub) -> None:
    row, address, account = ROWS[name], new_address(), new_address()
    _says(stub, name, address, True, account)
    browser = Browser(at_home)
    gone = await browser.begin(name)
    asked = query_of(str(gone))
    challenge = {"code_challenge", "code_challenge_method"} if row.pkce else set[str]()
    usual = {"client_id", "redirect_uri", "response_type", "state", "kept"} | ({"scope"} if row.scope else set[str]())
    assert set(asked) == usual | challenge | set(row.extra)
    assert asked["redirect_uri"] == f"http://auth.test/signin/provider/{name}/callback"
    assert (asked["client_id"], asked["response_type"], asked["kept"]) == (f"client of {name}", "code", "yes")
    assert asked.get("scope", "") == row.scope
    assert {key: asked[key] for key in row.extra} == row.extra
    assert asked.get("code_challenge_method", "S256") == "S256"

    session = await session_of(at_home, await browser.come_back(name, state=asked["state"], code="the code"))
    user = session["user"]
    assert user["displayName"] == row.name
    assert user["emailVerified"] is row.vouches
    assert user.get("email") == (None if name == "strava" else address)
    [token_request] = stub.to(f"/{name}/token")
    assert token_request.form["code"] == "the code"
    assert ("code_verifier" in token_request.form) is row.pkce
    assert ("client_secret" in token_request.form) is not row.basic
    assert ("authorization" in token_request.headers) is row.basic
    [profile_request] = stub.to(f"/{name}/profile")
    assert profile_request.headers["authorization"] == "Bearer their token"

    again = await session_of(at_home, await _round(at_home, name))
    assert again["user"]["id"] == user["id"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_verified_address_opens_its_owner_s_account(
    name: str, at_home: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    address = new_address()
    owner = (await at_home.sign_up(address))["user"]["id"]
    await sql.execute("update auth.users set email_verified = true where id = $1", owner)
    _says(stub, name, address.upper(), True, new_address())
    arrived = await _round(at_home, name)
    if ROWS[name].vouches:
        assert (await session_of(at_home, arrived))["user"]["id"] == owner
        assert (await at_home.sign_in(address)).status_code == 200
    elif name == "strava":
        assert (await session_of(at_home, arrived))["user"]["id"] != owner
    else:
        assert told(arrived)["error"] == "email-already-in-use"


@pytest.mark.parametrize("is_verified_here", [True, False])
@pytest.mark.parametrize("name", NAMES)
async def test_an_address_without_a_word_for_it_opens_nothing(
    name: str, is_verified_here: bool, at_home: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    address = new_address()
    owner = (await at_home.sign_up(address))["user"]["id"]
    await sql.execute("update auth.users set email_verified = $2 where id = $1", owner, is_verified_here)
    before = await _everything_of(sql, owner)
    _says(stub, name, address, False, new_address())
    arrived = await _round(at_home, name)
    if name == "strava":
        assert (await session_of(at_home, arrived))["user"]["id"] != owner
    else:
        assert told(arrived)["error"] == "email-already-in-use"
    assert await _everything_of(sql, owner) == before
    assert (await at_home.sign_in(address, PASSWORD)).status_code == 200


@pytest.mark.parametrize("name", NAMES)
async def test_no_address_makes_an_account_without_one(name: str, at_home: AuthServer, stub: ProviderStub) -> None:
    _says(stub, name, None, True, new_address())
    user = (await session_of(at_home, await _round(at_home, name)))["user"]
    assert "email" not in user
    assert user["emailVerified"] is False


async def _everything_of(sql: asyncpg.Connection, user_id: str) -> Any:
    user = await sql.fetchrow("select * from auth.users where id = $1", user_id)
    linked = await sql.fetch("select * from auth.user_providers where user_id = $1", user_id)
    sessions = await sql.fetch("select * from auth.refresh_tokens where user_id = $1 order by id", user_id)
    return user, linked, sessions


@pytest.mark.parametrize("name", NAMES)
async def test_what_fails_at_the_provider_is_told_to_the_app(
    name: str, at_home: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    users = await sql.fetchval("select count(*) from auth.users")
    token, profile = f"/{name}/token", f"/{name}/profile"
    for path, answer, error in (
        (token, (400, {"error": "invalid_grant"}), "oauth-token-echange-failed"),
        (token, (200, {"error": "bad_verification_code"}), "oauth-token-echange-failed"),
        (token, (302, ""), "oauth-token-echange-failed"),
        (profile, (401, {}), "oauth-profile-fetch-failed"),
        (profile, (200, {"name": "nobody"}), "oauth-profile-fetch-failed"),
        (profile, (200, "<html>"), "oauth-profile-fetch-failed"),
    ):
        _says(stub, name, new_address(), True, new_address())
        stub.answers[path] = answer
        assert told(await _round(at_home, name))["error"] == error
    assert await sql.fetchval("select count(*) from auth.users") == users
