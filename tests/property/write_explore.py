"""A world and many mutations: the loop that the tests run, and what it says when something is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from property.choices import Choices
from property.denied import MARK, NONSENSE, Question
from property.denied_writes import make_write_question
from property.expected import Ambiguous
from property.explore import Wrong, is_refused
from property.failures import Refusal
from property.forms import write_forms
from property.kinds import KINDS, as_json
from property.make_queries import make_session
from property.make_write_rules import givable
from property.make_writes import make_mutation, writers
from property.needs import Needs
from property.predicates import Given, Value
from property.queries import merged
from property.trees import nodes, rebuilt
from property.trial import Bench, Mismatch
from property.world import World
from property.write_oracle import Outcome, outcome
from property.write_printing import printed_mutation
from property.write_reduce import reduced_write
from property.write_report import write_report
from property.write_trial import WriteTrial, write_trial
from property.writes import DeleteRoot, InsertRoot, Mutation, NestedRows, UpdateRoot, Verbatim

SESSION_EVERY = 5
RESET_EVERY = 12
CANDIDATES = 4
"""How many mutations are thought of for each that is asked, so that not too many are refused."""
FORBIDDEN_EVERY = 4
PATIENCE = 30
"""How many mutations are thought of for each that must be refused."""


class Failed(Exception):
    """A mutation that did something else."""

    def __init__(self, world: World, mutation: Mutation, mismatch: Mismatch) -> None:
        super().__init__(mismatch.said)
        self.found = (world, mutation, mismatch)


@dataclass(slots=True)
class WriteExplorer:
    """Asks mutations of worlds and counts them: `cases` by what they were about."""

    bench: Bench
    cases: Counter[str] = field(default_factory=Counter)
    may_reduce: bool = True
    _thought: tuple[World, Mutation, Outcome | Refusal | None] | None = None
    """The last mutation that was thought of: mostly it is the one that is asked."""

    async def explore(self, world: World, choices: Choices, mutations: int) -> None:
        """Raises Wrong at the first thing that is wrong."""
        async with self._trial(world) as trial:
            session = make_session(choices)
            asked = 0
            while asked < mutations:
                if asked % SESSION_EVERY == 0:
                    session = make_session(choices)
                if asked % RESET_EVERY == RESET_EVERY - 1:
                    await trial.reset(world)
                mutation = self._mutation(trial, choices, session)
                if mutation is None:
                    continue
                asked += 1
                await self._ask(trial, mutation)
                if asked % FORBIDDEN_EVERY == 0:
                    await self.forbidden(trial, choices, mutation)
                if choices.chance(1, 4):
                    # The same document again: from the cache, and on the rows that the first one left.
                    await self._ask(trial, _varied(choices, mutation))
            self.cases += trial.tally

    def _mutation(self, trial: WriteTrial, choices: Choices, session: Mapping[str, Given]) -> Mutation | None:
        """Mostly one that will be allowed."""
        is_backend = choices.chance(1, 8)
        found = None
        for _ in range(CANDIDATES):
            role = choices.one(writers(trial.world, is_backend=is_backend))
            mutation = make_mutation(choices, trial.world, role, session, is_backend=is_backend)
            expected = self._expected(trial.world, mutation)
            if isinstance(expected, Outcome):
                return _with_less(choices, trial.world, mutation)
            found = found if expected is None else mutation
            if found is not None and choices.chance(1, 3):
                break
        return found

    def _expected(self, world: World, mutation: Mutation) -> Outcome | Refusal | None:
        """None where the oracle cannot tell."""
        if self._thought is None or self._thought[0] is not world or self._thought[1] is not mutation:
            self._thought = (world, mutation, _expected(world, mutation))
        return self._thought[2]

    async def _ask(self, trial: WriteTrial, mutation: Mutation) -> None:
        expected = self._expected(trial.world, mutation)
        if expected is None:
            self.cases["ambiguous"] += 1
            return
        world = trial.world
        mismatch = await trial.check(mutation, expected)
        if mismatch is not None:
            raise Failed(world, mutation, mismatch)
        self._count(world, mutation, expected)

    # ------------------------------------------------------------ refusals

    async def deny(self, world: World, choices: Choices, mutations: int) -> None:
        """Nothing but what must be refused: by rules, by constraints, or for its names."""
        async with self._trial(world) as trial:
            asked = 0
            for index in range(mutations * PATIENCE):
                if asked == mutations:
                    break
                if index % SESSION_EVERY == 0:
                    session = make_session(choices)
                is_backend = choices.chance(1, 8)
                role = choices.one(writers(world, is_backend=is_backend))
                mutation = make_mutation(choices, world, role, session, is_backend=is_backend)
                mutation = _with_less(choices, world, mutation)
                if isinstance(self._expected(world, mutation), Refusal):
                    asked += 1
                    await self._ask(trial, mutation)
                    await self.forbidden(trial, choices, mutation)

    async def forbidden(self, trial: WriteTrial, choices: Choices, mutation: Mutation) -> None:
        """A forbidden name is answered as one that does not exist, and whatever stands beside it is not done."""
        question = make_write_question(choices, trial.world)
        if question is not None:
            asked = Mutation(question.role, make_session(choices))
            await self._refused(trial, asked, question)
        spoilt = replace(mutation, items=(*mutation.items, Verbatim("bad", f"bad: {MARK} {{ __typename }}")))
        document = printed_mutation(spoilt, trial.world)
        await self._refused(trial, mutation, Question(mutation.role, "mutation", document.text, document.variables))

    async def _refused(self, trial: WriteTrial, mutation: Mutation, question: Question) -> None:
        self.cases["forbidden names"] += 1
        before = await trial.checksum.take()
        forbidden = (await trial.ask(question.naming(question.name), mutation)).decode()
        unknown = (await trial.ask(question.naming(NONSENSE), mutation)).decode()
        said = None
        if not is_refused(forbidden) or unknown.replace(NONSENSE, question.name) != forbidden:
            said = f"a forbidden name must be answered as an unknown one is\n{unknown}"
        elif await trial.checksum.take() != before:
            said = "the mutation was refused, and the database is another one"
        if said is not None:
            document = question.naming(question.name)
            mismatch = Mismatch("forbidden", said, document, "validation-failed", forbidden)
            raise Wrong("\n" + write_report(trial.world, mutation, mismatch))

    def _count(self, world: World, mutation: Mutation, expected: Outcome | Refusal) -> None:
        is_allowed = isinstance(expected, Outcome)
        self.cases["allowed" if is_allowed else "denied"] += 1
        if isinstance(expected, Refusal):
            self.cases.update(f"because of {reason}" for reason in expected.reasons)
        self.cases.update(write_forms(world, mutation) if is_allowed else ())
        for kind in forms(mutation):
            self.cases[f"{kind}, {'allowed' if is_allowed else 'denied'}"] += 1

    @asynccontextmanager
    async def _trial(self, world: World) -> AsyncIterator[WriteTrial]:
        """What fails in it is told as small as it gets."""
        try:
            async with write_trial(self.bench, world) as trial:
                yield trial
        except Failed as failed:
            found = failed.found
            if self.may_reduce:
                found = await reduced_write(self.bench, *found)
            raise Wrong("\n" + write_report(*found)) from None


def _expected(world: World, mutation: Mutation) -> Outcome | Refusal | None:
    """None where the oracle cannot tell."""
    try:
        return outcome(world, mutation)
    except Ambiguous:
        return None


def _with_less(choices: Choices, world: World, mutation: Mutation) -> Mutation:
    """Now and then without a session variable that it needs."""
    needs = Needs(world, mutation)
    needed = sorted(set(needs.sessions()) - set(needs.doubtful()))
    if not needed or not choices.chance(1, 15):
        return mutation
    lost = choices.one(needed)
    return replace(mutation, session={name: given for name, given in mutation.session.items() if name != lost})


def _varied(choices: Choices, mutation: Mutation) -> Mutation:
    """The same document with other variables."""

    def vary(node: Any) -> Any:
        if not isinstance(node, Value) or node.how != "variable" or node.operator != "_eq" or node.kind == "texts":
            return node
        if node.type.removesuffix("!") != KINDS[node.kind].type:
            return node
        value = choices.one(givable(KINDS[node.kind], KINDS[node.kind].pool))
        return replace(node, value=value, json=as_json(KINDS[node.kind], value))

    return replace(mutation, items=rebuilt(mutation.items, vary))


def forms(mutation: Mutation) -> set[str]:
    """What a mutation is made of, for counting."""
    found: set[str] = set()
    roots = [item for item in merged(mutation.items) if isinstance(item, (InsertRoot, UpdateRoot, DeleteRoot))]
    found |= {root.kind for root in roots}
    found |= {"several roots"} if len(roots) > 1 else set()
    for root in roots:
        if isinstance(root, InsertRoot):
            found |= {"upsert"} if root.conflict is not None and root.conflict.update else set()
            found |= {"do nothing"} if root.conflict is not None and not root.conflict.update else set()
            found |= {"nested"} if any(isinstance(node, NestedRows) for node in nodes(root.rows)) else set()
        if isinstance(root, UpdateRoot):
            found |= {assign.operator for change in root.changes for assign in change.assigns}
    return found
