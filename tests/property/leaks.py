"""Two databases that differ only in what a caller must not know, and the same questions to both.

The bytes must be the same. Where a question leaves the order of rows open, Postgres may choose another one (a hash join
over more rows, say): then both answers must be right, or hold the same rows when the oracle cannot tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from property.choices import Choices
from property.expected import Ambiguous, difference
from property.forms import forms
from property.kinds import BROKEN_PATTERNS
from property.make_predicates import JUNK
from property.make_queries import askers, make_operation, make_session, make_sweep, varied
from property.oracle import answer
from property.predicates import Given, Value
from property.printing import printed
from property.queries import Operation
from property.script import sql_script
from property.trees import nodes
from property.trial import Bench, Mismatch, Trial, decoded, report
from property.truth import Truth
from property.twins import twin
from property.world import ADMIN, World

SWEEP_EVERY = 3
VARIED_EVERY = 3


class Leak(AssertionError):
    """A hidden row or cell changed an answer; the message is the whole story."""


@dataclass(slots=True)
class LeakHunter:
    """Asks a world and its twin the same, malformed patterns and values included; the bytes must be the same."""

    bench: Bench
    twin_bench: Bench
    cases: Counter[str] = field(default_factory=Counter)

    async def hunt(self, world: World, choices: Choices, operations: int) -> None:
        """Raises Leak at the first difference."""
        role, session, other, changes = self._twin(choices, world)
        self.cases["changes"] += changes
        self.cases["changed cells of visible rows"] += _changed_cells(world, other, role, session)
        dark = _dark_tables(world, other, role, session)
        async with self.bench.trial(world) as trial, self.twin_bench.trial(other) as twin_trial:
            for index in range(operations):
                if index % SWEEP_EVERY == 0:
                    operation = make_sweep(choices, world, role, session, nasty=True, dark=dark)
                else:
                    operation = make_operation(choices, world, role, session, nasty=True)
                await self._compare(trial, twin_trial, operation)
                if index % VARIED_EVERY == 0 and "variable" in repr(operation.items):
                    await self._compare(trial, twin_trial, varied(choices, world, operation, nasty=True))

    @staticmethod
    def _twin(choices: Choices, world: World) -> tuple[str, Mapping[str, Given], World, int]:
        """Of two callers the one from whom more is hidden."""
        roles = [role for role in askers(world) if role != ADMIN] or [ADMIN]
        found = []
        for role in choices.some(roles, 2, 2):
            session = make_session(choices)
            found.append((role, session, *twin(choices, world, role, session)))
        return max(found, key=lambda each: each[3])

    async def _compare(self, trial: Trial, twin_trial: Trial, operation: Operation) -> None:
        document = printed(operation, trial.world)
        ours, theirs = await trial.ask(document, operation), await twin_trial.ask(document, operation)
        self.cases["pairs"] += 1
        self.cases.update(forms(trial.world, operation))
        self.cases["refusals"] += ours.startswith(b'{"errors"')
        if ours != theirs and not _both_right(trial.world, operation, decoded(ours), decoded(theirs)):
            twin_script = sql_script(twin_trial.world)
            said = f"the same question to a database with other hidden values:\n{theirs.decode()}\n{twin_script}"
            mismatch = Mismatch("leak", said, document, "the same bytes", ours.decode())
            raise Leak("\n" + report(trial.world, operation, mismatch))


def _dark_tables(world: World, other: World, role: str, session: Mapping[str, Given]) -> list[str]:
    """Tables most of whose rows are hidden, and which differ."""
    truth = Truth(world, role, session)
    found = []
    for one, two in zip(world.tables, other.tables, strict=True):
        is_dark = one.grant(role) is not None and len(truth.visible(one)) * 2 <= max(len(one.rows), len(two.rows))
        found += [one.name] if is_dark and repr(one.rows) != repr(two.rows) else []
    return found


def _changed_cells(world: World, other: World, role: str, session: Mapping[str, Given]) -> int:
    """How many visible rows differ in cells that are hidden."""
    ours, theirs = Truth(world, role, session), Truth(other, role, session)
    tables = [table for table in world.tables if table.grant(role) is not None]
    pairs = (zip(ours.visible(each), theirs.visible(other.table(each.name)), strict=True) for each in tables)
    return sum(repr(one) != repr(two) for each in pairs for one, two in each)


def _both_right(world: World, operation: Operation, ours: Any, theirs: Any) -> bool:
    if "errors" in ours or "errors" in theirs:
        return False
    if any(isinstance(node, Value) and _is_odd(node) for node in nodes(operation.items)):
        return repr(unordered(ours)) == repr(unordered(theirs))
    try:
        expected = answer(world, operation)
    except Ambiguous:
        return False
    return all(difference(expected, reply["data"]) is None for reply in (ours, theirs))


def _is_odd(value: Value) -> bool:
    """An operand that the oracle does not understand."""
    return value.json in BROKEN_PATTERNS or value.json in JUNK.get(value.kind, ())


def unordered(tree: Any) -> Any:
    """The same for lists that hold the same in any order."""
    match tree:
        case dict():
            return {key: unordered(item) for key, item in tree.items()}
        case list():
            return sorted((unordered(item) for item in tree), key=repr)
        case _:
            return tree
