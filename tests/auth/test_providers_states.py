"""The way to a provider and back: one state, one browser, one code, ten minutes; and what the app is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Mailbox, Serve, new_address, opened, query_of, refused
from provider_stub import APP, Browser, ProviderStub, session_of, told

HOME = "https://app.test"


def _settings(stub: ProviderStub, *names: str) -> dict[str, str]:
    return {
        f"AUTH_PROVIDER_{name}_{key}": value
        for name in names
        for key, value in {
            "ENABLED": "true",
            "CLIENT_ID": "client",
            "CLIENT_SECRET": "a secret",
            "AUTHORIZATION_URL": f"{stub.url}/authorize",
            "TOKEN_URL": f"{stub.url}/token",
            "USER_PROFILE_URL": f"{stub.url}/profile",
        }.items()
    }


@pytest.fixture(scope="module")
def stub() -> Iterator[ProviderStub]:
    with ProviderStub.open() as stub:
        yield stub


@pytest_asyncio.fixture(scope="module")
async def server(auth_database: str, smtp: Mailbox, stub: ProviderStub) -> AsyncIterator[AuthServer]:
    async with opened(auth_database, smtp, _settings(stub, "DISCORD", "GITLAB")) as server:
        yield server


def _comes(stub: ProviderStub, email: str | None = None, **more: Any) -> str:
    """Let somebody come from the provider; the id there."""
    account = new_address()
    stub.clear()
    stub.answers["/token"] = (200, {"access_token": "their token", "expires_in": 3600, "scope": "identify email"})
    stub.answers["/profile"] = (200, {"id": account, "username": "body", "email": email, "verified": True, **more})
    return account


# ---------------------------------------------------------------- the state


async def test_the_cookie_is_the_browser_s_alone(server: AuthServer, serve: Serve, stub: ProviderStub) -> None:
    browser = Browser(server)
    await browser.begin("discord")
    assert browser.set_cookie.startswith("oauth-")
    assert browser.set_cookie.endswith("; Max-Age=600; Path=/; HttpOnly; SameSite=Lax")
    secure = Browser(await serve(**_settings(stub, "DISCORD"), AUTH_SERVER_URL="https://auth.test"))
    gone = await secure.begin("discord")
    assert secure.set_cookie.startswith("__Host-oauth-")
    assert secure.set_cookie.endswith("; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax")
    assert gone.params["redirect_uri"] == "https://auth.test/signin/provider/discord/callback"


async def test_nothing_readable_is_kept(server: AuthServer, sql: asyncpg.Connection) -> None:
    browser = Browser(server)
    gone = await browser.begin("discord", displayName="Marked Name")
    rows = [dict(row) for row in await sql.fetch("select * from auth_engine.oauth_states")]
    assert rows
    for secret in (gone.params["state"], *browser.cookies.values(), "Marked Name", "app.test"):
        assert secret not in str(rows)


async def test_another_browser_is_refused(server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection) -> None:
    _comes(stub, new_address())
    users = await sql.fetchval("select count(*) from auth.users")
    browser, other = Browser(server), Browser(server)
    state = (await browser.begin("discord")).params["state"]
    await other.begin("discord")
    stranger = Browser(server, {next(iter(browser.cookies)): next(iter(other.cookies.values()))})
    for thief in (Browser(server), other, stranger):
        assert await _refused_at_home(thief, "discord", state=state, code="x")
    assert stub.asked == []
    assert await sql.fetchval("select count(*) from auth.users") == users
    assert await session_of(server, await browser.come_back("discord", state=state, code="x"))


async def _refused_at_home(browser: Browser, provider: str, **query: str) -> bool:
    arrived = await browser.come_back(provider, **query)
    assert str(arrived) == f"{HOME}?error=invalid-state&errorDescription=Invalid+state"
    return True


async def test_forged_expired_swapped_and_used_states_are_refused(
    server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    _comes(stub, new_address())
    browser = Browser(server)
    state = (await browser.begin("discord")).params["state"]
    for forged in (state[:-1], state + "x", "x", "x" * 5_000, state.upper(), "eyJhbGciOiJub25lIn0.e30."):
        assert await _refused_at_home(browser, "discord", state=forged, code="x")
    assert await _refused_at_home(browser, "gitlab", state=state, code="x")
    assert stub.asked == []
    assert await session_of(server, await browser.come_back("discord", state=state, code="x"))
    asked = len(stub.asked)
    assert await _refused_at_home(browser, "discord", state=state, code="y")
    late = (await browser.begin("discord")).params["state"]
    await sql.execute("update auth_engine.oauth_states set expires_at = now()")
    assert await _refused_at_home(browser, "discord", state=late, code="x")
    assert len(stub.asked) == asked


async def test_expired_states_go_with_the_next_one(server: AuthServer, sql: asyncpg.Connection) -> None:
    await Browser(server).begin("discord")
    await sql.execute("update auth_engine.oauth_states set expires_at = now()")
    await Browser(server).begin("discord")
    assert await sql.fetchval("select count(*) from auth_engine.oauth_states") == 1


async def test_of_fifty_callbacks_one_signs_in(
    server: AuthServer, serve: Serve, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    """Over two engines with one database."""
    account = _comes(stub, new_address())
    second = await serve(**_settings(stub, "DISCORD", "GITLAB"))
    browser = Browser(server)
    state = (await browser.begin("discord")).params["state"]
    browsers = [Browser(server if each % 2 else second, dict(browser.cookies)) for each in range(50)]
    arrived = await asyncio.gather(*(each.come_back("discord", state=state, code="x") for each in browsers))
    told = [query_of(str(each)) for each in arrived]
    assert len([each for each in told if "refreshToken" in each]) == 1
    assert len([each for each in told if each.get("error") == "invalid-state"]) == 49
    assert len(stub.to("/token")) == 1
    sessions = """select count(*) from auth.refresh_tokens t join auth.user_providers p on p.user_id = t.user_id
        where p.provider_user_id = $1"""
    assert await sql.fetchval(sessions, account) == 1


async def test_two_of_one_account_at_once_make_one_user(
    server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    account = _comes(stub)
    browsers = [Browser(server) for _ in range(10)]
    states = [(await each.begin("discord")).params["state"] for each in browsers]
    arrived = await asyncio.gather(
        *(each.come_back("discord", state=state, code="x") for each, state in zip(browsers, states, strict=True))
    )
    assert all("refreshToken" in told(each) for each in arrived)
    users = "select count(distinct user_id) from auth.user_providers where provider_user_id = $1"
    assert await sql.fetchval(users, account) == 1
    alone = """select count(*) from auth.users u where u.display_name = 'body' and u.email is null
        and not exists (select from auth.user_providers p where p.user_id = u.id)"""
    assert await sql.fetchval(alone) == 0


# ---------------------------------------------------------------- what the provider refuses


async def test_the_provider_s_error_is_told_and_never_signs_in(
    server: AuthServer, stub: ProviderStub, sql: asyncpg.Connection
) -> None:
    _comes(stub, new_address())
    browser = Browser(server)
    state = (await browser.begin("discord")).params["state"]
    said = {"error": "access_denied", "error_description": "they said no", "error_uri": "https://why.test/?a=1"}
    for _ in range(2):
        arrived = await browser.come_back("discord", state=state, code="x", **said)
        assert told(arrived) == {
            "error": "oauth-provider-error",
            "errorDescription": "Provider returned an error",
            "provider_error": "access_denied",
            "provider_error_description": "they said no",
            "provider_error_url": "https://why.test/?a=1",
        }
    assert await _refused_at_home(Browser(server), "discord", state=state, **said)
    assert stub.asked == []
    assert await session_of(server, await browser.come_back("discord", state=state, code="x"))
    # Used, and still this browser's: the error is told again.
    assert told(await browser.come_back("discord", state=state, **said))["error"] == "oauth-provider-error"


async def test_without_a_code_the_state_is_not_used_up(server: AuthServer, stub: ProviderStub) -> None:
    _comes(stub, new_address())
    browser = Browser(server)
    state = (await browser.begin("discord")).params["state"]
    assert told(await browser.come_back("discord", state=state))["error"] == "oauth-token-echange-failed"
    assert await session_of(server, await browser.come_back("discord", state=state, code="x"))


# ---------------------------------------------------------------- where the browser is sent


async def test_what_cannot_be_asked_is_refused(server: AuthServer) -> None:
    for query, code in (
        ({"redirectTo": "https://evil.test"}, "redirectTo-not-allowed"),
        ({"redirectTo": "https://app.test@evil.test/"}, "redirectTo-not-allowed"),
        ({"redirectTo": "//evil.test"}, "redirectTo-not-allowed"),
        ({"locale": "eng"}, "invalid-request"),
        ({"displayName": "a/b"}, "invalid-request"),
        ({"metadata": "no json"}, "invalid-request"),
        ({"metadata": "[1]"}, "invalid-request"),
        ({"metadata": '{"x": "\\u0000"}'}, "invalid-request"),
    ):
        answer = await server.client.get("/signin/provider/discord", params=query)
        assert refused(answer, 400, code)
        assert "set-cookie" not in answer.headers
    assert refused(await server.get("/signin/provider/nobody"), 400, "invalid-request")
    assert refused(await server.get("/signin/provider/nobody/callback?state=x"), 400, "invalid-request")
    assert refused(await server.get("/signin/provider/discord/callback?code=x"), 400, "invalid-request")
    assert (await server.client.head("/signin/provider/discord")).status_code == 404


async def test_a_provider_that_is_off(server: AuthServer) -> None:
    answer = await server.client.get("/signin/provider/google", params={"redirectTo": f"{APP}?a=1#there"})
    assert answer.status_code == 302
    assert answer.headers["location"] == (
        f"{APP}?a=1&error=disabled-endpoint&errorDescription=This+endpoint+is+disabled#there"
    )
    back = await server.get("/signin/provider/google/callback?state=x&code=y")
    assert query_of(back.headers["location"])["error"] == "disabled-endpoint"


async def test_the_query_and_the_fragment_of_the_target_stay(server: AuthServer, stub: ProviderStub) -> None:
    _comes(stub, new_address())
    browser = Browser(server)
    gone = await browser.begin("discord", redirectTo=f"{APP}?z=1&refreshToken=old#there")
    arrived = await browser.come_back("discord", state=gone.params["state"], code="x")
    assert arrived.fragment == "there"
    assert set(told(arrived)) == {"z", "refreshToken"}
    assert told(arrived)["refreshToken"] != "old"


async def test_host_headers_change_nothing(server: AuthServer) -> None:
    answer = await server.client.get(
        "/signin/provider/discord", headers={"Host": "evil.test", "X-Forwarded-Host": "evil.test"}
    )
    assert "evil" not in str(answer.headers)


async def test_options_are_for_those_who_sign_up(server: AuthServer, stub: ProviderStub) -> None:
    _comes(stub, new_address())
    browser = Browser(server)
    options = {"displayName": "Chosen", "metadata": '{"tier": 1}', "allowedRoles": "user,me", "defaultRole": "me"}
    gone = await browser.begin("discord", **options)
    user = (await session_of(server, await browser.come_back("discord", state=gone.params["state"], code="x")))["user"]
    assert (user["displayName"], user["metadata"], user["defaultRole"]) == ("Chosen", {"tier": 1}, "me")
    assert user["avatarUrl"].startswith("https://www.gravatar.com/avatar/")

    again = await browser.begin("discord", allowedRoles="admin")
    assert await session_of(server, await browser.come_back("discord", state=again.params["state"], code="x"))
    _comes(stub, new_address())
    for query, error in (
        ({"allowedRoles": "admin"}, "role-not-allowed"),
        ({"allowedRoles": "me"}, "default-role-must-be-in-allowed-roles"),
    ):
        gone = await browser.begin("discord", **query)
        arrived = await browser.come_back("discord", state=gone.params["state"], code="x")
        assert told(arrived)["error"] == error


async def test_a_provider_that_does_not_answer(serve: Serve) -> None:
    """Nobody listens where its issuer should be."""
    server = await serve(AUTH_PROVIDER_OIDC_GONE_ISSUER="http://127.0.0.1:9", AUTH_PROVIDER_OIDC_GONE_CLIENT_ID="x")
    assert told(await Browser(server).begin("gone"))["error"] == "oauth-provider-error"


async def test_concealment_covers_redirects(serve: Serve, stub: ProviderStub, sql: asyncpg.Connection) -> None:
    server = await serve(**_settings(stub, "DISCORD"), AUTH_CONCEAL_ERRORS="true")
    address = new_address()
    await server.sign_up(address)
    _comes(stub, address, verified=False)
    browser = Browser(server)
    gone = await browser.begin("discord")
    arrived = await browser.come_back("discord", state=gone.params["state"], code="x")
    assert told(arrived) == {"error": "invalid-request", "errorDescription": "The request payload is incorrect"}


@pytest.mark.parametrize("path", ["/signin/provider/discord", "/signin/provider/discord/callback?state=x"])
async def test_without_anywhere_to_go(path: str, serve: Serve, stub: ProviderStub) -> None:
    server = await serve(**_settings(stub, "DISCORD"), AUTH_CLIENT_URL="")
    answer: httpx.Response = await server.get(path)
    assert answer.status_code == 400
