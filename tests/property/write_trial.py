"""A world to write to, in a real database behind a real engine: each mutation's answer, and the database afterwards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from typing import Any

import asyncpg
from property.checksum import Checksum
from property.ddl import ident, relation
from property.expected import difference, row_count
from property.failures import Refusal
from property.jsonb import Json, equality_key
from property.kinds import Kind, as_json, as_text
from property.printing import Document
from property.script import data_script
from property.statements import SUPPOSED, Numbers, supposed
from property.trial import Bench, Mismatch, decoded
from property.world import Row, Table, World
from property.write_oracle import Outcome, outcome
from property.write_printing import printed_mutation
from property.write_rules import Identity
from property.writes import Mutation

from gql_gen.ask import DocumentAsk
from gql_gen.engine.answer import Engine
from gql_gen.session import Caller

TELLING = 5
"""Texts of so many letters do not stand in an error message by chance."""


@asynccontextmanager
async def write_trial(bench: Bench, world: World) -> AsyncIterator[WriteTrial]:
    """The world set up, and an engine before it."""
    async with bench.trial(world) as trial:
        connection = await asyncpg.connect(bench.url)
        try:
            yield WriteTrial(world, trial.engine, connection, await Checksum.of(connection))
        finally:
            await connection.close()


@dataclass(slots=True)
class WriteTrial:
    """`world` is what the database must hold now."""

    world: World
    engine: Engine
    connection: asyncpg.Connection
    checksum: Checksum
    tally: Counter[str] = field(default_factory=Counter)

    async def reset(self, world: World) -> None:
        """Other rows in the same tables."""
        await self.connection.execute(data_script(world))
        self.world = world

    async def ask(self, document: Document, mutation: Mutation) -> bytes:
        """The body of one reply."""
        session = {name.lower(): given.text for name, given in mutation.session.items()}
        caller = Caller(mutation.role, session, mutation.is_backend)
        return (await self.engine.answer(DocumentAsk(document.text, None, document.variables), caller)).body

    async def check(self, mutation: Mutation, expected: Outcome | Refusal) -> Mismatch | None:
        """Asks; what is wrong with the answer or with the database afterwards; None when all is right, and then the
        world is as the mutation left it."""
        document = printed_mutation(mutation, self.world)
        before = await self.checksum.take()
        body = (await self.ask(document, mutation)).decode()
        found = await self._wrong(mutation, expected, decoded(body.encode()), before)
        return None if found is None else Mismatch(*found, document, expected, body)

    async def _wrong(
        self, mutation: Mutation, expected: Outcome | Refusal, reply: Any, before: str
    ) -> tuple[str, str] | None:
        if "errors" in reply:
            if await self.checksum.take() != before:
                return "changed all the same", "the request failed, and the database is another one"
            leaked = _leaked(self.world, reply)
            if leaked is not None:
                return "told a value", f"the error holds {leaked!r}"
        if isinstance(expected, Refusal):
            said = expected.difference(reply)
            return None if said is None else (f"{_told(reply)} instead of {sorted(expected.reasons)}", said)
        if list(reply) != ["data"]:
            return _told(reply), "the mutation is allowed, and was refused"
        return await self._wrong_outcome(mutation, expected, reply["data"])

    async def _wrong_outcome(self, mutation: Mutation, expected: Outcome, data: Any) -> tuple[str, str] | None:
        stored = {table.name: await self._stored(table) for table in self.world.tables if not table.shape.view}
        final: Outcome | Refusal = expected
        if any(expected.given.values()):
            final = outcome(self.world, mutation, _numbers(self.world, expected, stored, data))
        if isinstance(final, Refusal):
            return "refused in the end", "the mutation depends on the numbers of a sequence"
        for table in final.world.tables:
            if not table.shape.view:
                said = _unlike(table, stored[table.name])
                if said is not None:
                    return "another database", said
        said = difference(final.data, data)
        if said is not None:
            return "another answer", said
        self.tally["rows"] += sum(map(row_count, _responses(final.data)))
        self.tally["changed"] += final.world != self.world
        self.world = final.world
        return None

    async def _stored(self, table: Table) -> list[Row]:
        """The rows of a table, as Python values."""
        columns = ", ".join(f"to_json({ident(column.name)})::text" for column in table.columns)
        found: list[Row] = []
        for record in await self.connection.fetch(f"select {columns} from {relation(table)}"):
            values = (_value(column.kind, text) for column, text in zip(table.columns, record, strict=True))
            found.append(dict(zip((column.name for column in table.columns), values, strict=True)))
        return found


def _told(reply: Any) -> str:
    """What stays the same of a wrong refusal while its mutation is made smaller."""
    return "data" if "errors" not in reply else f"the error {reply['errors'][0]['message'][:40]!r}"


def _value(kind: Kind, text: str | None) -> Any:
    if text is None:
        return None
    return Json(text) if kind.name == "jsonb" else json.loads(text, parse_float=Decimal)


def _responses(data: Mapping[str, Any]) -> Iterator[Any]:
    for value in data.values():
        yield from value if isinstance(value, list) else [value]


# ---------------------------------------------------------------- what the sequences gave


def _numbers(before: World, expected: Outcome, stored: Mapping[str, list[Row]], answer: Any) -> Numbers:
    """The sequences' own numbers in place of supposed ones: in a table both rise as rows are inserted."""
    real: dict[tuple[str, int], int] = {}
    for table in before.tables:
        for column in table.columns:
            if isinstance(column.source, Identity) and not table.shape.view:
                first, given = column.source.start, range(expected.given.get(table.name, 0))
                known = {row[column.name] for row in before.table(table.name).rows}
                new = {row[column.name] for row in stored[table.name]} - known
                counts = _shown_in((row[column.name] for row in expected.world.table(table.name).rows), first, given)
                if len(counts) < len(given):
                    # A later root may have taken rows away again; then only the answer knows their numbers.
                    told = _shown_in(_whole_numbers(expected.data), first, given) - counts
                    found = set(filter(lambda number: first <= number < first + SUPPOSED, _whole_numbers(answer)))
                    if told and len(found - known - new) == len(told):
                        counts, new = counts | told, new | (found - known)
                numbers = sorted(number for number in new if first <= number < first + SUPPOSED)
                real |= {(table.name, count): number for count, number in zip(sorted(counts), numbers, strict=False)}
    otherwise = supposed(before)
    return lambda name, count: real.get((name, count)) or otherwise(name, count)


