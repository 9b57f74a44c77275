"""Two databases that differ only in what a caller must not know, and the same mutations to both.

The bytes must be the same, with two exceptions, which are recognised by the watched oracle: a key that is taken by a
hidden row, or referred to by one, stands in a write's way (then what fails must read like a failed check), and a rule
that looks at hidden rows by itself, which is its author's will.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from property.choices import Choices
from property.ddl import relation
from property.expected import Ambiguous, difference
from property.failures import CHECK_FAILED
from property.leaks import Leak, unordered
from property.make_queries import make_session
from property.make_writes import make_mutation, writers
from property.predicates import Given
from property.printing import Document
from property.queries import merged
from property.script import sql_script
from property.trial import Bench, Mismatch, decoded
from property.truth import Truth
from property.world import ADMIN, World
from property.write_aim import Aim
from property.write_explore import forms
from property.write_oracle import Outcome, outcome
from property.write_printing import printed_mutation
from property.write_report import write_report
from property.write_rules import Identity
from property.write_sight import WriteSight
from property.write_trial import WriteTrial, write_trial
from property.write_twins import out_of_sight, tagged, write_twin
from property.write_watch import is_in_the_way, looks_at_hidden, watched
from property.writes import InsertRoot, Mutation

from gql_gen.ask import DocumentAsk, Guard
from gql_gen.session import Caller

DRY = Guard(dry_run=True)
REAL_EVERY = 4
"""Others are dry runs: nothing has to be put back after them."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two databases before two engines with the same rules."""

    ours: WriteTrial
    theirs: WriteTrial

    @property
    def trials(self) -> tuple[WriteTrial, WriteTrial]:
        return self.ours, self.theirs

    async def ask(self, document: Document, mutation: Mutation, guard: Guard | None) -> tuple[bytes, bytes]:
        """The bodies of both."""
        session = {name.lower(): given.text for name, given in mutation.session.items()}
        caller = Caller(mutation.role, session, mutation.is_backend)
        asked = DocumentAsk(document.text, None, document.variables, guard=guard)
        one, other = [(await trial.engine.answer(asked, caller)).body for trial in self.trials]
        return one, other

    async def reset(self) -> None:
        """Rows and sequences as they were."""
        for trial in self.trials:
            await trial.reset(trial.world)
            if sequences := _sequences(trial.world):
                await trial.connection.execute(sequences)


@dataclass(slots=True)
class WriteLeakHunter:
    """Asks a world and its twin the same mutations and counts them: `cases` by what they were about."""

    bench: Bench
    twin_bench: Bench
    cases: Counter[str] = field(default_factory=Counter)

    async def hunt(self, world: World, choices: Choices, mutations: int) -> None:
        """Raises Leak at the first difference that is not one of the exceptions."""
        world = tagged(replace(world, ignores_select=False))
        is_backend = choices.chance(1, 6)
        roles = [role for role in writers(world, is_backend=is_backend) if role != ADMIN] or [ADMIN]
        session = make_session(choices)
        # Of two the one from whom more is hidden.
        role = max(choices.some(roles, 2, 2), key=lambda each: _hidden_rows(world, each, session))
        is_like = choices.chance(1, 2)
        other, changes = write_twin(choices, world, role, session, is_like=is_like)
        self.cases["changes"] += changes
        self.cases["worlds that differ"] += changes > 0
        async with write_trial(self.bench, world) as ours, write_trial(self.twin_bench, other) as theirs:
            pair = Pair(ours, theirs)
            hidden = out_of_sight(world, other, role, session)
            aim = Aim(choices, WriteSight(world, role, is_backend), hidden)
            for index in range(mutations):
                mutation = aim.aimed(make_mutation(choices, world, role, session, is_backend=is_backend))
                await self._compare(pair, mutation, is_dry=index % REAL_EVERY != 0, is_like=is_like)

    async def _compare(self, pair: Pair, mutation: Mutation, *, is_dry: bool, is_like: bool) -> None:
        document = printed_mutation(mutation, pair.ours.world)
        ours, theirs = await pair.ask(document, mutation, DRY if is_dry else None)
        self._count(pair, mutation, ours)
        if ours != theirs:
            said = self._wrong(pair, mutation, ours, theirs, is_like=is_like)
            if said is not None:
                raise Leak(_story(pair, mutation, document, said, ours, theirs))
        changes = not is_dry and (ours.startswith(b'{"data"') or theirs.startswith(b'{"data"'))
        if changes or ours != theirs:
            await pair.reset()

    def _wrong(self, pair: Pair, mutation: Mutation, ours: bytes, theirs: bytes, *, is_like: bool) -> str | None:
        """Why the answers must not differ; None where they may."""
        replies = decoded(ours), decoded(theirs)
        if _both_right(pair, mutation, *replies):
            self.cases["another order"] += 1
            return None
        one, other = watched(pair.ours.world, mutation), watched(pair.theirs.world, mutation)
        if looks_at_hidden(one, other):
            self.cases["excused: a rule looks at it"] += 1
            return None
        if not is_like and (one.is_open or other.is_open):
            self.cases["open"] += 1
            return None
        if is_like or not is_in_the_way(one, other):
            return "the same mutation of a database with other hidden values"
        pairs = zip((one, other), replies, strict=True)
        if any(seen.must_hide and not _is_failed_check(pair.ours.world, mutation, reply) for seen, reply in pairs):
            return "what fails because of something hidden must read like a failed check"
        self.cases["excused: in the way"] += 1
        self.cases.update(f"excused: {kind}" for kind in one.hidden | other.hidden)
        return None

    def _count(self, pair: Pair, mutation: Mutation, ours: bytes) -> None:
        self.cases["pairs"] += 1
        is_allowed = ours.startswith(b'{"data"')
        self.cases["allowed" if is_allowed else "refused"] += 1
        self.cases.update(f"{form}, {'allowed' if is_allowed else 'refused'}" for form in forms(mutation))
        if not is_allowed and (b'"permission-error"' in ours or b'"constraint-violation"' in ours):
            self.cases.update(f"hidden {kind}" for kind in watched(pair.ours.world, mutation).hidden)


