"""What a database demands of rows: unique keys, values, references; and what it fills in by itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Any

from property.kinds import KINDS, group_key
from property.world import Column, Key, Row, Table, World
from property.write_rules import Generated, Unique, UniquePart


def uniques(table: Table) -> tuple[Unique, ...]:
    """The primary key and every other unique key."""
    parts = tuple(UniquePart(name) for name in table.primary_key)
    primary = (Unique(table.shape.key_name, parts),) if parts else ()
    return (*primary, *table.shape.uniques)


def arbiters(table: Table, target: str) -> tuple[Unique, ...]:
    """The unique keys that a conflict target stands for, its own first: Postgres takes every index with these very
    parts that the target's predicate covers."""
    chosen = next(unique for unique in uniques(table) if unique.name == target)
    others = (unique for unique in uniques(table) if unique is not chosen and set(unique.parts) == set(chosen.parts))
    return (chosen, *(unique for unique in others if unique.where in (None, chosen.where)))


def unique_key(table: Table, unique: Unique, row: Row) -> Hashable:
    """What no other row may have; None when the row does not count."""
    if unique.where is not None:
        column, word = unique.where
        if row[column] is None or (word == "is true" and row[column] is not True):
            return None
    values = [row[part.column] for part in unique.parts]
    if None in values:
        return None
    return tuple(_part_key(table, part, value) for part, value in zip(unique.parts, values, strict=True))


def _part_key(table: Table, part: UniquePart, value: Any) -> Hashable:
    return value.lower() if part.lowered else group_key(table.column(part.column).kind, value)


def computed(table: Table, row: Row) -> dict[str, Any]:
    """The row with its generated columns as they must be."""
    found = dict(row)
    for column in table.columns:
        if isinstance(column.source, Generated):
            found[column.name] = _generated(column.source, found[column.source.of])
    return found


def _generated(source: Generated, value: Any) -> Any:
    return value is None if source.formula == "missing" else f"{'' if value is None else value}!"


def is_writable(column: Column) -> bool:
    """Whether anybody may give it a value."""
    return not isinstance(column.source, Generated) and not getattr(column.source, "always", False)


# ---------------------------------------------------------------- what a row breaks by itself


def broken_values(table: Table, row: Row) -> Iterator[str]:
    """Why the row cannot be, whatever stands beside it."""
    for column in table.columns:
        value = row[column.name]
        if value is None:
            if not column.nullable:
                yield f"{column.name} is null"
        elif column.kind_name == "small" and value >= 1000:
            yield f"{column.name} is no value of its domain"
    for each in table.shape.forbidden:
        value = row[each.column]
        kind = table.column(each.column).kind
        if value is not None and group_key(kind, value) == group_key(kind, each.value):
            yield f"{each.name} is broken"


LIMITS = {"int4": 2**31, "int2": 2**15, "int8": 2**63, "small": 2**31}


def is_out_of_range(column: Column, value: Any) -> bool:
    """Whether the number does not fit its type."""
    limit = LIMITS.get(column.kind_name)
    return limit is not None and value is not None and not -limit <= value < limit


# ---------------------------------------------------------------- references


def reference(table: Table, key: Key, row: Row) -> Hashable:
    """What a foreign key points to; None when it points nowhere."""
    values = [row[name] for name in key.columns]
    if None in values:
        return None
    return tuple(group_key(table.column(name).kind, value) for name, value in zip(key.columns, values, strict=True))


def referred(target: Table, key: Key, row: Row) -> Hashable:
    """What points to a row."""
    return tuple(group_key(target.column(name).kind, row[name]) for name in key.targets)


def dangling(world: World) -> Iterator[tuple[Table, Key, Row]]:
    """Every row with a reference to nothing."""
    for table in world.tables:
        for key in table.keys:
            target = world.table(key.table)
            there = {referred(target, key, row) for row in target.rows}
            for row in table.rows:
                found = reference(table, key, row)
                if found is not None and found not in there:
                    yield table, key, row


# ---------------------------------------------------------------- views


def base_of(world: World, table: Table) -> Table:
    """The table whose rows a write to this relation changes."""
    return table if table.shape.view is None else world.table(table.shape.view.base)


def refreshed(world: World) -> World:
    """The world with its views as their tables have it. A view's rows are the very rows of its table."""
    return replace(world, tables=tuple(_refreshed(world, table) for table in world.tables))


def _refreshed(world: World, table: Table) -> Table:
    view = table.shape.view
    if view is None:
        return table
    rows = world.table(view.base).rows
    return replace(table, rows=tuple(row for row in rows if view.column is None or row[view.column] is not None))


def with_rows(world: World, name: str, rows: tuple[Row, ...]) -> World:
    """The world with other rows in one table."""
    tables = tuple(replace(table, rows=rows) if table.name == name else table for table in world.tables)
    return refreshed(replace(world, tables=tables))


assert set(LIMITS) <= set(KINDS)
