"""What joins the engines: claims through the GraphQL engine in every naming, and who is refused, with and without
triggers, with and without notifications."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
from front.commands import ROOT

from auth_engine.store.boot import boot
from auth_engine.store.revoked import RevokedUsers
from auth_engine.tokens.graphql_claims import ClaimsUnreadable
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import parse_rules
from usher.bridge import EngineClaims
from usher.postgres import EmbeddedPostgres

ONE, TWO, THREE = (f"00000000-0000-4000-8000-{number:012}" for number in (1, 2, 3))
RULES = (ROOT / "permissions.yaml").read_text()


@pytest.fixture
async def url(postgres: EmbeddedPostgres, example: str) -> AsyncIterator[str]:
    postgres.create_database("auth_bridge", "example")
    address = postgres.url("auth_bridge")
    await boot(address, ("user", "me"))
    yield address
    postgres.drop_database("auth_bridge")


@pytest.mark.parametrize(
    ("naming", "fields", "name"),
    [
        ("nhost", "displayName members { orgId }", "displayName"),
        ("hasura", "display_name members { orgId }", "display_name"),
        ("graphql-default", "displayName members { orgId }", "displayName"),
    ],
)
async def test_claims_are_read_in_every_naming(url: str, naming: str, fields: str, name: str) -> None:
    rules = parse_rules(RULES.replace("naming: nhost", f"naming: {naming}"), "permissions.yaml")
    claims = EngineClaims()
    with pytest.raises(ClaimsUnreadable):
        await claims.read(ONE, fields)
    engine = await Engine.open(EngineSettings(url, 1), rules, strict=False)  # some of the example's names clash then
    try:
        claims.join(engine)
        for _ in range(2):
            user = await claims.read(ONE, fields)
            assert user is not None
            assert (user[name], len(user["members"])) == ("Ada Lindqvist", 3)
        assert await claims.read("00000000-0000-4000-8000-999999999999", fields) is None
        with pytest.raises(ClaimsUnreadable, match="nonsense"):
            await claims.read(ONE, "nonsense")
        with pytest.raises(ClaimsUnreadable, match="password"):
            await claims.read(ONE, "passwordHash password_hash")
    finally:
        await engine.close()


async def until(claim: Callable[[], bool], seconds: float = 1.0) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_disabled_and_deleted_users_are_known_at_once_and_after_a_restart(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("delete from auth_engine.disablings; update auth.users set disabled = false")
    await connection.execute("delete from auth_engine.disablings")
    revoked = RevokedUsers(url, 900)
    await revoked.start()
    since = revoked.since
    try:
        assert since == {}
        await connection.execute("update auth.users set disabled = true where id = $1", ONE)
        await until(lambda: since.get(ONE) == float("inf"), 0.4)
        await connection.execute("delete from auth.users where id = $1", TWO)
        await until(lambda: TWO in since, 0.4)
        assert since[TWO] == float("inf")
        now = await connection.fetchval("select extract(epoch from now())::float8")
        await connection.execute("update auth.users set disabled = false where id = $1", ONE)
        await until(lambda: since[ONE] != float("inf"), 0.4)
        assert now - 5 < since[ONE] < now + 5
        # What no trigger tells of is seen by looking: a pooler may swallow notifications.
        await connection.execute("insert into auth_engine.disablings (user_id) values ($1)", THREE)
        await until(lambda: THREE in since)
        again = RevokedUsers(url, 900)
        await again.start()
        await again.stop()
        assert again.since == since
        # Nobody holds a token of before.
        await connection.execute("update auth_engine.disablings set disabled_at = now() - interval '901 seconds'")
        await until(lambda: since.keys() == {TWO})
    finally:
        await revoked.stop()
        await connection.close()


async def test_without_triggers_whoever_is_disabled_is_found_too(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("drop trigger auth_engine_user_disabled on auth.users")
    await connection.execute("update auth.users set disabled = false; delete from auth_engine.disablings")
    revoked = RevokedUsers(url, 900)
    await revoked.start()
    try:
        assert revoked.since == {}
        await connection.execute("update auth.users set disabled = true where id = $1", ONE)
        await until(lambda: revoked.since == {ONE: float("inf")})
    finally:
        await revoked.stop()
        await connection.close()
