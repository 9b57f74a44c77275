"""Databases of a test's own, and the long runs, which wait for `make soak`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest
from property.trial import Bench

from usher.postgres import EmbeddedPostgres

NUMBERS = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("SOAK"):
        return
    for item in items:
        if item.get_closest_marker("soak") is not None:
            item.add_marker(pytest.mark.skip(reason="SOAK is not set: `make soak` runs it"))


@pytest.fixture
def benches(postgres: EmbeddedPostgres) -> Iterator[tuple[Bench, Bench]]:
    """Two empty databases, gone after the test."""
    names = [f"property_{next(NUMBERS)}" for _ in range(2)]
    one, two = (Bench(postgres, name) for name in names)
    yield one, two
    for name in names:
        postgres.drop_database(name)


@pytest.fixture
def bench(benches: tuple[Bench, Bench]) -> Bench:
    return benches[0]