def _hidden_rows(world: World, role: str, session: Mapping[str, Given]) -> int:
    truth = Truth(world, role, session)
    return sum(len(table.rows) - len(truth.visible(table)) for table in world.tables if table.grant(role) is not None)


def _both_right(pair: Pair, mutation: Mutation, ours: Any, theirs: Any) -> bool:
    """Whether they differ in an order that is left open."""
    if "errors" in ours or "errors" in theirs:
        return False
    if repr(unordered(ours)) == repr(unordered(theirs)):
        return True
    try:
        expected = outcome(pair.ours.world, mutation)
    except Ambiguous:
        return False
    if not isinstance(expected, Outcome):
        return False
    return all(difference(expected.data, reply["data"]) is None for reply in (ours, theirs))


def _is_failed_check(world: World, mutation: Mutation, reply: Any) -> bool:
    """Exactly what a check of one of its writes says."""
    if list(reply) != ["errors"]:
        return True
    path = reply["errors"][0]["extensions"].get("path", "")
    expected = {"message": CHECK_FAILED, "extensions": {"path": path, "code": "permission-error"}}
    return reply["errors"] == [expected] and any(re.fullmatch(each, path) for each in _paths(world, mutation))


def _paths(world: World, mutation: Mutation) -> Iterator[str]:
    """Where failed checks of its writes are said to be, as patterns: roots may stand in fragments, and the checks of
    nested rows lie below."""
    for root in merged(mutation.items):
        if isinstance(root, InsertRoot):
            name = re.escape(world.spelling.write_roots(root.table)[root.kind])
            argument = "object" if root.kind == "insert_one" else "objects"
            yield rf"\$(\.selectionSet\.\w+)*\.selectionSet\.{name}\.args\.{argument}([.\[].*)?"
        else:
            yield r"\$"


def _sequences(world: World) -> str:
    """Begins all of them anew."""
    return "\n".join(
        f"select setval(pg_get_serial_sequence({_text(relation(table))}, {_text(column.name)}), {source.start}, false);"
        for table in world.tables
        for column in table.columns
        if isinstance(source := column.source, Identity) and table.shape.view is None
    )


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _story(pair: Pair, mutation: Mutation, document: Document, said: str, ours: bytes, theirs: bytes) -> str:
    told = f"{said}:\n{theirs.decode()}\n{sql_script(pair.theirs.world)}"
    mismatch = Mismatch("leak", told, document, "the same bytes", ours.decode())
    return "\n" + write_report(pair.ours.world, mutation, mismatch)
