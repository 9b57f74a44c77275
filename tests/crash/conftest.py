"""An engine over a database of its own, on the run's server."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import asyncpg
import pytest
from crash.kit import Desk, Observer
from crash.stand import HERE

from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import parse_rules
from usher.postgres import EmbeddedPostgres

OpenDesk = Callable[..., Awaitable[Desk]]
NUMBERS = itertools.count(1)


@pytest.fixture
def url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database with this folder's schema, gone after the test."""
    name = f"crash_{next(NUMBERS)}"
    postgres.create_database(name)
    postgres.apply(name, HERE / "schema.sql")
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
async def observer(url: str) -> AsyncIterator[Observer]:
    """A connection that is not usher's."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
async def open_desk(url: str) -> AsyncIterator[OpenDesk]:
    """Opens an engine on the database, at another address when one is given."""
    engines: list[Engine] = []
    rules = (HERE / "permissions.yaml").read_text()

    async def make(address: str = url, more_rules: str = "", pool_size: int = 10) -> Desk:
        parsed = parse_rules(rules + more_rules, "permissions.yaml")
        engines.append(await Engine.open(EngineSettings(address, pool_size), parsed, strict=True))
        return Desk(engines[-1])

    yield make
    for engine in engines:
        await engine.close()
