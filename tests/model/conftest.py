"""A question to the real Postgres: does it take this text for that type?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest

from usher.postgres import EmbeddedPostgres

DATABASE = "values"
Cast = Callable[[str, str], Any]
"""(text, type) → the value as Postgres prints it. Raises asyncpg's DataError where the cast fails."""


@pytest.fixture(scope="session")
def cast(postgres: EmbeddedPostgres) -> Iterator[Cast]:
    postgres.create_database(DATABASE)
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(postgres.url(DATABASE)))
        for extension in ("citext", "ltree"):
            runner.run(connection.execute(f"create extension {extension}"))

        def ask(text: str, type: str) -> Any:
            return runner.run(connection.fetchval(f"select ($1::text)::{type}::text", text))

        yield ask
        runner.run(connection.close())
    postgres.drop_database(DATABASE)
