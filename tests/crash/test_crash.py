"""Nothing acknowledged is lost, nothing is done by halves, whoever is killed meanwhile; and usher goes on by itself."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import asyncpg
import pytest
from crash.stand import Database, Usher, standing
from crash.writers import LINES, Journal, Writers

HERE = Path(__file__).parent
WRITERS = 32
RECOVERY_SECONDS = 20.0
"""Much more than it takes (a tenth of a second after the database is there again): other tests use the machine too."""

Blow = Literal["database", "connection", "usher"]
SHORT: Sequence[Blow] = ("database", "usher")
LONG: Sequence[Blow] = tuple(random.Random(1).choices(("database", "connection", "usher"), k=24))

soak = (pytest.mark.soak, pytest.mark.skipif(not os.environ.get("SOAK"), reason="SOAK is not set"))
linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs to know the children of a process")


@linux
@pytest.mark.parametrize("blows", [pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=soak)])
def test_what_was_acknowledged_is_there_whole_and_nothing_else_by_halves(blows: Sequence[Blow]) -> None:
    with standing() as (database, usher):
        journal = asyncio.run(under_blows(database, usher, blows))
        said = usher.said
        kept, counters = asyncio.run(books(database))
    assert not journal.wrong
    assert "Traceback" not in said
    assert_kept(journal, kept)
    assert_whole(journal, kept, counters)
    assert len(journal.acknowledged) > WRITERS * len(blows)
    assert len(journal.refused) + len(journal.open) > 0


async def under_blows(database: Database, usher: Usher, blows: Sequence[Blow]) -> Journal:
    """Everybody writes, blow after blow, and goes on after each."""
    chance = random.Random(len(blows))
    async with Writers(WRITERS, lambda: usher.address) as writers:
        await writers.all_acknowledged(RECOVERY_SECONDS)
        for blow in blows:
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            await asyncio.to_thread(strike, blow, database, usher)
            await asyncio.sleep(chance.uniform(0.0, 0.3))
            await asyncio.to_thread(revive, blow, database, usher)
            await writers.all_acknowledged(RECOVERY_SECONDS)
        return writers.journal


def strike(blow: Blow, database: Database, usher: Usher) -> None:
    match blow:
        case "database":
            database.kill()
        case "connection":
            database.kill_one_connection()
        case "usher":
            usher.kill()


def revive(blow: Blow, database: Database, usher: Usher) -> None:
    """What was killed starts again; nothing else does."""
    match blow:
        case "database":
            database.start()
        case "usher":
            usher.start()
        case "connection":
            pass


Books = dict[object, tuple[int, int] | None]
"""Entry → its counter and how many lines it has; None for a note."""


async def books(database: Database) -> tuple[Books, dict[int, int]]:
    """What was kept, and what the counters say."""
    connection = await asyncpg.connect(database.url)
    try:
        entries = await connection.fetch((HERE / "books.sql").read_text())
        counters = await connection.fetch((HERE / "counted.sql").read_text())
    finally:
        await connection.close()
    kept = {id_: counter and (counter, lines) for id_, counter, lines in entries}
    return kept, dict(map(tuple, counters))


def assert_kept(journal: Journal, kept: Books) -> None:
    """Every answer was true."""
    assert journal.acknowledged.keys() - kept.keys() == set(), "acknowledged and lost"
    assert kept.keys() & journal.refused.keys() == set(), "refused, and done all the same"
    assert kept.keys() <= journal.sent
    for write, counted in journal.acknowledged.items():
        found = kept[write]
        assert (counted and counted[0]) == (found and found[0])


def assert_whole(journal: Journal, kept: Books, counters: dict[int, int]) -> None:
    """Every entry has all its lines and was counted once."""
    entries = [entry for entry in kept.values() if entry is not None]
    assert {lines for _, lines in entries} == {LINES}
    assert Counter(counter for counter, _ in entries) == counters
    counted = Counter(counted for counted in journal.acknowledged.values() if counted is not None)
    assert max(counted.values()) == 1, "two writes were told the same count"
