"""Choices → what each role may write: not so little that all is refused, not so much that nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from property.choices import Choices
from property.constraints import is_writable
from property.grants import Grant
from property.jsonb import Json
from property.kinds import KINDS, Kind, as_json, group_key
from property.make_grants import Granter, calmed, each_once
from property.make_predicates import Writer
from property.predicates import Any_, Compare, Items, Pred, Session, Test, Value, session_name
from property.world import Column, Table, World
from property.write_rules import (
    WRITES,
    DeleteRule,
    Generated,
    Identity,
    InsertRule,
    Preset,
    SqlText,
    UpdateRule,
    Writes,
)

SQL_PRESETS = {
    "int4": SqlText("1 + 1", 2),
    "int8": SqlText("2::int8 - 1", 1),
    "text": SqlText("lower('AB')", "ab"),
    "bool": SqlText("not false", True),
    "date": SqlText("date '2024-02-29'", "2024-02-29"),
}


@dataclass(slots=True)
class Legislator:
    choices: Choices
    world: World
    named: list[tuple[str, Pred]] = field(default_factory=list)

    def ruled(self) -> World:
        """The world with rules for writes; its view, if there is one, with rules for reads too."""
        self.named = list(self.world.named)
        tables = tuple(self._ruled(self._readable(table)) for table in self.world.tables)
        return replace(self.world, tables=tables, named=tuple(self.named))

    def _readable(self, table: Table) -> Table:
        """In a world to write to roles see more than in one to read from."""
        grants = table.grants
        if table.shape.view is not None:
            grants = Granter(self.choices, self.world, self.named).grants(table)
        return replace(table, grants=each_once((role, self._widened(table, grant)) for role, grant in grants))

    def _widened(self, table: Table, grant: Grant) -> Grant:
        names = tuple(column.name for column in table.columns if column.name not in table.hidden)
        if self.choices.chance(1, 2):
            grant = replace(grant, columns=None)
        elif grant.columns is not None:
            added = [name for name in table.primary_key if name in names and name not in grant.columns]
            grant = replace(grant, columns=(*grant.columns, *added))
        return calmed(table, replace(grant, filter=Pred.always())) if self.choices.chance(1, 4) else grant

    # ------------------------------------------------------------ rules

    def _ruled(self, table: Table) -> Table:
        """Those that inherit mostly have none of their own, and their parents often the same."""
        heirs = dict(self.world.parents)
        writes: dict[str, Writes] = {}
        for role in self.world.roles:
            if role not in heirs:
                writes[role] = self._alike(self._writes(table), [*writes.values()])
            elif self.choices.chance(1, 5):
                writes[role] = replace(self._writes(table), **dict.fromkeys(self.choices.some(WRITES, 1, 2)))
        return replace(table, shape=replace(table.shape, writes=tuple(writes.items())))

    def _alike(self, writes: Writes, others: list[Writes]) -> Writes:
        """Some of the rules taken from another role."""
        if not others:
            return writes
        other = self.choices.one(others)
        taken = [kind for kind in WRITES if self.choices.chance(1, 3)]
        return replace(writes, **{kind: getattr(other, kind) for kind in taken})

    def _writes(self, table: Table) -> Writes:
        takes_rows = any(map(is_writable, table.columns))
        return Writes(
            self._insert(table) if takes_rows and self.choices.chance(5, 6) else None,
            self._update(table) if self.choices.chance(5, 6) else None,
            DeleteRule(self._rule(table), self._is_backend()) if self.choices.chance(5, 6) else None,
        )

    def _insert(self, table: Table) -> InsertRule:
        presets = self._presets(table)
        columns = None if self.choices.chance(1, 2) else self._columns(table, needed=True)
        return InsertRule(columns, self._rule(table), presets, self._is_backend())

    def _update(self, table: Table) -> UpdateRule:
        presets = tuple(preset for preset in self._presets(table) if preset.column not in table.primary_key)
        columns = None if self.choices.chance(1, 2) else self._columns(table, needed=False)
        check = self._rule(table) if self.choices.chance(2, 3) else None
        return UpdateRule(columns, self._rule(table), check, presets, self._is_backend())

    def _is_backend(self) -> bool:
        return self.choices.chance(1, 12)

    def _columns(self, table: Table, *, needed: bool) -> tuple[str, ...] | None:
        """Some of the columns; on insert mostly those without which no row can be."""
        names = [column.name for column in table.columns if column.name not in table.hidden and is_writable(column)]
        if not names:
            return ()
        chosen = set(self.choices.some(names, 1, len(names)))
        if needed and self.choices.chance(7, 8):
            chosen |= {name for name in names if _is_needed(table.column(name))}
        # Those that list all have the same rule as those that say so.
        return None if chosen == {*names} else tuple(name for name in names if name in chosen)

    # ------------------------------------------------------------ conditions

    def _rule(self, table: Table) -> Pred:
        """Half of them let almost everything pass."""
        writer = Writer(self.choices, self.world, named=self.named)
        match self.choices.pick(8):
            case 0 | 1:
                return Pred.always()
            case 2 | 3:
                return self._wide(table)
            case 4:
                return Any_((self._wide(table), writer.related(table, table, 1)))
            case 5:
                return Any_((writer.leaf(table, table), writer.related(table, table, 1), writer.leaf(table, table)))
            case _:
                return writer.rule(table)

    def _wide(self, table: Table) -> Pred:
        """All values of a column but a few."""
        column = self.choices.one(table.columns)
        if column.kind_name == "jsonb" or column.kind.is_array:
            return Pred.always()
        kind = column.kind
        few = {group_key(kind, value) for value in self.choices.some(kind.pool, 1, 2)}
        rest = tuple(value for value in kind.pool if group_key(kind, value) not in few)
        operand = Items(tuple(self._value(kind, value, "_nin") for value in kind.pool if group_key(kind, value) in few))
        if self.choices.chance(1, 2) and rest and not isinstance(column.source, Identity):
            operand = Items(tuple(self._value(kind, value, "_in") for value in rest))
            listed: Pred = Compare(column.name, (Test("_in", operand),))
        else:
            listed = Compare(column.name, (Test("_nin", operand),))
        null = Compare(column.name, (Test("_is_null", Value(True, True, "Boolean", "bool", "_is_null")),))
        return Any_((listed, null)) if column.nullable else listed

    @staticmethod
    def _value(kind: Kind, value: Any, operator: str) -> Value:
        written = str(value) if kind.name == "numeric" else value
        return Value(value, written, kind.type, kind.name, operator)

    # ------------------------------------------------------------ presets

    def _presets(self, table: Table) -> tuple[Preset, ...]:
        in_keys = {name for key in table.keys for name in key.columns}
        possible = [column for column in table.columns if is_writable(column) and column.name not in in_keys]
        possible = [column for column in possible if column.name not in table.primary_key]
        number = self.choices.one((0, 0, 1, 0, 2))
        return tuple(Preset(each.name, self._preset(each)) for each in self.choices.some(possible, number, number))

    def _preset(self, column: Column) -> Value | Session | SqlText | None:
        kind = column.kind
        match self.choices.pick(4):
            case 0 if not kind.is_array:
                return Session(session_name(kind.name, is_list=False))
            case 1 if column.nullable:
                return None
            case 2 if kind.name in SQL_PRESETS:
                return SQL_PRESETS[kind.name]
        value = self.choices.one(givable(kind, kind.pool))
        written = str(value) if kind.name == "numeric" else as_json(kind, value)
        return Value(value, written, kind.type, kind.name, "_eq")


def givable(kind: Kind, values: Sequence[Any]) -> tuple[Any, ...]:
    """Values that a document or a rule can give: no JSON null, which would be SQL's, and no nulls in lists."""
    if kind.is_array:
        return tuple(value for value in values if value is None or None not in value)
    return tuple(value for value in values if value != Json("null")) if kind.name == "jsonb" else tuple(values)


def _is_needed(column: Column) -> bool:
    return not column.nullable and (column.source is None or isinstance(column.source, Generated))


assert set(SQL_PRESETS) <= set(KINDS)
