"""A question to the real Postgres: does it take this text for that type?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec
import pytest
from builders import Cast

from usher.postgres import EmbeddedPostgres

DATABASE = "values"
DECODER = msgspec.json.Decoder(float_hook=Decimal)


@pytest.fixture(scope="session")
def cast(postgres: EmbeddedPostgres) -> Iterator[Cast]:
    postgres.create_database(DATABASE)
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(postgres.url(DATABASE)))

        def ask(text: str, type: str) -> Any:
            printed = runner.run(connection.fetchval(f"select to_json(($1::text)::{type})::text", text))
            return DECODER.decode(printed)

        yield ask
        runner.run(connection.close())
    postgres.drop_database(DATABASE)
