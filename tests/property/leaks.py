"""Two databases that differ only in what a caller must not know, and the same questions to both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from property.choices import Choices
from property.make_queries import askers, make_operation, make_session, make_sweep, varied
from property.printing import printed
from property.queries import Operation
from property.script import sql_script
from property.trial import Bench, Mismatch, Trial, report
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
        if ours != theirs:
            twin_script = sql_script(twin_trial.world)
            said = f"the same question to a database with other hidden values:\n{theirs.decode()}\n{twin_script}"
            mismatch = Mismatch("leak", said, document, "the same bytes", ours.decode())
            raise Leak("\n" + report(trial.world, operation, mismatch))
