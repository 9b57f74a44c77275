"""A wrong mutation made small enough to read: less of it, then fewer rows, as long as it fails alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from property.constraints import refreshed
from property.trees import smaller
from property.trial import Bench, Mismatch
from property.world import World
from property.write_oracle import outcome
from property.write_trial import WriteTrial, write_trial
from property.writes import Mutation

ATTEMPTS = 2_000
OPTIONAL = frozenset({"where", "limit", "offset", "filter", "default", "conflict", "value"})


async def reduced_write(
    bench: Bench, world: World, mutation: Mutation, mismatch: Mismatch
) -> tuple[World, Mutation, Mismatch]:
    """The smallest failure found within a bounded number of attempts."""
    async with write_trial(bench, world) as trial:
        attempts, improved = ATTEMPTS, True
        while improved and attempts:
            improved = False
            for less_world, less in _smaller(world, mutation):
                attempts -= 1
                found = await _still_fails(trial, less_world, less, mismatch)
                if found is not None:
                    world, mutation, mismatch, improved = less_world, less, found, True
                if improved or not attempts:
                    break
    return world, mutation, mismatch


def _smaller(world: World, mutation: Mutation) -> Iterator[tuple[World, Mutation]]:
    for items in smaller(mutation.items, lambda _, name: name in OPTIONAL):
        yield world, replace(mutation, items=items)
    for place, table in enumerate(world.tables):
        for row in range(len(table.rows)):
            rows = (*table.rows[:row], *table.rows[row + 1 :])
            tables = (*world.tables[:place], replace(table, rows=rows), *world.tables[place + 1 :])
            yield refreshed(replace(world, tables=tables)), mutation


async def _still_fails(trial: WriteTrial, world: World, mutation: Mutation, mismatch: Mismatch) -> Mismatch | None:
    """The same kind of mismatch; what makes no sense any more counts as none."""
    try:
        await trial.reset(world)
        found = await trial.check(mutation, outcome(world, mutation))
    except Exception:
        return None
    return found if found is not None and found.kind == mismatch.kind else None
