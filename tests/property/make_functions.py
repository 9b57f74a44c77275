"""Choices → the functions of a world: computed fields of its tables, and root fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from property.choices import Choices
from property.kinds import KINDS
from property.made import (
    SESSION_KINDS,
    Computed,
    First,
    Formula,
    Fussy,
    IsMine,
    Joined,
    Keyed,
    Matching,
    Number,
    Parameter,
    Raised,
    Routine,
    Total,
    Tracked,
    Whoami,
)
from property.world import Column, Link, Table, World

SIMPLE = ("int4", "text", "bool", "int8", "numeric", "timestamptz", "small", "int2", "date", "uuid", "mood")
"""Kinds of arguments: each has one equality, whatever the search path."""
WHOLE = ("int4", "int2", "small")
VALUES = ("joined", "raised", "first", "number", "mine")


def with_functions(choices: Choices, world: World) -> World:
    """The world with computed fields in most tables and some root fields, not yet granted to anybody."""
    tables = tuple(_with_computed(choices, table, world) for table in world.tables)
    world = replace(world, tables=tables, infers_functions=choices.chance(1, 2))
    return replace(world, functions=tuple(_tracked(choices, world)))


# ---------------------------------------------------------------- computed fields


def _with_computed(choices: Choices, table: Table, world: World) -> Table:
    maker = _Maker(choices, table, world)
    words = (*choices.some(VALUES, 0, 3), *(("fussy",) if choices.chance(1, 2) else ()))
    found = [maker.value(word) for word in words]
    found += [maker.rows() for _ in range(choices.one((0, 1, 1)))]
    named = [each for each in found if each is not None]
    return replace(table, computed=tuple({each.name: each for each in named}.values()))


@dataclass(frozen=True, slots=True)
class _Maker:
    choices: Choices
    table: Table
    world: World

    def columns(self, *kinds: str) -> list[Column]:
        return [column for column in self.table.columns if column.kind_name in kinds]

    def field(self, word: str, formula: Formula, returns: str, *parameters: Parameter, **more: Any) -> Computed:
        routine = Routine(f"{self.table.name}_{word}".lower(), formula, returns, parameters=parameters, **more)
        return Computed(f"{word}Of{self.table.name.title()}", replace(routine, row_last=self.choices.chance(1, 4)))

    def value(self, word: str) -> Computed | None:
        match word:
            case "joined":
                return self._joined()
            case "raised":
                return self._raised()
            case "first":
                return self._first()
            case "number":
                return self._number()
            case "mine":
                columns = self.columns(*SESSION_KINDS)
                found = IsMine(self.choices.one(columns).name) if columns else None
                return None if found is None else self.field(word, found, "bool", asks_session=True)
            case _:
                return self._fussy()

    def _joined(self) -> Computed | None:
        columns = self.columns("text")
        if not columns:
            return None
        formula = Joined(self.choices.one(columns).name, self.choices.one(columns).name)
        given = self._given("separator", "text", default=", ")
        return self.field("joined", formula, "text", *given)

    def _raised(self) -> Computed | None:
        columns = self.columns(*WHOLE)
        if not columns:
            return None
        return self.field("raised", Raised(self.choices.one(columns).name), "int8", *self._given("plus", "int4", 1))

    def _first(self) -> Computed | None:
        columns = self.columns(*SIMPLE, "jsonb", "texts")
        if not columns:
            return None
        first = self.choices.one([column for column in columns if column.nullable] or columns)
        alike = [column for column in columns if column.kind_name == first.kind_name]
        formula = First((first.name, self.choices.one(alike).name))
        kind = first.kind_name
        given = self._given("otherwise", kind, self.choices.one(KINDS[kind].pool)) if kind in SIMPLE else ()
        return self.field("first", formula, kind, *given)

    def _number(self) -> Computed | None:
        link = self._link()
        return None if link is None else self.field("number", Number(link.table, link.on), "int4")

    def _fussy(self) -> Computed | None:
        columns = self.columns(*SIMPLE)
        if not columns:
            return None
        column = self.choices.one(columns)
        stored = [row[column.name] for row in self.table.rows if row[column.name] is not None]
        value = self.choices.one(stored) if stored else KINDS[column.kind_name].pool[0]
        return self.field("fussy", Fussy(column.name, value), column.kind_name)

    def _link(self) -> Link | None:
        return self.choices.one(self.table.links) if self.table.links else None

    def _given(self, name: str, kind: str, default: Any) -> tuple[Parameter, ...]:
        """An argument, half of the time."""
        return (Parameter(name, kind, True, default),) if self.choices.chance(1, 2) else ()

    def rows(self) -> Computed | None:
        link = self._link()
        if link is None:
            return None
        target = self.world.table(link.table)
        formula, parameters, asks = matching(self.choices, target, link.on)
        return self.field(
            f"rows{link.table.title()}", formula, target.name, *parameters, is_rows=True, asks_session=asks
        )


def matching(
    choices: Choices, target: Table, on: tuple[tuple[str, str], ...]
) -> tuple[Matching, tuple[Parameter, ...], bool]:
    """Rows of a table: by a column, by the session, or all that match."""
    columns = [column for column in target.columns if column.kind_name in SIMPLE]
    told = [column for column in columns if column.kind_name in SESSION_KINDS]
    match choices.pick(4):
        case 0 if told:
            return Matching(target.name, on, choices.one(told).name), (), True
        case 1 | 2 if columns:
            column = choices.one(columns)
            default = choices.one((None, choices.one(column.kind.pool)))
            wanted = Parameter("wanted", column.kind_name, choices.chance(1, 2), default)
            return Matching(target.name, on, column.name), (wanted,), False
        case _:
            return Matching(target.name, on, None), (), False


# ---------------------------------------------------------------- root fields


def _tracked(choices: Choices, world: World) -> Iterator[Tracked]:
    for table in world.tables:
        if choices.chance(2, 3):
            formula, parameters, asks = matching(choices, table, ())
            name = f"find_{table.name}"
            routine = Routine(name, formula, table.name, True, parameters, asks, is_volatile=choices.chance(1, 4))
            yield _with_roots(choices, world, routine)
        key = [table.column(name) for name in table.primary_key]
        if len(key) == 1 and key[0].kind_name in SIMPLE and choices.chance(1, 2):
            wanted = Parameter("wanted", key[0].kind_name)
            routine = Routine(f"get_{table.name}", Keyed(table.name, key[0].name), table.name, True, (wanted,))
            yield replace(_with_roots(choices, world, routine), is_single=True)
    if choices.chance(1, 2):
        parameters = (Parameter("first", "int4"), Parameter("second", "int4", True, 5))
        yield _with_roots(choices, world, Routine("total", Total(), "int8", False, parameters))
    if choices.chance(1, 2):
        kind = choices.one(SESSION_KINDS)
        given = (Parameter("given", "text", True, "I am "),)
        yield _with_roots(choices, world, Routine("whoami", Whoami(kind), "text", False, given, asks_session=True))


def _with_roots(choices: Choices, world: World, routine: Routine) -> Tracked:
    word = f"x_{routine.name}"
    names: list[tuple[Literal["function", "function_aggregate"], str]] = [("function", word)]
    if routine.is_rows and isinstance(routine.formula, Matching):
        names.append(("function_aggregate", f"{word}_aggregate"))
    roles = choices.some(world.roles, 0, len(world.roles)) if choices.chance(2, 3) else None
    if routine.is_volatile and roles is None:
        roles = ()
    return Tracked(routine, tuple(names), roles)
