"""What one mutation root becomes: statements to run in order in one transaction.

Every statement answers with one row: the JSON to show (or null), the number of rows changed, and texts that later
statements of the same root take as parameters (`Slot.source` "step", `path` (statement, column)).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.model.predicates import Slot, ValueType
from gql_gen.plan.writes import Check, Delete, Insert, Update
from gql_gen.sql.statement import Statement, place
from gql_gen.sql.text import Sql, join, sql
from gql_gen.sql.where import Writer

ANSWER, AFFECTED, IMAGE, EXTRA = 0, 1, 2, 3
"""The columns of a statement's row. `IMAGE` holds the rows written, `EXTRA` the keys of rows left alone."""
TOTAL = -1
"""In place of a step's number: the rows changed by all statements from the one that follows it up to now."""

NO_ANSWER = sql("null::json")
NONE_CHANGED = sql("0::int8")

JSON = ValueType(Ident("pg_catalog", "json"), "json")
_COUNT = ValueType(Ident("pg_catalog", "int8"), "Int")


@dataclass(frozen=True, slots=True)
class Step:
    """`node` is what the statement writes; None for one that only reads."""

    statement: Statement
    node: Insert | Update | Delete | None


@dataclass(frozen=True, slots=True)
class Program:
    """`answers`: the steps whose answers make the root's value, one, or as many as a list has. `rechecks` run before
    the commit, after the steps of every root. `checks[n]` is what a raised `n` failed."""

    steps: tuple[Step, ...]
    answers: tuple[int, ...]
    is_list: bool
    rechecks: tuple[Step, ...]
    checks: tuple[Check, ...]
    places: tuple[str, ...] = ()
    """Paths of arguments, by the number that a raised `absent` gives."""

    @property
    def is_single(self) -> bool:
        """One statement does it all, and needs no transaction around it."""
        return len(self.steps) == 1 and not self.rechecks


@dataclass(slots=True)
class Builder:
    """A program being written. `tell`: checks do not raise but say which of their parts failed."""

    catalog: Catalog
    tell: bool = False
    steps: list[Step] = field(default_factory=list)
    rechecks: list[Step] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def writer(self) -> Writer:
        return Writer(self.catalog)

    def check(self, check: Check) -> int:
        """The number that a failure of the check raises."""
        if check not in self.checks:
            self.checks.append(check)
        return self.checks.index(check)

    def place(self, path: str) -> int:
        """The number of an argument's path."""
        self.places.append(path)
        return len(self.places) - 1

    def step(self, written: Sql, writer: Writer, node: Insert | Update | Delete | None) -> int:
        self.steps.append(Step(place(written, writer.patterns, 1), node))
        return len(self.steps) - 1

    def recheck(self, written: Sql, writer: Writer, node: Insert | Update) -> None:
        self.rechecks.append(Step(place(written, writer.patterns, 1), node))

    def program(self, answers: tuple[int, ...], *, is_list: bool) -> Program:
        return Program(
            tuple(self.steps), answers, is_list, tuple(self.rechecks), tuple(self.checks), tuple(self.places)
        )


def from_step(step: int, column: int) -> Slot:
    """What an earlier statement answered."""
    return Slot("step", (step, column), JSON)


def affected_since(step: int) -> Slot:
    """The rows changed by this statement and all after it."""
    return Slot("step", (TOTAL, step), _COUNT)


def result(columns: list[Sql], common: list[Sql]) -> Sql:
    """`with … select …` of a statement's own form."""
    head = sql("with {all} ", all=join(", ", common)) if common else Sql(())
    return sql("{head}select {columns}", head=head, columns=join(", ", columns))
