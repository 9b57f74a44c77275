"""A world and many questions: the loop that the tests run, and what it says when an answer is wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from property.asked import Asked
from property.choices import Choices
from property.denied import NONSENSE, make_question, null_questions
from property.make_queries import askers, make_operation, make_session, make_sweep, varied
from property.printing import Document
from property.queries import Operation
from property.reduce import reduced
from property.trial import TIMES, Bench, Mismatch, Trial, decoded, report
from property.world import World

VARIANTS = 1
"""How many other sets of variables each document is asked with."""
SESSION_EVERY = 6
SWEEP_EVERY = 4
OFTEN = 8


class Wrong(AssertionError):
    """An answer that differs from the oracle's; the message is the whole story."""


@dataclass(slots=True)
class Explorer:
    """Asks questions about worlds and counts them: `cases` by what they were about."""

    bench: Bench
    cases: Counter[str] = field(default_factory=Counter)
    may_reduce: bool = True

    async def explore(self, world: World, choices: Choices, operations: int) -> None:
        """Raises Wrong at the first wrong answer."""
        failure = None
        async with self.bench.trial(world) as trial:
            await self._nulls(trial, choices)
            session = make_session(choices)
            for index in range(operations):
                if index % SESSION_EVERY == 0:
                    session = make_session(choices)
                make = make_sweep if index % SWEEP_EVERY == 0 else make_operation
                operation = make(choices, world, choices.one(askers(world)), session)
                failure = await self._variants(trial, choices, operation)
                if failure is not None:
                    break
                if index % 3 == 0:
                    await self._denied(trial, choices)
        if failure is not None:
            raise Wrong(await self._story(world, *failure))

    async def _variants(
        self, trial: Trial, choices: Choices, operation: Operation
    ) -> tuple[Operation, Mismatch] | None:
        for asked in _asked(choices, trial.world, operation):
            # From the sixth time on Postgres may use a plan that does not know the values.
            times = OFTEN if choices.chance(1, 12) else TIMES
            mismatch = await trial.check(asked, self.cases, times)
            if mismatch is not None:
                return asked, mismatch
        return None

    async def _story(self, world: World, operation: Operation, mismatch: Mismatch) -> str:
        if not self.may_reduce:
            return mismatch.said
        return "\n" + report(*await reduced(self.bench, world, operation, mismatch))

    # ------------------------------------------------------------ refusals

    async def _denied(self, trial: Trial, choices: Choices) -> None:
        """A forbidden name is answered exactly as one that does not exist."""
        question = make_question(choices, trial.world)
        if question is None:
            return
        self.cases["denials"] += 1
        operation = Operation(question.role, make_session(choices))
        forbidden = (await trial.ask(question.naming(question.name), operation)).decode()
        unknown = (await trial.ask(question.naming(NONSENSE), operation)).decode()
        if not is_refused(forbidden) or unknown.replace(NONSENSE, question.name) != forbidden:
            document = question.naming(question.name)
            said = f"a forbidden name must be answered as an unknown one is\n{unknown}"
            raise Wrong(self._plain(trial.world, operation, document, said, forbidden))

    async def _nulls(self, trial: Trial, choices: Choices) -> None:
        for role, document in choices.some(tuple(null_questions(trial.world)), 6, 6):
            self.cases["nulls"] += 1
            operation = Operation(role, {})
            answer = (await trial.ask(document, operation)).decode()
            if not is_refused(answer):
                raise Wrong(self._plain(trial.world, operation, document, "a null operand must be refused", answer))

    @staticmethod
    def _plain(world: World, operation: Operation, document: Document, said: str, answer: str) -> str:
        return "\n" + report(world, operation, Mismatch("refusal", said, document, "validation-failed", answer))


def _asked(choices: Choices, world: World, operation: Operation) -> list[Operation]:
    """The operation, the same document with other variables, and now and then without a session variable it needs."""
    found = [operation]
    if "variable" in repr(operation.items):
        found += [varied(choices, world, operation) for _ in range(VARIANTS)]
    needed = sorted(Asked(world, operation.role).sessions(operation.items))
    if needed and choices.chance(1, 6):
        lost = choices.one(needed)
        session = {name: given for name, given in operation.session.items() if name != lost}
        found.append(replace(operation, session=session))
    return found


def is_refused(answer: str) -> bool:
    reply = decoded(answer.encode())
    return list(reply) == ["errors"] and reply["errors"][0]["extensions"]["code"] == "validation-failed"
