"""One database with the example in it, and engines over it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from docs.pages import ROOT
from docs.running import Desk

from usher.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
async def desk(postgres: EmbeddedPostgres) -> AsyncIterator[Desk]:
    postgres.create_database("docs")
    postgres.apply("docs", ROOT / "schema.sql")
    postgres.apply("docs", ROOT / "demo.sql")
    made = Desk(postgres.url("docs"))
    yield made
    await made.close()
    postgres.drop_database("docs")
