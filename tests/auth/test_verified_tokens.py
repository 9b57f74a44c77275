"""Access tokens that were checked before: remembered, but not a moment longer than they live, and never too many."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from auth_kit import JWT_KEY, AuthServer, refused

from auth_engine.core.clock import SystemClock
from auth_engine.core.errors import BadSetting
from auth_engine.core.types import Claims
from auth_engine.tokens.access import AccessTokens
from auth_engine.tokens.secret import read_keys
from auth_engine.tokens.verified import VerifiedTokens


class LateClock(SystemClock):
    """A clock that can be put forward."""

    late = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.late


async def test_a_token_that_was_good_ends_with_its_time(server: AuthServer) -> None:
    token = (await server.sign_up())["accessToken"]
    clock = LateClock()
    tokens = AccessTokens(read_keys(json.dumps({"type": "HS256", "key": JWT_KEY})), 900, clock)
    first = tokens.verify(token)
    assert first is not None
    assert tokens.verify(token) == first
    clock.late = timedelta(seconds=901)
    assert tokens.verify(token) is None
    assert tokens.verify(token) is None


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_token_altered_after_it_was_found_good_is_refused(server: AuthServer, place: int) -> None:
    token = (await server.sign_up())["accessToken"]
    assert (await server.get("/user", token)).status_code == 200
    parts = token.split(".")
    parts[place] = parts[place][:-2] + ("AA" if parts[place][-2:] != "AA" else "BB")
    refused(await server.get("/user", ".".join(parts)), 400, "invalid-request")


async def test_a_deleted_user_s_token_opens_nothing_however_often_it_was_used(server: AuthServer) -> None:
    session = await server.sign_up()
    assert (await server.get("/user", session["accessToken"])).status_code == 200
    async with server.engine.kit.store.transaction() as stores:
        await stores.users._runner.run("delete from auth.users where id = $1::uuid", session["user"]["id"])
    assert (await server.get("/user", session["accessToken"])).status_code == 401


def test_the_oldest_go_first_and_long_ones_are_not_kept() -> None:
    claims = Claims("somebody", None, False, False, 100)
    tokens = VerifiedTokens(most=3)
    for name in ("a", "b", "c", "d"):
        tokens.put(name, claims)
    assert [tokens.get(name, 50.0) is not None for name in ("a", "b", "c", "d")] == [False, True, True, True]
    tokens.put("x" * 5_000, claims)
    assert tokens.get("x" * 5_000, 50.0) is None
    assert tokens.get("d", 100.0) is None


def test_a_public_key_is_no_shared_secret() -> None:
    """Or whoever has the public key could sign: the start says so, not the first sign-in."""
    body = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
    pem = f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----"
    with pytest.raises(BadSetting, match="HASURA_GRAPHQL_JWT_SECRET"):
        read_keys(json.dumps({"type": "HS256", "key": pem}))
