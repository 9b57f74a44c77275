"""Choices → what each role may select of each table: one grant or several, or what it inherits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from property.choices import Choices
from property.grants import ROOTS, Grant, is_open, is_shut
from property.kinds import as_json
from property.made import Fussy
from property.make_predicates import Writer
from property.predicates import All, Any_, Compare, Pred, Test, Value
from property.world import Column, Table, World


@dataclass(slots=True)
class Granter:
    choices: Choices
    world: World
    named: list[tuple[str, Pred]] = field(default_factory=list)

    def ruled(self) -> World:
        """The world with rules for reading."""
        tables = tuple(self._ruled(table) for table in self.world.tables)
        return replace(self.world, tables=tables, named=tuple(self.named))

    def _ruled(self, table: Table) -> Table:
        hidden = tuple(column.name for column in table.columns if self.choices.chance(1, 10))
        table = replace(table, hidden=hidden)
        return replace(table, grants=self.grants(table))

    def grants(self, table: Table) -> tuple[tuple[str, Grant], ...]:
        """Those that inherit mostly have none of their own."""
        heirs = dict(self.world.parents)
        found: list[tuple[str, Grant]] = []
        for role in self.world.roles:
            if self.choices.chance(1, 5) if role in heirs else self.choices.chance(6, 7):
                found += [(role, self.grant(table)) for _ in range(self.choices.one((1, 2, 1, 3)))]
        return each_once(found)

    def grant(self, table: Table) -> Grant:
        names = [column.name for column in table.columns if column.name not in table.hidden]
        columns: tuple[str, ...] | None = None
        if self.choices.chance(2, 3):
            columns = () if self.choices.chance(1, 10) else self.choices.some(names, 1, len(names))
        values = [each.name for each in table.computed if not each.routine.is_rows]
        rule = Writer(self.choices, self.world, named=self.named).rule(table)
        grant = Grant(
            columns,
            rule,
            limit=self.choices.between(1, 4) if self.choices.chance(1, 4) else None,
            aggregates=self.choices.chance(2, 3) and not is_shut(rule),
            roots=self.choices.some(ROOTS, 0, 3) if self.choices.chance(1, 6) else None,
            computed=self.choices.some(values, 1, len(values)) if self.choices.chance(3, 4) else (),
        )
        return calmed(table, grant)


def each_once(grants: Iterable[tuple[str, Grant]]) -> tuple[tuple[str, Grant], ...]:
    """A file must not say the same twice."""
    found: list[tuple[str, Grant]] = []
    for each in grants:
        found += [] if each in found else [each]
    return tuple(found)


def calmed(table: Table, grant: Grant) -> Grant:
    """Without the rows that the functions it lists choke on: they are there, and nobody who sees them calls those."""
    rules = []
    for name in grant.computed:
        formula = table.made(name).routine.formula
        if isinstance(formula, Fussy):
            rules.append(_is_not(table.column(formula.column), formula.value))
    if not rules:
        return grant
    return replace(grant, filter=All((*rules, *(() if is_open(grant.filter) else (grant.filter,)))))


def _is_not(column: Column, value: object) -> Pred:
    kind = column.kind
    written = str(value) if kind.name == "numeric" else as_json(kind, value)
    test = Test("_neq", Value(value, written, kind.type, kind.name, "_neq"))
    is_null = Test("_is_null", Value(True, True, "Boolean", "bool", "_is_null"))
    return Any_((Compare(column.name, (test,)), Compare(column.name, (is_null,))))
