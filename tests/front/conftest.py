"""Commands that are started for a test, and a database that holds the example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from front.commands import ROOT, Serving

from usher.postgres import EmbeddedPostgres


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    """Start a serving command; it is stopped at the end at the latest."""
    started: list[Serving] = []

    def begin(*arguments: object, **settings: str) -> Serving:
        folder = tmp_path / f"run{len(started)}"
        folder.mkdir()
        started.append(Serving(folder, arguments, settings))
        return started[-1]

    yield begin
    for serving in started:
        serving.stop()


@pytest.fixture(scope="session")
def example(postgres: EmbeddedPostgres) -> str:
    """The address of a database that holds schema.sql and demo.sql."""
    postgres.create_database("example")
    postgres.apply("example", ROOT / "schema.sql")
    postgres.apply("example", ROOT / "demo.sql")
    return postgres.url("example")
