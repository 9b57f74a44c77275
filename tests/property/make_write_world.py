"""Choices → a world to write to: defaults, identities, generated columns, unique keys, views, and rules for writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from property.choices import Choices
from property.constraints import computed, refreshed, unique_key, uniques
from property.grants import ROOTS, Grant
from property.kinds import KINDS
from property.make_world import make_world, mapped
from property.make_write_rules import Legislator
from property.world import Column, Key, Row, Table, World
from property.write_rules import Default, Forbidden, Generated, Identity, OnDelete, Unique, UniquePart, View

DELETES: tuple[OnDelete, ...] = ("cascade", "set null", "no action", "restrict", "cascade")
IDENTITY_START = 1_000_000
NUMBERED = ("int4", "int8")
KEYS_OFTEN = ("text", "citext", "int4", "int2", "date", "uuid", "bool", "mood", "int8", "small", "numeric")


def make_write_world(choices: Choices) -> World:
    """A world as reads have it, and all that writes meet beside it."""
    world = _with_json(choices, make_world(choices))
    tables = tuple(_shaped(choices, table, place) for place, table in enumerate(world.tables))
    world = replace(world, tables=tables, ignores_select=choices.chance(1, 3))
    if choices.chance(2, 3):
        world = _with_view(choices, world)
    return Legislator(choices, refreshed(world)).ruled()


def _shaped(choices: Choices, table: Table, place: int) -> Table:
    table = replace(table, keys=tuple(_with_action(choices, table, key) for key in table.keys))
    table = _with_sources(choices, table, place)
    table = _with_generated(choices, table)
    shape = replace(table.shape, key_name=f"{table.name}_key")
    table = replace(table, shape=shape)
    return _with_forbidden(choices, _with_uniques(choices, table))


def _with_action(choices: Choices, table: Table, key: Key) -> Key:
    """Rows that need the key cannot lose it: then `set null` could only fail."""
    action = choices.one(DELETES)
    is_needed = not table.column(key.columns[0]).nullable
    return replace(key, on_delete="cascade" if action == "set null" and is_needed and choices.chance(3, 4) else action)


# ---------------------------------------------------------------- values that come by themselves


def _with_sources(choices: Choices, table: Table, place: int) -> Table:
    columns = tuple(_with_source(choices, table, column, place) for column in table.columns)
    return replace(table, columns=columns)


def _with_source(choices: Choices, table: Table, column: Column, place: int) -> Column:
    in_keys = {name for key in table.keys for name in key.columns}
    if table.primary_key == (column.name,) and column.kind_name in NUMBERED and column.name not in in_keys:
        if choices.chance(2, 3):
            return replace(column, source=Identity(choices.chance(1, 5), IDENTITY_START * (place + 1)))
        return column
    if column.name in table.primary_key or column.name in in_keys or not choices.chance(1, 3):
        return column
    return replace(column, source=Default(choices.one(column.kind.pool)))


def _with_generated(choices: Choices, table: Table) -> Table:
    in_keys = {name for key in table.keys for name in key.columns}
    bases = [column for column in table.columns if column.name not in in_keys and column.source is None]
    if not bases or not choices.chance(1, 2):
        return table
    of = choices.one(bases)
    is_text = of.kind_name == "text" and choices.chance(3, 4)
    formula: Literal["exclaimed", "missing"] = "exclaimed" if is_text else "missing"
    column = Column("made", "made", "text" if is_text else "bool", True, Generated(formula, of.name))
    table = replace(table, columns=(*table.columns, column))
    grants = tuple((role, _with_column(choices, grant, "made")) for role, grant in table.grants)
    return replace(table, grants=grants, rows=tuple(computed(table, row) for row in table.rows))


def _with_column(choices: Choices, grant: Grant, name: str) -> Grant:
    if grant.columns is None or not choices.chance(2, 3):
        return grant
    return replace(grant, columns=(*grant.columns, name))


def _with_json(choices: Choices, world: World) -> World:
    """Most operators of updates are for jsonb, so nearly every world has some of it."""
    if any(column.kind_name == "jsonb" for table in world.tables for column in table.columns) or choices.chance(1, 4):
        return world
    table = choices.one([table for table in world.tables if table.rows] or world.tables)
    grants = tuple((role, _with_column(choices, grant, "settings")) for role, grant in table.grants)
    rows = tuple({**row, "settings": choices.one(KINDS["jsonb"].pool)} for row in table.rows)
    columns = (*table.columns, Column("settings", "settings", "jsonb", True))
    changed = replace(table, columns=columns, grants=grants, rows=rows)
    return replace(world, tables=tuple(changed if each is table else each for each in world.tables))


# ---------------------------------------------------------------- constraints


def _with_uniques(choices: Choices, table: Table) -> Table:
    """Keys that the rows have, or can have with other values in them."""
    for number in range(choices.one((1, 2, 0, 2))):
        unique = _unique(choices, table, f"{table.name}_only_{number}")
        if unique is not None and not any(_are_alike(unique, other) for other in uniques(table)):
            shape = replace(table.shape, uniques=(*table.shape.uniques, unique))
            candidate = replace(table, rows=_distinct(table, unique), shape=shape)
            table = candidate if _has_keys(candidate) else table
    return table


def _are_alike(one: Unique, other: Unique) -> bool:
    """Postgres drops a constraint that repeats another one, and a conflict target may stand for both."""
    return set(one.parts) == set(other.parts) and (one.where == other.where or None not in (one.where, other.where))


def _has_keys(table: Table) -> bool:
    for unique in uniques(table):
        keys = [unique_key(table, unique, row) for row in table.rows]
        keys = [key for key in keys if key is not None]
        if len(set(keys)) < len(keys):
            return False
    return True


def _unique(choices: Choices, table: Table, name: str) -> Unique | None:
    columns = [column for column in table.columns if column.kind_name in KEYS_OFTEN]
    columns = [column for column in columns if not isinstance(column.source, Generated)]
    chosen = choices.some(columns, 1, 2)
    if not chosen:
        return None
    parts = tuple(UniquePart(each.name, each.kind_name == "text" and choices.chance(1, 2)) for each in chosen)
    where: Any = None
    if choices.chance(1, 3):
        column = choices.one([each for each in table.columns if each.nullable or each.kind_name == "bool"] or columns)
        where = (column.name, "is true" if column.kind_name == "bool" else "is not null")
    is_index = where is not None or any(part.lowered for part in parts) or choices.chance(1, 4)
    return Unique(name, parts, where, is_index)


def _distinct(table: Table, unique: Unique) -> tuple[Row, ...]:
    """Rows that share a key get other values in it, where there are some."""
    seen: set[Any] = set()
    rows: list[Row] = []
    for row in table.rows:
        if unique_key(table, unique, row) in seen:
            row = next((other for other in _others(table, unique, row) if _is_free(table, unique, other, seen)), row)
        seen.add(unique_key(table, unique, row))
        rows.append(row)
    return tuple(rows)


def _is_free(table: Table, unique: Unique, row: Row, seen: set[Any]) -> bool:
    key = unique_key(table, unique, row)
    return key is None or key not in seen


def _others(table: Table, unique: Unique, row: Row) -> Iterator[Row]:
    bound = {*table.primary_key, *(name for key in table.keys for name in key.columns)}
    for name in unique.columns:
        column = table.column(name)
        if name not in bound:
            values = (*((None,) if column.nullable else ()), *column.kind.pool)
            yield from (computed(table, {**row, name: value}) for value in values)


def _with_forbidden(choices: Choices, table: Table) -> Table:
    columns = [column for column in table.columns if column.kind_name in ("int4", "text", "date", "numeric")]
    if not columns or not choices.chance(1, 3):
        return table
    column = choices.one(columns)
    stored = {row[column.name] for row in table.rows}
    free = [value for value in column.kind.pool if value not in stored]
    if not free:
        return table
    forbidden = Forbidden(f"{table.name}_sane", column.name, choices.one(free))
    return replace(table, shape=replace(table.shape, forbidden=(forbidden,)))


# ---------------------------------------------------------------- views


def _with_view(choices: Choices, world: World) -> World:
    base = choices.one(world.tables)
    needed = [column for column in base.columns if not column.nullable and column.source is None]
    others = [column for column in base.columns if column not in needed]
    columns = (*needed, *choices.some(others, 1, len(others)))
    nullable = [column.name for column in base.columns if column.nullable]
    kept = choices.one(nullable) if nullable and choices.chance(2, 3) else None
    name = "harbour"
    view = replace(
        base,
        name=name,
        sql=name,
        columns=columns,
        primary_key=(),
        keys=(),
        links=(),
        hidden=(),
        roots=tuple((root, world.spelling.roots(name)[root]) for root in ROOTS),
        infers=False,
        grants=(),
        computed=(),
        shape=replace(base.shape, key_name="", uniques=(), forbidden=(), view=View(base.name, kept)),
    )
    world = refreshed(replace(world, tables=(*world.tables, view)))
    return replace(world, tables=tuple(_linked(choices, world, table) for table in world.tables))


def _linked(choices: Choices, world: World, table: Table) -> Table:
    """The view leads to tables, and tables to the view."""
    is_view = table.shape.view is not None
    if not is_view and not choices.chance(1, 3):
        return table
    target = choices.one(world.tables[:-1]) if is_view else world.tables[-1]
    link = mapped(choices, table, target, "view")
    return table if link is None else replace(table, links=(*table.links, link))


assert set(KEYS_OFTEN) <= set(KINDS)
