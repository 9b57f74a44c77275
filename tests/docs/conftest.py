"""One database with the example in it, and engines over it. No example changes it for good."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from docs.pages import ROOT, blocks_of, pages
from docs.running import Desk
from docs.stories import BothEngines
from property.checksum import Checksum

from usher.postgres import EmbeddedPostgres

FUNCTIONS = ("sql", "functions")
"""Blocks with functions that a page's examples need beside the example's own schema."""


@pytest.fixture(scope="session")
async def desk(postgres: EmbeddedPostgres) -> AsyncIterator[Desk]:
    postgres.create_database("docs")
    postgres.apply("docs", ROOT / "schema.sql")
    postgres.apply("docs", ROOT / "demo.sql")
    connection = await asyncpg.connect(postgres.url("docs"))
    for page in pages():
        for block in blocks_of(page):
            if block.info == FUNCTIONS:
                await connection.execute(block.text)
    rows = await Checksum.of(connection)
    before = await rows.take()
    made = Desk(postgres.url("docs"))
    yield made
    await made.close()
    after = await rows.take()
    await connection.close()
    postgres.drop_database("docs")
    assert after == before, "an example of a page changed the rows that the other pages show"


@pytest.fixture(scope="session")
async def story(postgres: EmbeddedPostgres) -> str:
    """The name of a database with the example and what the auth engine makes at its first start: for copies of it."""
    name = "docs_story_template"
    postgres.create_database(name)
    postgres.apply(name, ROOT / "schema.sql")
    postgres.apply(name, ROOT / "demo.sql")
    async with BothEngines.over(postgres.url(name)) as engines:
        await engines.client({})
    return name
