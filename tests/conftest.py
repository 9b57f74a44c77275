"""One embedded Postgres for the run; every schema of tests/schemas becomes a template once, and a module gets clones.

async def test_something(database):
    connection = await asyncpg.connect(database("shop"))
"""

from __future__ import annotations

import gc
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from usher.postgres import EmbeddedPostgres

# Where Python is told to keep no compiled files, every worker and every command that a test starts would compile all
# sources anew: many seconds of each run.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

SCHEMAS = Path(__file__).parent / "schemas"

DatabaseFactory = Callable[[str], str]
"""The name of a file in tests/schemas, without `.sql` → the address of a database that holds it."""


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay to the end: no need to look through them for garbage again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The embedded server of the run; of the worker under pytest-xdist."""
    with EmbeddedPostgres.scratch() as server:
        yield server


@pytest.fixture(scope="session")
def clone(postgres: EmbeddedPostgres) -> DatabaseFactory:
    """A new database at every call. Whoever wants it gone drops it; it goes with the server at the latest."""
    numbers = itertools.count(1)
    templates: set[str] = set()

    def make(schema: str) -> str:
        template = f"template_{schema}"
        if schema not in templates:
            postgres.create_database(template)
            postgres.apply(template, SCHEMAS / f"{schema}.sql")
            templates.add(schema)
        name = f"{schema}_{next(numbers)}"
        postgres.create_database(name, template)
        return name

    return make


@pytest.fixture(scope="module")
def database(postgres: EmbeddedPostgres, clone: DatabaseFactory) -> Iterator[DatabaseFactory]:
    """The module's own clone of a schema: every call in a module answers the same database."""
    clones: dict[str, str] = {}

    def find(schema: str) -> str:
        if schema not in clones:
            clones[schema] = clone(schema)
        return postgres.url(clones[schema])

    yield find
    for name in clones.values():
        postgres.drop_database(name)


@pytest.fixture
def fresh_database(postgres: EmbeddedPostgres, clone: DatabaseFactory) -> Iterator[DatabaseFactory]:
    """A database for one test alone, to be spoilt as it likes."""
    names: list[str] = []

    def make(schema: str) -> str:
        names.append(clone(schema))
        return postgres.url(names[-1])

    yield make
    for name in names:
        postgres.drop_database(name)
