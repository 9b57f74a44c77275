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
from property.kinds import BROKEN_PATTERNS
from property.make_predicates import JUNK
from property.make_queries import askers, make_operation, make_session, make_sweep, varied
from property.oracle import answer
from property.predicates import Value
from property.printing import printed
from property.queries import Operation
from property.script import sql_script
from property.trees import nodes
from property.trial import Bench, Mismatch, Trial, decoded, report
from property.truth import Given
from property.twins import twin
from property.world import ADMIN, World

SWEEP_EVERY = 3


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
        role = choices.one([role for role in askers(world) if role != ADMIN] or [ADMIN])
        session = make_session(choices)
        other, changes = twin(choices, world, role, session)
        self.cases["changes"] += changes
        async with self.bench.trial(world) as trial, self.twin_bench.trial(other) as twin_trial:
            for index in range(operations):
                for operation in self._operations(choices, world, role, session, index):
                    await self._compare(trial, twin_trial, operation)

    @staticmethod
    def _operations(
        choices: Choices, world: World, role: str, session: Mapping[str, Given], index: int
    ) -> tuple[Operation, Operation]:
        make = make_sweep if index % SWEEP_EVERY == 0 else make_operation
        operation = make(choices, world, role, session, nasty=True)
        return operation, varied(choices, world, operation, nasty=True)

    async def _compare(self, trial: Trial, twin_trial: Trial, operation: Operation) -> None:
        document = printed(operation, trial.world)
        ours, theirs = await trial.ask(document, operation), await twin_trial.ask(document, operation)
        self.cases["pairs"] += 1
        self.cases["refusals"] += ours.startswith(b'{"errors"')
        if ours != theirs and not _both_right(trial.world, operation, decoded(ours), decoded(theirs)):
            twin_script = sql_script(twin_trial.world)
            said = f"the same question to a database with other hidden values:\n{theirs.decode()}\n{twin_script}"
            mismatch = Mismatch("leak", said, document, "the same bytes", ours.decode())
            raise Leak("\n" + report(trial.world, operation, mismatch))


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
