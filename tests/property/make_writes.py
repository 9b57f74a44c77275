"""Choices → mutations of one role that name nothing forbidden; whether its rules allow them is another matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from property.choices import Choices
from property.make_cells import CellMaker, operators
from property.make_predicates import Writer
from property.make_queries import Asker
from property.make_rows import RowMaker
from property.predicates import Given, How, Pred, Value
from property.queries import Item, Typename
from property.trees import rebuilt
from property.world import ADMIN, Column, Table, World
from property.write_rules import Identity
from property.write_sight import WriteSight
from property.writes import (
    Affected,
    Assign,
    Change,
    DeleteRoot,
    InsertRoot,
    Mutation,
    Returning,
    UpdateOperator,
    UpdateRoot,
    WriteKind,
    WriteRoot,
)


def writers(world: World, *, is_backend: bool) -> list[str]:
    """The roles that may write anything at all."""
    return [
        role
        for role in (*world.roles, ADMIN)
        if any(True for table in world.tables for _ in WriteSight(world, role, is_backend).kinds(table))
    ]


def make_mutation(
    choices: Choices, world: World, role: str, session: Mapping[str, Given], *, is_backend: bool = False
) -> Mutation:
    """A mutation of a role, one of `writers`."""
    maker = Mutator(choices, WriteSight(world, role, is_backend))
    return Mutation(role, session, maker.roots(), is_backend)


@dataclass(slots=True)
class Mutator:
    choices: Choices
    sight: WriteSight
    asker: Asker = field(init=False)

    def __post_init__(self) -> None:
        self.asker = Asker(self.choices, self.sight.reads)

    @property
    def world(self) -> World:
        return self.sight.world

    # ------------------------------------------------------------ roots

    def roots(self) -> tuple[Item, ...]:
        possible = [(table, kind) for table in self.world.tables for kind in self.sight.kinds(table)]
        items: list[Item] = []
        for index in range(self.choices.one((1, 1, 1, 1, 2, 3))):
            kinds = sorted({kind for _, kind in possible})
            # Inserts have most to them, and have their turn more often.
            kind = self.choices.one([*kinds, *(kind for kind in kinds if kind.startswith("insert"))])
            tables = [table for table, each in possible if each == kind]
            rich = [table for table in tables if kind.startswith("update") and self.rich(table)]
            table = self.choices.one(rich if rich and self.choices.chance(2, 3) else tables)
            root = self.root(table, kind)
            if index or self.choices.chance(1, 4):
                root = replace(root, key=f"r{index}")
            items.append(root)
        items += [Typename()] if self.choices.chance(1, 12) else []
        return self.asker.wrapped(items)

    def root(self, table: Table, kind: WriteKind) -> WriteRoot:
        key = self.world.spelling.write_roots(table.name)[kind]
        match kind:
            case "insert" | "insert_one":
                return self.insert(key, table, kind)
            case "update" | "update_by_pk" | "update_many":
                return self.update(key, table, kind)
            case _:
                where = Pred.always() if kind == "delete_by_pk" else self.where(table)
                return DeleteRoot(key, kind, table.name, where, self.primary_key(table, kind), self.items(table, kind))

    def insert(self, key: str, table: Table, kind: Any) -> InsertRoot:
        how = self.how()
        maker = RowMaker(self.choices, self.sight, may_vary=how == "inline")
        conflict = maker.conflict(table)
        number = 1 if kind == "insert_one" else self.choices.one((1, 2, 3, 2, 1, 4, 0))
        rows = maker.rows(table, number, conflict)
        return InsertRoot(key, kind, table.name, rows, conflict, self.items(table, kind), how)

    def update(self, key: str, table: Table, kind: Any) -> UpdateRoot:
        how: How = self.how() if kind == "update_many" else "inline"
        number = self.choices.one((2, 1, 3, 2, 0)) if kind == "update_many" else 1
        changes = tuple(self.change(table, kind, may_vary=how == "inline") for _ in range(number))
        return UpdateRoot(key, kind, table.name, changes, self.primary_key(table, kind), self.items(table, kind), how)

    def how(self) -> How:
        return "variable" if self.choices.chance(1, 4) else "inline"

    # ------------------------------------------------------------ which rows

    def where(self, table: Table, *, may_vary: bool = True) -> Pred:
        """Often simple, so that it finds something."""
        writer = Writer(self.choices, self.world, self.sight.reads, may_vary=may_vary)
        match self.choices.pick(5):
            case 0:
                return Pred.always()
            case 1 | 2:
                return writer.leaf(table, table)
            case 3:
                return writer.related(table, table, 1)
            case _:
                return writer.where(table)

    def primary_key(self, table: Table, kind: WriteKind) -> tuple[Value, ...]:
        if not kind.endswith("by_pk"):
            return ()
        cells = CellMaker(self.choices, self.world)
        row = self.choices.one(table.rows) if table.rows and self.choices.chance(6, 7) else None
        columns = [table.column(name) for name in table.primary_key]
        values = [self.choices.one(each.kind.pool) if row is None else row[each.name] for each in columns]
        return tuple(cells.given(each.kind, value, required=True) for each, value in zip(columns, values, strict=True))

    # ------------------------------------------------------------ what becomes of them

    def change(self, table: Table, kind: WriteKind, *, may_vary: bool) -> Change:
        where = None if kind == "update_by_pk" else self.where(table, may_vary=may_vary)
        change = Change(where, self.assigns(table, may_vary=may_vary))
        return change if may_vary else rebuilt(change, _inline)

    def assigns(self, table: Table, *, may_vary: bool) -> tuple[Assign, ...]:
        cells = CellMaker(self.choices, self.world, may_vary)
        pointing: dict[str, Any] = {}
        for key in table.keys:
            row = cells.referred(key)
            if row is not None:
                pointing |= {ours: row[theirs] for ours, theirs in zip(key.columns, key.targets, strict=True)}
        columns = [each for each in self.sight.update_columns(table) if each.name not in table.primary_key]
        if self.choices.chance(1, 6) or not columns:
            columns = list(self.sight.update_columns(table))
        # jsonb has the most operators, and has its turn more often.
        rich = self.rich(table)
        if rich and self.choices.chance(1, 2):
            columns = rich
        found = []
        for column in self.choices.some(columns, 1, 3):
            operator = self.choices.one(self.operators(table, column))
            if column.name in pointing and operator == "_set":
                value: Value | None = cells.given(column.kind, pointing[column.name])
            else:
                value = cells.operand(table, column, operator)
            is_null = operator == "_set" and self.choices.chance(1, 6 if column.nullable else 40)
            if not isinstance(column.source, Identity) or not is_null:
                found.append(Assign(operator, column.name, None if is_null else value))
        return self._senseless(table, found, cells) if self.choices.chance(1, 30) else tuple(found)

    def rich(self, table: Table) -> list[Column]:
        """Columns with more to do than to be set."""
        return [column for column in self.sight.amendable(table) if column.kind_name == "jsonb"]

    def operators(self, table: Table, column: Column) -> tuple[UpdateOperator, ...]:
        return operators(column) if column in self.sight.amendable(table) else ("_set",)

    def _senseless(self, table: Table, found: list[Assign], cells: CellMaker) -> tuple[Assign, ...]:
        """Nothing to set, or one column in two ways."""
        for assign in found:
            column = table.column(assign.column)
            others = [operator for operator in self.operators(table, column) if operator != assign.operator]
            if others and self.choices.chance(1, 2):
                operator = self.choices.one(others)
                return (*found, Assign(operator, column.name, cells.operand(table, column, operator)))
        return ()

    # ------------------------------------------------------------ what is answered

    def items(self, table: Table, kind: WriteKind) -> tuple[Item, ...]:
        depth = self.choices.between(0, 2)
        if kind in ("insert_one", "update_by_pk", "delete_by_pk"):
            return self.asker.rows(table, depth)
        items: list[Item] = []
        if self.choices.chance(3, 4):
            items.append(Affected("n" if self.choices.chance(1, 8) else self.world.spelling.word("affected_rows")))
        if self.sight.shows(table) and self.choices.chance(3, 4):
            items.append(Returning("rows" if self.choices.chance(1, 8) else "returning", self.asker.rows(table, depth)))
        if not items or self.choices.chance(1, 12):
            items.append(Typename())
        return self.asker.wrapped(items)


def _inline(node: Any) -> Any:
    """All of it comes in one variable."""
    is_given = isinstance(node, Value) or getattr(node, "how", None) == "variable"
    return replace(node, how="inline") if is_given else node


def each_kind(items: Sequence[Item]) -> list[str]:
    """What a mutation is made of, for counting."""
    return [item.kind for item in items if isinstance(item, (InsertRoot, UpdateRoot, DeleteRoot))]
