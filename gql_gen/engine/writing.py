"""Mutations, prepared: programs with what is known of their arguments, and their binding for one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gql_gen.dialects.hasura.rows import RowSource
from gql_gen.engine.arguments import bound, texts
from gql_gen.engine.cache import OVERHEAD, Prepared
from gql_gen.gate.types import Permitted
from gql_gen.model.predicates import Slot
from gql_gen.plan.writes import WritePlan
from gql_gen.run.transactions import BoundProgram, BoundStep
from gql_gen.session import Caller
from gql_gen.sql.program import Program, Step
from gql_gen.sql.statement import Statement


@dataclass(frozen=True, slots=True)
class PreparedStep:
    """`rows` are arguments that hold the rows of an insert: the argument's index and the insert's number."""

    step: Step
    prepared: Prepared
    rows: tuple[tuple[int, int], ...]
    from_steps: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class PreparedProgram:
    program: Program
    steps: tuple[PreparedStep, ...]
    rechecks: tuple[PreparedStep, ...]


@dataclass(slots=True)
class PreparedWrite:
    """A mutation ready to run. `permitted` is kept for explanations in development."""

    frame: tuple[bytes, ...]
    programs: tuple[PreparedProgram, ...]
    rows: RowSource | None
    permitted: Permitted[WritePlan]
    uses: int = 0

    @property
    def weight(self) -> int:
        steps = (step for program in self.programs for step in (*program.steps, *program.rechecks))
        return OVERHEAD + sum(map(len, self.frame)) + sum(step.prepared.weight for step in steps)


@dataclass(slots=True)
class BoundWrite:
    """One request's programs, and what of their arguments only the database can judge: values and patterns."""

    programs: list[BoundProgram] = field(default_factory=list)
    uncertain: list[tuple[Statement, tuple[str | None, ...], list[tuple[str, Slot]]]] = field(default_factory=list)


def prepared_program(program: Program) -> PreparedProgram:
    return PreparedProgram(
        program, tuple(map(_prepared_step, program.steps)), tuple(map(_prepared_step, program.rechecks))
    )


def _prepared_step(step: Step) -> PreparedStep:
    slots = tuple(enumerate(step.statement.slots))
    return PreparedStep(
        step,
        bound(step.statement, ()),
        tuple((index, _number(slot, 0)) for index, slot in slots if slot.source == "rows"),
        tuple((index, _number(slot, 0), _number(slot, 1)) for index, slot in slots if slot.source == "step"),
    )


def _number(slot: Slot, index: int) -> int:
    number = slot.path[index]
    assert isinstance(number, int)
    return number


def bind_write(prepared: PreparedWrite, variables: Mapping[str, Any], caller: Caller) -> BoundWrite:
    """Every argument of every statement, before any of them runs. Raises what a bad value or a missing session variable
    raises."""
    return bind_programs(prepared.programs, prepared.rows, variables, caller, prepare=prepared.uses > 0)


def bind_programs(
    programs: Sequence[PreparedProgram],
    source: RowSource | None,
    variables: Mapping[str, Any],
    caller: Caller,
    *,
    prepare: bool,
) -> BoundWrite:
    rows = () if source is None else source.texts(variables)
    write = BoundWrite()

    def step(each: PreparedStep) -> BoundStep:
        found, doubts = texts(each.prepared, variables, caller)
        for index, number in each.rows:
            found[index] = rows[number]
        arguments, statement = tuple(found), each.step.statement
        if doubts or statement.patterns:
            write.uncertain.append((statement, arguments, doubts))
        return BoundStep(each.step, arguments, each.from_steps, prepare)

    for program in programs:
        steps, rechecks = tuple(map(step, program.steps)), tuple(map(step, program.rechecks))
        write.programs.append(BoundProgram(program.program, steps, rechecks))
    return write
