"""A world's twin: other values in every place that one caller must not know of, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from property.calling import is_match
from property.choices import Choices
from property.made import Computed, First, Joined, Keyed, Matching, Raised, Routine
from property.make_world import make_row
from property.predicates import Given
from property.truth import Truth
from property.world import Row, Sight, Table, World

ATTEMPTS = 40


def view(world: World, role: str, session: Mapping[str, Given]) -> Any:
    """All that the caller may learn: visible rows, their readable cells, which of them are related, which of them
    aggregates are made of, and what functions tell of them."""
    truth, sight = Truth(world, role, session), Sight(world, role)
    seen = [_table_view(table, truth, sight) for table in world.tables if sight.sees(table)]
    return seen, [_found_by(each.routine, {}, truth) for each in sight.functions() if each.routine.is_rows]


def _table_view(table: Table, truth: Truth, sight: Sight) -> Any:
    rows = truth.visible(table)
    seen = [truth.veiled(table, row) for row in rows]
    # By their text: equal numbers may be written differently.
    cells = [[repr(row[column.name]) for column in sight.columns(table)] for row in seen]
    related = [[_places(link.table, truth.related(link, row), truth) for link in sight.links(table)] for row in rows]
    counted = _places(table.name, truth.counted(table, rows), truth) if sight.aggregates(table) else []
    made = [[_told(field, table, row, truth) for field in sight.values(table)] for row in rows]
    found = [[_found_by(field.routine, row, truth) for field in sight.row_fields(table)] for row in rows]
    return table.name, cells, related, counted, made, found


def _places(name: str, rows: Iterable[Row], truth: Truth) -> list[int]:
    """Which of the visible rows of a table these are."""
    found = {id(row) for row in rows}
    return [place for place, other in enumerate(truth.visible(truth.world.table(name))) if id(other) in found]


# ---------------------------------------------------------------- what functions tell


def _told(field: Computed, table: Table, row: Row, truth: Truth) -> Any:
    """What all values of a computed field tell together, whatever the function is given."""
    grant = truth.granted(table)
    guard = grant.computed_guard(field.name)
    if guard is not None and not truth.rule_holds(guard, table, row):
        return None
    match field.routine.formula:
        case Joined(first=first, second=second):
            return row[first] or "", row[second] or ""
        case First(columns=columns):
            return next((repr(row[name]) for name in columns if row[name] is not None), None)
        case Raised(column=column):
            return repr(row[column])
        case _:
            return repr(truth.computed(table, row, field))


def _found_by(routine: Routine, row: Row, truth: Truth) -> Any:
    """Which visible rows a function can find, and the values by which it tells them apart."""
    formula, target = routine.formula, truth.world.table(routine.returns)
    assert isinstance(formula, Matching | Keyed)
    on = formula.on if isinstance(formula, Matching) else ()
    rows = [each for each in truth.visible(target) if not on or is_match(target, on, each, row)]
    values = [repr(each[formula.column]) for each in rows if formula.column is not None]
    return _places(target.name, rows, truth), values


def twin(choices: Choices, world: World, role: str, session: Mapping[str, Given]) -> tuple[World, int]:
    """The twin and how many changes it took; every change is kept that leaves the view as it was."""
    seen = view(world, role, session)
    changes = 0
    for _ in range(ATTEMPTS):
        table = _changed(choices, choices.one(world.tables), world)
        if table is None:
            continue
        candidate = _with(world, table)
        if view(candidate, role, session) == seen:
            world, changes = candidate, changes + 1
    if not choices.chance(2, 3):
        return world, changes
    # Without any hidden row what is asked of every row is asked of visible ones alone.
    for row in (emptied := choices.one(world.tables)).rows:
        candidate = _with(world, _without(world.table(emptied.name), row))
        if not _is_referred(world, emptied, row) and view(candidate, role, session) == seen:
            world, changes = candidate, changes + 1
    return world, changes


def _with(world: World, table: Table) -> World:
    return replace(world, tables=tuple(table if each.name == table.name else each for each in world.tables))


def _without(table: Table, gone: Row) -> Table:
    return replace(table, rows=tuple(row for row in table.rows if row is not gone))


def _is_referred(world: World, table: Table, row: Row) -> bool:
    return any(_points(other, table, row) for other in _keys(world))


def _changed(choices: Choices, table: Table, world: World) -> Table | None:
    """One cell, one row more, or one row less; None when keys forbid it."""
    match choices.pick(5):
        case 0:
            row = make_row(choices, table, {each.name: each for each in world.tables})
            return None if row is None else replace(table, rows=(*table.rows, row))
        case 1:
            free = [row for row in table.rows if not _is_referred(world, table, row)]
            return _without(table, choices.one(free)) if free else None
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
