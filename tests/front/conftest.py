"""Commands that are started for a test, and a database that holds the example."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from front.commands import ROOT, Serving

from usher.postgres import EmbeddedPostgres
from usher.scratch import in_memory


@pytest.fixture
def start(tmp_path: Path, data_dir: Path) -> Iterator[Callable[..., Serving]]:
    """Start a serving command; it is stopped at the end at the latest, before its data folder goes."""
    started: list[Serving] = []

    def begin(*arguments: object, module: str = "usher", **settings: str) -> Serving:
        folder = tmp_path / f"run{len(started)}"
        folder.mkdir()
        started.append(Serving(folder, arguments, settings, module))
        return started[-1]

    yield begin
    for serving in started:
        serving.stop()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder for `usher up`, not made yet; in memory where there is room. Not below pytest's own: each run of pytest
    locks that to its user again, and as root the embedded Postgres is another one."""
    with tempfile.TemporaryDirectory(prefix="usher-front-", dir=in_memory()) as folder:
        yield Path(folder) / "data"


@pytest.fixture(scope="session")
def example(postgres: EmbeddedPostgres) -> str:
    """The address of a database that holds schema.sql and demo.sql."""
    postgres.create_database("example")
    postgres.apply("example", ROOT / "schema.sql")
    postgres.apply("example", ROOT / "demo.sql")
    return postgres.url("example")
