"""Twins of a world to write to: they differ in what one caller can neither see nor reach, and in nothing else.

A twin is *like* its world where also every key, reference and unique value of hidden rows is the same: then nothing at
all may tell the two apart. Otherwise a value may be taken in one and free in the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from property.choices import Choices
from property.constraints import broken_values, computed, dangling, refreshed, unique_key, uniques
from property.make_world import make_row
from property.predicates import Given, Pred
from property.truth import Truth
from property.twins import view
from property.world import Row, Table, World
from property.write_rules import Generated

ATTEMPTS = 80
TAG = "~tag"
"""Not a column: tells which row it is, whatever becomes of it and in either twin."""


def tagged(world: World) -> World:
    """The world with its rows numbered."""
    tables = tuple(
        replace(table, rows=tuple({**row, TAG: number} for number, row in enumerate(table.rows)))
        if table.shape.view is None
        else table
        for table in world.tables
    )
    return refreshed(replace(world, tables=tables))


def tags(rows: tuple[Row, ...]) -> list[int]:
    """Which rows these are; those that a write has made do not count."""
    return [row[TAG] for row in rows if TAG in row]


def out_of_sight(world: World, other: World, role: str, session: Mapping[str, Given]) -> dict[str, list[Row]]:
    """Rows that the caller cannot see, by table: those of either world, and more often those in which they differ."""
    found: dict[str, list[Row]] = {}
    for one, two in ((world, other), (other, world)):
        truth = Truth(one, role, session)
        for table in one.tables:
            seen, known = truth.visible(table), [*map(repr, two.table(table.name).rows)]
            hidden = [row for row in table.rows if not any(row is each for each in seen)]
            differing = [row for row in table.rows if repr(row) not in known]
            found[table.name] = [*found.get(table.name, []), *hidden, *differing, *differing]
    return found


def write_twin(
    choices: Choices, world: World, role: str, session: Mapping[str, Given], *, is_like: bool
) -> tuple[World, int]:
    """The twin of a tagged world, and how many changes it took."""
    seen = _known(world, role, session)
    changes = 0
    for attempt in range(ATTEMPTS):
        table = choices.one([each for each in world.tables if each.shape.view is None])
        changed = _changed(choices, table, world, attempt, is_like=is_like)
        if changed is None:
            continue
        tables = tuple(changed if each is table else each for each in world.tables)
        candidate = refreshed(replace(world, tables=tables))
        if _is_sound(candidate, changed) and _known(candidate, role, session) == seen:
            world, changes = candidate, changes + 1
    return world, changes


def _known(world: World, role: str, session: Mapping[str, Given]) -> Any:
    """What the caller may learn by reading, what rows that it makes may be related to, and the rows that its writes
    may reach."""
    truth = Truth(world, role, session)
    joined = [[[row[name] for name in _joined(world, table)] for row in truth.visible(table)] for table in world.tables]
    return view(world, role, session), repr(joined), [[*_reached(truth, table)] for table in world.tables]


def _joined(world: World, table: Table) -> list[str]:
    """Columns by which relationships find rows: whoever writes the other side learns what stands there."""
    ours = {ours for link in table.links for ours, _ in link.on}
    theirs = {
        theirs for each in world.tables for link in each.links if link.table == table.name for _, theirs in link.on
    }
    return sorted(ours | theirs)


def _reached(truth: Truth, table: Table) -> Iterator[list[int]]:
    """What rules for writes say of the rows that are there. Checks look at rows as they are to be, but what they find
    now is most of it."""
    writes = table.writes(truth.role)
    if writes.delete is not None:
        yield _passing(truth, writes.delete.filter, table, table.rows)
    if writes.update is not None:
        yield (reach := _passing(truth, writes.update.filter, table, table.rows))
        if writes.update.check is not None:
            rows = tuple(row for row in table.rows if row[TAG] in reach)
            yield _passing(truth, writes.update.check, table, rows)


def _passing(truth: Truth, rule: Pred, table: Table, rows: tuple[Row, ...]) -> list[int]:
    return tags(tuple(row for row in rows if truth.rule_holds(rule, table, row)))


# ---------------------------------------------------------------- single changes


def _changed(choices: Choices, table: Table, world: World, attempt: int, *, is_like: bool) -> Table | None:
    """One cell, one row more, or one row less."""
    kind = "cell" if is_like else choices.one(("more", "cell", "less", "more"))
    if kind == "more":
        row = make_row(choices, table, {each.name: each for each in world.tables})
        made = None if row is None else computed(table, {**row, TAG: 1_000 + attempt})
        return None if made is None else replace(table, rows=(*table.rows, made))
    if not table.rows:
        return None
    chosen = choices.one(table.rows)
    if kind == "less":
        return replace(table, rows=tuple(row for row in table.rows if row is not chosen))
    return _other_cell(choices, table, chosen, world, is_like=is_like)


def _other_cell(choices: Choices, table: Table, row: Row, world: World, *, is_like: bool) -> Table | None:
    bound = {*table.primary_key, *_bound(table, world)} if is_like else {*table.primary_key}
    columns = [each for each in table.columns if each.name not in bound and not isinstance(each.source, Generated)]
    if not columns:
        return None
    column = choices.one(columns)
    value = None if column.nullable and choices.chance(1, 3) else choices.one(column.kind.pool)
    other = computed(table, {**row, column.name: value})
    return replace(table, rows=tuple(other if each is row else each for each in table.rows))


def _bound(table: Table, world: World) -> Iterator[str]:
    """Columns that constraints look at beyond their own row."""
    for unique in uniques(table):
        yield from unique.columns
    for source in world.tables:
        for key in source.keys:
            if source is table:
                yield from key.columns
            if key.table == table.name:
                yield from key.targets


def _is_sound(world: World, table: Table) -> bool:
    """Whether a database would take it."""
    if any(True for row in table.rows for _ in broken_values(table, row)) or any(True for _ in dangling(world)):
        return False
    for unique in uniques(table):
        keys = [key for key in (unique_key(table, unique, row) for row in table.rows) if key is not None]
        if len(set(keys)) < len(keys):
            return False
    return True
