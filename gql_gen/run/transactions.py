"""Programs of statements run all or nothing.

A program of one statement is its own transaction: one round trip. Several statements, or a guard, go between BEGIN and
COMMIT. Two writers that got in each other's way (serialization failure, deadlock) are told to try again by Postgres,
which has rolled one of them back: we do so for the caller, a bounded number of times.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from gql_gen.ask import Guard
from gql_gen.errors import Failed, Rejected
from gql_gen.run.failures import LOST
from gql_gen.run.pool import Pool, Transaction
from gql_gen.sql.program import AFFECTED, ANSWER, TOTAL, Program, Step
from gql_gen.sql.session import CHECK_DEFERRED, Isolation, begin

_ATTEMPTS = 4
_PAUSE_SECONDS = 0.02
_COLLISIONS = frozenset({"40001", "40P01"})


@dataclass(frozen=True, slots=True)
class BoundStep:
    """A statement with its arguments. `from_steps` says which of them earlier statements give: the argument's index,
    then (statement, column)."""

    step: Step
    arguments: tuple[str | None, ...]
    from_steps: tuple[tuple[int, int, int], ...]
    prepare: bool


@dataclass(frozen=True, slots=True)
class BoundProgram:
    program: Program
    steps: tuple[BoundStep, ...]
    rechecks: tuple[BoundStep, ...]


class StepFailed(Exception):
    """A statement that the database refused: which root's, and which of its statements."""

    def __init__(self, root: int, step: BoundStep, cause: asyncpg.PostgresError) -> None:
        super().__init__(str(cause))
        self.root = root
        self.step = step
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Written:
    """The JSON of each root, in order, and the rows changed by all of them."""

    values: tuple[bytes | None, ...]
    affected: int


Results = list[Sequence[Any]]


async def run_programs(
    pool: Pool,
    programs: Sequence[BoundProgram],
    isolation: Isolation,
    guard: Guard | None,
    clock: asyncio.Timeout | None = None,
) -> Written:
    """All of them, or none. Raises StepFailed for what a statement refused, a PostgresError for a refused commit. The
    `clock` may cut off all but the commit: of that nobody would know whether it was made."""
    due = None if clock is None else clock.when()
    for attempt in range(_ATTEMPTS):
        try:
            return await _once(pool, programs, isolation, guard, clock)
        except (StepFailed, asyncpg.PostgresError) as error:
            cause = error.cause if isinstance(error, StepFailed) else error
            if cause.sqlstate not in _COLLISIONS:
                raise
        if clock is not None:
            clock.reschedule(due)
        if attempt < _ATTEMPTS - 1:
            await asyncio.sleep(_PAUSE_SECONDS * (attempt + 1) * (0.5 + random.random()))
    raise Failed("others are changing the same rows; nothing was changed, try again", code="concurrent-update")


async def _once(
    pool: Pool,
    programs: Sequence[BoundProgram],
    isolation: Isolation,
    guard: Guard | None,
    clock: asyncio.Timeout | None,
) -> Written:
    is_plain = guard is None and clock is None and isolation == "read-committed"
    if is_plain and len(programs) == 1 and programs[0].program.is_single:
        return await _single(pool, programs[0])
    async with pool.transaction(begin(isolation)) as transaction:
        results = [await _root(transaction, index, program) for index, program in enumerate(programs)]
        for index, program in enumerate(programs):
            for recheck in program.rechecks:
                await _step(transaction, index, recheck, results[index])
        affected = sum(row[AFFECTED] for rows in results for row in rows)
        await _guarded(transaction, affected, guard)
        if clock is not None:
            clock.reschedule(None)
    return Written(tuple(map(_value, programs, results)), affected)


async def _single(pool: Pool, program: BoundProgram) -> Written:
    step = program.steps[0]
    try:
        row = await pool.write(step.step.statement.text, step.arguments, prepare=step.prepare)
    except LOST:
        raise  # it may have been committed: no step's failure
    except asyncpg.PostgresError as error:
        raise StepFailed(0, step, error) from error
    assert row is not None
    return Written((_value(program, [row]),), row[AFFECTED])


async def _guarded(transaction: Transaction, affected: int, guard: Guard | None) -> None:
    if guard is None:
        return
    if guard.at_most is not None and affected > guard.at_most:
        rows = "1 row" if affected == 1 else f"{affected} rows"
        message = f"{rows} would be changed, more than the {guard.at_most} allowed; nothing was changed"
        raise Rejected(message, code="too-many-rows")
    if guard.dry_run:
        await transaction.execute(CHECK_DEFERRED)
        transaction.is_dry = True


async def _root(transaction: Transaction, root: int, program: BoundProgram) -> Results:
    results: Results = []
    for step in program.steps:
        results.append(await _step(transaction, root, step, results))
    return results


async def _step(transaction: Transaction, root: int, step: BoundStep, results: Results) -> Sequence[Any]:
    arguments = list(step.arguments)
    for index, source, column in step.from_steps:
        arguments[index] = _handed_on(results, source, column)
    try:
        row = await transaction.row(step.step.statement.text, arguments, prepare=step.prepare)
    except asyncpg.PostgresError as error:
        raise StepFailed(root, step, error) from error
    assert row is not None
    return tuple(row)


def _handed_on(results: Results, source: int, column: int) -> str | None:
    if source == TOTAL:
        return str(sum(row[AFFECTED] for row in results[column:]))
    value = results[source][column]
    return None if value is None else str(value)


def _value(program: BoundProgram, results: Results) -> bytes | None:
    answers: list[bytes | None] = [results[answer][ANSWER] for answer in program.program.answers]
    if not program.program.is_list:
        return answers[0]
    return b"[" + b",".join(answer or b"null" for answer in answers) + b"]"


async def told(pool: Pool, programs: Sequence[BoundProgram]) -> str | None:
    """Runs programs whose checks tell instead of raising, up to the first that tells of a failure, and rolls back. The
    last column of each statement holds what it tells."""
    async with pool.transaction(begin("read-committed")) as transaction:
        transaction.is_dry = True
        done: list[Results] = []
        for index, program in enumerate(programs):
            results: Results = []
            for step in program.steps:
                results.append(await _step(transaction, index, step, results))
                if step.step.node is not None and results[-1][-1] is not None:
                    return str(results[-1][-1])
            done.append(results)
        for index, program in enumerate(programs):
            for recheck in program.rechecks:
                row = await _step(transaction, index, recheck, done[index])
                if row[-1] is not None:
                    return str(row[-1])
    return None
