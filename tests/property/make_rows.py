"""Choices → new rows: alike or each with keys of its own, with related rows along, and what to do on conflict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from property.choices import Choices
from property.make_cells import CellMaker
from property.make_predicates import Writer
from property.make_write_rules import givable
from property.world import Column, Link, Row, Table, World
from property.write_rules import Identity, Unique
from property.write_sight import WriteSight
from property.writes import Cell, Conflict, NestedRows, NewRow

DEPTH = 2
Path = tuple[str, ...]


@dataclass(slots=True)
class RowMaker:
    choices: Choices
    sight: WriteSight
    may_vary: bool = True
    cells: CellMaker = field(init=False)
    plans: dict[Path, list[tuple[Link, Conflict | None]]] = field(default_factory=dict)
    """What hangs on rows, the same wherever the same relationships lead to them."""

    def __post_init__(self) -> None:
        self.cells = CellMaker(self.choices, self.world, self.may_vary)

    @property
    def world(self) -> World:
        return self.sight.world

    # ------------------------------------------------------------ rows of one insert

    def rows(
        self, table: Table, number: int, conflict: Conflict | None, bound: frozenset[str] = frozenset(), path: Path = ()
    ) -> tuple[NewRow, ...]:
        """`bound`: columns that the rows have by what they hang on."""
        if path not in self.plans:
            self.plans[path] = self._plan(table, bound, conflict) if len(path) < DEPTH else []
        plan = self.plans[path]
        columns = [column for column in self.sight.insert_columns(table) if column.name not in bound]
        alike = self._chosen(columns) if self.choices.chance(1, 2) else None
        found = []
        for _ in range(number):
            hung = [(link, below) for link, below in plan if self.choices.chance(2, 3)]
            filled = bound.union(*(self._ours(link) for link, _ in hung if link.kind == "object"))
            chosen = [column for column in alike or self._chosen(columns) if column.name not in filled]
            nested = tuple(self._nested(link, below, path) for link, below in hung)
            found.append(NewRow(self._cells(table, chosen, conflict), nested))
        return tuple(found)

    def _chosen(self, columns: Sequence[Column]) -> list[Column]:
        """Those without which no row can be, nearly always, and some of the others."""
        return [
            column
            for column in columns
            if (
                self.choices.chance(1, 4)
                if isinstance(column.source, Identity)
                else self.choices.chance(*((2, 3) if column.nullable or column.source else (30, 31)))
            )
        ]

    def _cells(self, table: Table, columns: Sequence[Column], conflict: Conflict | None) -> tuple[Cell, ...]:
        copied = self._copied(table, conflict)
        pointing: dict[str, Any] = {}
        for key in table.keys:
            row = self.cells.referred(key)
            if row is not None and not (table.column(key.columns[0]).nullable and self.choices.chance(1, 3)):
                pointing |= {ours: row[theirs] for ours, theirs in zip(key.columns, key.targets, strict=True)}
        return tuple(self._cell(table, column, {**pointing, **copied}) for column in columns)

    def _copied(self, table: Table, conflict: Conflict | None) -> dict[str, Any]:
        """The key of a row that is there, so that the new one is in conflict with it."""
        if conflict is None or not table.rows or not self.choices.chance(2, 3):
            return {}
        unique = next(each for each in self.sight.targets(table) if each.name == conflict.target)
        row: Row = self.choices.one(table.rows)
        return {name: row[name] for name in unique.columns if givable(table.column(name).kind, [row[name]])}

    def _cell(self, table: Table, column: Column, known: dict[str, Any]) -> Cell:
        if column.name in known:
            value = known[column.name]
        else:
            is_null = self.choices.chance(1, 6 if column.nullable else 60)
            value = None if is_null else self.cells.value(table, column)
        return Cell(column.name, None if value is None else self.cells.given(column.kind, value))

    # ------------------------------------------------------------ related rows

    def _plan(
        self, table: Table, bound: frozenset[str], conflict: Conflict | None
    ) -> list[tuple[Link, Conflict | None]]:
        """One relationship of each kind at most, whose columns nothing else fills."""
        found: list[tuple[Link, Conflict | None]] = []
        for kind in ("object", "array"):
            links = [link for link in self.sight.links(table) if link.kind == kind and self._can_hang(table, link)]
            links = [link for link in links if kind == "array" or not self._ours(link) & bound]
            if links and self.choices.chance(1, 3):
                link = self.choices.one(links)
                below = self.conflict(self.world.table(link.table))
                decides = below if kind == "object" else conflict
                if self.sight.may_relate(table, link, decides) or self.choices.chance(1, 8):
                    found.append((link, below))
        return found

    def _can_hang(self, table: Table, link: Link) -> bool:
        if link.kind == "object":
            return self.sight.can_hang(table, tuple(ours for ours, _ in link.on))
        return self.sight.can_hang(self.world.table(link.table), tuple(theirs for _, theirs in link.on))

    @staticmethod
    def _ours(link: Link) -> frozenset[str]:
        return frozenset(ours for ours, _ in link.on)

    def _nested(self, link: Link, conflict: Conflict | None, path: Path) -> NestedRows:
        target = self.world.table(link.table)
        number = 1 if link.kind == "object" else self.choices.one((1, 2, 0))
        bound = frozenset(theirs for _, theirs in link.on) if link.kind == "array" else frozenset[str]()
        return NestedRows(link.name, self.rows(target, number, conflict, bound, (*path, link.name)), conflict)

    # ------------------------------------------------------------ conflicts

    def conflict(self, table: Table) -> Conflict | None:
        targets = self.sight.targets(table)
        if not targets or not self.choices.chance(1, 2):
            return None
        target: Unique = self.choices.one(targets)
        columns = [each.name for each in self.sight.update_columns(table) if not isinstance(each.source, Identity)]
        # A key that is moved along is rarely free.
        moved = [name for name in columns if name not in target.columns or self.choices.chance(1, 6)]
        update = self.choices.some(moved, 1, 3) if self.choices.chance(3, 4) else ()
        selects = self.sight.reads.sees(table)
        where = None
        if selects and self.choices.chance(1, 4):
            where = Writer(self.choices, self.world, self.sight.reads, may_vary=False).where(table)
        return Conflict(target.name, update, where, not update and selects and self.choices.chance(1, 2))
