"""Mutations with values of rows that the caller cannot see: where a leak would be, if there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from property.choices import Choices
from property.constraints import uniques
from property.make_cells import CellMaker
from property.make_predicates import JUNK
from property.make_write_rules import givable
from property.predicates import Both, Compare, Pred, Test, Value
from property.trees import rebuilt
from property.world import Key, Row, Table
from property.write_sight import WriteSight
from property.writes import Assign, Cell, Change, DeleteRoot, InsertRoot, Mutation, NewRow, UpdateRoot

Hidden = Mapping[str, Sequence[Row]]
"""Rows out of sight, by table."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Some of its values are malformed, too."""

    choices: Choices
    sight: WriteSight
    hidden: Hidden

    def aimed(self, mutation: Mutation) -> Mutation:
        """The mutation, or one that hits something hidden more often."""
        items = rebuilt(mutation.items, self._root)
        if self.choices.chance(1, 12):
            items = rebuilt(items, self._broken)
        return replace(mutation, items=items)

    # ------------------------------------------------------------ roots

    def _root(self, node: Any) -> Any:
        match node:
            case InsertRoot():
                table = self._table(node.table)
                return replace(node, rows=tuple(self._row(table, row) for row in node.rows))
            case UpdateRoot():
                table = self._table(node.table)
                changes = tuple(self._change(table, each) for each in node.changes)
                return replace(node, changes=changes, primary_key=self._key(table, node.primary_key))
            case DeleteRoot(kind="delete"):
                table = self._table(node.table)
                return replace(node, where=self._referred(table) or self._where(table, node.where))
            case DeleteRoot():
                return replace(node, primary_key=self._key(self._table(node.table), node.primary_key))
            case _:
                return node

    def _table(self, name: str) -> Table:
        return self.sight.world.table(name)

    def _target(self, table: Table, times: int, out_of: int) -> Row | None:
        rows = self.hidden.get(table.name, ())
        return self.choices.one(rows) if rows and self.choices.chance(times, out_of) else None

    # ------------------------------------------------------------ values

    def _row(self, table: Table, row: NewRow) -> NewRow:
        """A key that a hidden row has, or one that refers to a hidden row."""
        known = self._known(table)
        cells = tuple(
            replace(cell, value=self._value(table, cell.column, known[cell.column], cell.value))
            if cell.column in known
            else cell
            for cell in row.cells
        )
        nested = tuple(
            replace(each, rows=tuple(self._row(self._table(table.link(each.link).table), below) for below in each.rows))
            for each in row.nested
        )
        return NewRow(cells, nested)

    def _known(self, table: Table) -> Mapping[str, Any]:
        known: dict[str, Any] = {}
        target = self._target(table, 2, 3)
        if target is not None:
            unique = self.choices.one(uniques(table)) if uniques(table) else None
            known |= {name: target[name] for name in (() if unique is None else unique.columns)}
        for key in table.keys:
            known |= self._reference(key)
        return known

    def _reference(self, key: Key) -> Mapping[str, Any]:
        target = self._target(self._table(key.table), 2, 5)
        if target is None:
            return {}
        return {ours: target[theirs] for ours, theirs in zip(key.columns, key.targets, strict=True)}

    def _value(self, table: Table, name: str, value: Any, old: Value | None) -> Value | None:
        kind = table.column(name).kind
        if value is None or not givable(kind, [value]):
            return old if value is not None else None
        made = CellMaker(self.choices, self.sight.world, False).given(kind, value)
        return replace(made, how="inline" if old is None else old.how)

    def _key(self, table: Table, key: tuple[Value, ...]) -> tuple[Value, ...]:
        target: Mapping[str, Any] | None = self._target(table, 1, 2) if key else None
        if key and self.choices.chance(1, 2):
            target = self._referred_key(table) or target
        if target is None:
            return key
        pairs = zip(table.primary_key, key, strict=True)
        return tuple(replace(self._value(table, name, target[name], old) or old, type=old.type) for name, old in pairs)

    # ------------------------------------------------------------ updates and deletes

    def _change(self, table: Table, change: Change) -> Change:
        known = self._known(table)
        assigns = tuple(self._assign(table, assign, known) for assign in change.assigns)
        return Change(None if change.where is None else self._where(table, change.where), assigns)

    def _assign(self, table: Table, assign: Assign, known: Mapping[str, Any]) -> Assign:
        if assign.operator != "_set" or assign.column not in known:
            return assign
        return replace(assign, value=self._value(table, assign.column, known[assign.column], assign.value))

    def _where(self, table: Table, where: Pred) -> Pred:
        """Now and then just a value of a hidden row, or every row."""
        target = self._target(table, 1, 3)
        if target is None:
            return Pred.always() if self.choices.chance(1, 4) else where
        columns = [each for each in self.sight.reads.columns(table) if not each.kind.is_array]
        columns = [each for each in columns if each.kind_name != "jsonb" and target[each.name] is not None]
        if not columns:
            return where
        column = self.choices.one(columns)
        value = self._value(table, column.name, target[column.name], None)
        assert value is not None
        return Compare(column.name, (Test("_eq", value),))

    def _referred(self, table: Table) -> Pred | None:
        """Now and then the row that a hidden one refers to, and keeps."""
        known = self._referred_key(table)
        readable = {column.name for column in self.sight.reads.steady(table)}
        if not known or not readable.issuperset(known):
            return None
        values = [(name, self._value(table, name, value, None)) for name, value in known.items()]
        return Both(tuple(Compare(name, (Test("_eq", value),)) for name, value in values if value is not None))

    def _referred_key(self, table: Table) -> Mapping[str, Any]:
        """The key of such a row; empty where there is none."""
        keys = ((each, key) for each in self.sight.world.tables for key in each.keys)
        keeping = ("no action", "restrict")
        referrers = [(each, key) for each, key in keys if key.table == table.name and key.on_delete in keeping]
        if not referrers:
            return {}
        source, key = self.choices.one(referrers)
        target = self._target(source, 3, 4)
        if target is None or None in [target[name] for name in key.columns]:
            return {}
        return {theirs: target[ours] for ours, theirs in zip(key.columns, key.targets, strict=True)}

    # ------------------------------------------------------------ malformed values

    def _broken(self, node: Any) -> Any:
        if not isinstance(node, Cell | Assign) or node.value is None or node.value.kind not in JUNK:
            return node
        if node.value.type.removesuffix("!") == "[String!]" or not self.choices.chance(1, 3):
            return node
        return replace(node, value=replace(node.value, json=self.choices.one(JUNK[node.value.kind])))
