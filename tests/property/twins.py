"""A world's twin: other values in every place that one caller must not know of, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from property.choices import Choices
from property.make_world import make_row
from property.truth import Given, Truth
from property.world import Row, Sight, Table, World

ATTEMPTS = 40


def view(world: World, role: str, session: Mapping[str, Given]) -> Any:
    """All that the caller may learn: visible rows, their readable cells, and which of them are related."""
    truth, sight = Truth(world, role, session), Sight(world, role)
    return [_table_view(table, truth, sight) for table in world.tables if sight.sees(table)]


def _table_view(table: Table, truth: Truth, sight: Sight) -> Any:
    rows = truth.visible(table)
    # By their text: equal numbers may be written differently.
    cells = [[repr(row[column.name]) for column in sight.columns(table)] for row in rows]
    related = [[_places(table, link, row, truth) for link in sight.links(table)] for row in rows]
    return table.name, cells, related


def _places(table: Table, link: Any, row: Row, truth: Truth) -> list[int]:
    others = truth.visible(truth.world.table(link.table))
    found = {id(other) for other in truth.related(link, row)}
    return [place for place, other in enumerate(others) if id(other) in found]


def twin(choices: Choices, world: World, role: str, session: Mapping[str, Given]) -> tuple[World, int]:
    """The twin and how many changes it took; every change is kept that leaves the view as it was."""
    seen = view(world, role, session)
    changes = 0
    for _ in range(ATTEMPTS):
        place = choices.pick(len(world.tables))
        table = _changed(choices, world.tables[place], world)
        if table is None:
            continue
        candidate = replace(world, tables=(*world.tables[:place], table, *world.tables[place + 1 :]))
        if view(candidate, role, session) == seen:
            world, changes = candidate, changes + 1
    return world, changes


def _changed(choices: Choices, table: Table, world: World) -> Table | None:
    """One cell, one row more, or one row less; None when keys forbid it."""
    match choices.pick(6):
        case 0:
            row = make_row(choices, table, {each.name: each for each in world.tables})
            return None if row is None else replace(table, rows=(*table.rows, row))
        case 1:
            free = [row for row in table.rows if not any(_points(other, table, row) for other in _keys(world))]
            if not free:
                return None
            gone = choices.one(free)
            return replace(table, rows=tuple(row for row in table.rows if row is not gone))
        case _:
            return _other_cell(choices, table)


def _other_cell(choices: Choices, table: Table) -> Table | None:
    bound = {*table.primary_key, *(name for key in table.keys for name in key.columns)}
    columns = [column for column in table.columns if column.name not in bound]
    if not columns or not table.rows:
        return None
    column, changed = choices.one(columns), choices.one(table.rows)
    is_null = column.nullable and choices.chance(1, 3)
    value = None if is_null else choices.one(column.kind.pool)
    rows = tuple({**row, column.name: value} if row is changed else row for row in table.rows)
    return replace(table, rows=rows)


def _keys(world: World) -> Iterator[tuple[Table, Any]]:
    return ((table, key) for table in world.tables for key in table.keys)


def _points(referrer: tuple[Table, Any], table: Table, row: Row) -> bool:
    source, key = referrer
    if key.table != table.name:
        return False
    wanted = [row[name] for name in key.targets]
    return any([other[name] for name in key.columns] == wanted for other in source.rows)
