"""A world in a real database behind a real engine: asks, compares with the oracle, and tells what went wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import asyncpg
from property.expected import Ambiguous, Refused, difference, row_count
from property.forms import forms
from property.kinds import json_text
from property.oracle import answer
from property.printing import Document, printed
from property.queries import Operation
from property.script import ONCE, RESET, permissions_yaml, sql_script
from property.world import World
from property.write_rules import conflicts

from gql_gen.ask import DocumentAsk
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import Rules
from gql_gen.session import Caller
from usher.postgres import EmbeddedPostgres

TIMES = 2
"""How often each operation is asked: planned first, then from the cache and prepared on the connection."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A wrong answer. `kind` is what stays the same while the failure is made smaller."""

    kind: str
    said: str
    document: Document
    expected: Any
    answer: str


class Bench:
    """A database of its own, emptied for every world."""

    def __init__(self, postgres: EmbeddedPostgres, name: str) -> None:
        postgres.create_database(name)
        self.url = postgres.url(name)
        self._is_new = True

    @asynccontextmanager
    async def trial(self, world: World) -> AsyncIterator[Trial]:
        """The world set up, and an engine before it."""
        await self._set_up(sql_script(world))
        rules = _rules(permissions_yaml(world))
        settings = EngineSettings(self.url, pool_size=1, stringify_numeric_types=world.stringifies)
        # Rules that one role inherits and that differ are a fault, on purpose.
        engine = await Engine.open(settings, rules, strict=False)
        try:
            check_faults(world, engine)
            yield Trial(world, engine)
        finally:
            await engine.close()

    async def _set_up(self, script: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            if self._is_new:
                await connection.execute(ONCE)
            self._is_new = False
            await connection.execute(RESET + script)
        finally:
            await connection.close()


def check_faults(world: World, engine: Engine) -> None:
    """One for each pair of inherited rules that cannot both hold, and no other of any role's rules."""
    expected = sum(conflicts(dict(table.shape.writes), dict(world.parents)) for table in world.tables)
    differing = [fault for fault in engine.faults if "that differ" in fault.message]
    # Guesses at relationships through views may run out of names; none of them is used here.
    others = [fault for fault in engine.faults if "no name left" not in fault.message and fault not in differing]
    assert not others, others
    assert len(differing) == expected, differing


@lru_cache(maxsize=2)
def _rules(text: str) -> Rules:
    """A world and its twin have the same."""
    return parse_rules(text, "permissions.yaml")


@dataclass(frozen=True, slots=True)
class Trial:
    world: World
    engine: Engine

    async def ask(self, document: Document, operation: Operation) -> bytes:
        """The body of one reply."""
        session = {name.lower(): given.text for name, given in operation.session.items()}
        caller = Caller(operation.role, session)
        return (await self.engine.answer(DocumentAsk(document.text, None, document.variables), caller)).body

    async def check(
        self, operation: Operation, tally: Counter[str] | None = None, times: int = TIMES
    ) -> Mismatch | None:
        """What is wrong with the answers, asked again and again; None when all are right."""
        try:
            expected = answer(self.world, operation)
        except Ambiguous:
            return None
        document = printed(operation, self.world)
        right = b""
        for time in range(times):
            body = await self.ask(document, operation)
            if body == right:
                continue
            wrong = _wrong(expected, decoded(body))
            if wrong is not None:
                kind, said = wrong
                return Mismatch(f"{kind}, time {time + 1}", said, document, expected, body.decode())
            right = body
        if tally is not None:
            tally["answers"] += 1
            tally["rows"] += row_count(expected)
            tally.update(forms(self.world, operation))
        return None


def decoded(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal)


def _wrong(expected: Any, reply: Any) -> tuple[str, str] | None:
    """What kind of difference there is, and where."""
    if isinstance(expected, Refused):
        return _wrong_refusal(expected, reply)
    if list(reply) != ["data"]:
        return f"refused: {reply['errors'][0]['message'][:40]}", "the operation is allowed, and was refused"
    said = difference(expected, reply["data"])
    return None if said is None else ("another answer", said)


def _wrong_refusal(expected: Refused, reply: Any) -> tuple[str, str] | None:
    if list(reply) != ["errors"] or len(reply["errors"]) != 1:
        return "not refused", f"a refusal with code {expected.code} was expected, and nothing beside it"
    code = reply["errors"][0]["extensions"]["code"]
    return None if code == expected.code else ("refused otherwise", f"expected the code {expected.code}, found {code}")


# ---------------------------------------------------------------- for people


def report(world: World, operation: Operation, mismatch: Mismatch) -> str:
    """All that is needed to see it again by hand."""
    rules = permissions_yaml(world)
    session: Mapping[str, str] = {name: given.text for name, given in operation.session.items() if name in rules}
    parts = {
        "schema.sql": sql_script(world),
        "settings": f"stringify_numeric_types={world.stringifies}",
        "permissions.yaml": rules,
        "role": operation.role,
        "session": json_text(session),
        "query": mismatch.document.text,
        "variables": json_text(mismatch.document.variables),
        "expected": repr(mismatch.expected),
        "answer": mismatch.answer,
        "difference": f"{mismatch.kind}: {mismatch.said}",
    }
    return "\n\n".join(f"--- {title}\n{text}" for title, text in parts.items())