def _shown_in(numbers: Iterable[int], first: int, given: range) -> set[int]:
    """Which of the supposed numbers are among these."""
    return {number - first - SUPPOSED for number in numbers} & set(given)


def _whole_numbers(tree: Any) -> Iterator[int]:
    match tree:
        case dict():
            for item in tree.values():
                yield from _whole_numbers(item)
        case list() | tuple():
            for item in tree:
                yield from _whole_numbers(item)
        case _ if is_dataclass(tree):
            for part in fields(tree):
                yield from _whole_numbers(getattr(tree, part.name))
        case int() if not isinstance(tree, bool):
            yield tree
        case str() if tree.isascii() and tree.isdigit():
            yield int(tree)


# ---------------------------------------------------------------- comparing


def _unlike(table: Table, stored: list[Row]) -> str | None:
    """How a table differs from what it must hold."""
    expected, found = Counter(map(_key_in(table), table.rows)), Counter(map(_key_in(table), stored))
    if expected == found:
        return None
    missing, more = list((expected - found).elements()), list((found - expected).elements())
    names = [column.name for column in table.columns]
    return f"{table.ident} {names}\n  must hold   {missing}\n  holds only  {more}"


def _key_in(table: Table) -> Any:
    def key(row: Row) -> Any:
        return tuple(_key(column.kind, row[column.name]) for column in table.columns)

    return key


def _key(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    return ("json", equality_key(value.value)) if isinstance(value, Json) else equality_key(as_json(kind, value))


def _leaked(world: World, reply: Any) -> str | None:
    """A value of some row that stands in an error."""
    said = json.dumps(reply, ensure_ascii=False, default=str)
    for table in world.tables:
        for row in table.rows:
            for column in table.columns:
                value = row[column.name]
                text = "" if value is None or value is True or value is False else as_text(column.kind, value)
                if len(text) >= TELLING and text in said:
                    return text
    return None
