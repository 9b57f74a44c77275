"""A failure made small enough to read: less of the operation, then less of the world, as long as it fails alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from property.queries import Operation
from property.trees import smaller
from property.trial import Bench, Mismatch, Trial
from property.world import Table, World

OPERATION_ATTEMPTS = 1_500
WORLD_ATTEMPTS = 250
OPTIONAL = frozenset({"where", "limit", "offset", "filter", "default"})


async def reduced(
    bench: Bench, world: World, operation: Operation, mismatch: Mismatch
) -> tuple[World, Operation, Mismatch]:
    """The smallest failure found within a bounded number of attempts."""
    async with bench.trial(world) as trial:
        operation, mismatch = await _smaller_operation(trial, operation, mismatch)
    found = await _smaller_world(bench, world, operation, mismatch)
    if found is not None:
        world, mismatch = found
        async with bench.trial(world) as trial:
            operation, mismatch = await _smaller_operation(trial, operation, mismatch)
    return world, operation, mismatch


async def _smaller_operation(trial: Trial, operation: Operation, mismatch: Mismatch) -> tuple[Operation, Mismatch]:
    left, improved = OPERATION_ATTEMPTS, True
    while improved:
        improved = False
        for items in smaller(operation.items, lambda _, name: name in OPTIONAL):
            left -= 1
            candidate = replace(operation, items=items)
            found = await _still_fails(trial, candidate, mismatch)
            if found is not None:
                operation, mismatch, improved = candidate, found, True
                break
            if not left:
                return operation, mismatch
    return operation, mismatch


async def _still_fails(trial: Trial, operation: Operation, mismatch: Mismatch) -> Mismatch | None:
    """The same kind of mismatch; what makes no sense any more counts as none."""
    try:
        found = await trial.check(operation)
    except Exception:
        return None
    return found if found is not None and found.kind == mismatch.kind else None


async def _smaller_world(
    bench: Bench, world: World, operation: Operation, mismatch: Mismatch
) -> tuple[World, Mismatch] | None:
    left, improved, best = WORLD_ATTEMPTS, True, None
    while improved:
        improved = False
        for candidate in _worlds(world):
            left -= 1
            try:
                async with bench.trial(candidate) as trial:
                    found = await _still_fails(trial, operation, mismatch)
            except Exception:
                found = None
            if found is not None:
                world, mismatch, improved = candidate, found, True
                best = (world, mismatch)
                break
            if not left:
                return best
    return best


def _worlds(world: World) -> Iterator[World]:
    """Worlds with one function, table, column, row or condition less."""
    for place in range(len(world.functions)):
        yield replace(world, functions=(*world.functions[:place], *world.functions[place + 1 :]))
    for table in world.tables:
        yield _without_table(world, table.name)
    for place, table in enumerate(world.tables):
        for less in _tables(table):
            yield replace(world, tables=(*world.tables[:place], less, *world.tables[place + 1 :]))


def _without_table(world: World, name: str) -> World:
    def cut(table: Table) -> Table:
        links = tuple(link for link in table.links if link.table != name)
        computed = tuple(each for each in table.computed if getattr(each.routine.formula, "table", "") != name)
        return replace(
            table, links=links, computed=computed, keys=tuple(key for key in table.keys if key.table != name)
        )

    functions = tuple(each for each in world.functions if each.routine.returns != name)
    return replace(world, tables=tuple(cut(table) for table in world.tables if table.name != name), functions=functions)


def _tables(table: Table) -> Iterator[Table]:
    for place in range(len(table.grants)):
        yield replace(table, grants=(*table.grants[:place], *table.grants[place + 1 :]))
    for place in range(len(table.rows)):
        yield replace(table, rows=(*table.rows[:place], *table.rows[place + 1 :]))
    for place in range(len(table.computed)):
        yield _without_computed(table, table.computed[place].name)
    for place, (role, grant) in enumerate(table.grants):
        for filter_ in smaller(grant.filter, lambda _, name: name in OPTIONAL):
            changed = (role, replace(grant, filter=filter_))
            yield replace(table, grants=(*table.grants[:place], changed, *table.grants[place + 1 :]))
    for key in range(len(table.keys)):
        yield replace(table, keys=(*table.keys[:key], *table.keys[key + 1 :]))
    for link in range(len(table.links)):
        yield replace(table, links=(*table.links[:link], *table.links[link + 1 :]))
    for column in table.columns:
        yield _without_column(table, column.name)


def _without_computed(table: Table, name: str) -> Table:
    grants = tuple(
        (role, replace(grant, computed=tuple(each for each in grant.computed if each != name)))
        for role, grant in table.grants
    )
    return replace(table, computed=tuple(each for each in table.computed if each.name != name), grants=grants)


def _without_column(table: Table, name: str) -> Table:
    def without(names: Any) -> Any:
        return None if names is None else tuple(each for each in names if each != name)

    return replace(
        table,
        columns=tuple(column for column in table.columns if column.name != name),
        hidden=without(table.hidden),
        grants=tuple((role, replace(grant, columns=without(grant.columns))) for role, grant in table.grants),
    )
