"""Short ways to ask, and a wire between usher and Postgres that can be cut."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import asyncpg
import msgspec
import pytest

from gql_gen.ask import DocumentAsk
from gql_gen.engine.answer import Engine
from gql_gen.session import Caller

Observer: TypeAlias = "asyncpg.Connection[Any]"

ENTRY = "mutation ($id: uuid!) { insert_entries_one(object: {id: $id, counter_id: 1}) { id } }"
COUNTED_ENTRY = """
mutation ($id: uuid!) {
  insert_entries_one(object: {id: $id, counter_id: 1}) { id }
  update_counters_by_pk(pk_columns: {id: 1}, _inc: {value: 1}) { value }
}
"""
COUNT = "mutation { update_counters_by_pk(pk_columns: {id: 1}, _inc: {value: 1}) { value } }"
WAITERS = "from pg_locks join pg_database on oid = database where datname = current_database() and not granted"
WAITS = f"select count(*) = 1 {WAITERS}"
"""Whether somebody waits for a table. Not by pg_stat_activity: it shows one picture all through a transaction."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Asks as one writer."""

    engine: Engine

    async def ask(self, text: str, **variables: Any) -> Any:
        """The whole answer, decoded."""
        reply = await self.engine.answer(
            DocumentAsk(text, None, variables), Caller("writer", {"x-hasura-user-id": "one"})
        )
        return msgspec.json.decode(reply.body)

    async def enter(self, text: str = ENTRY) -> tuple[str, Any]:
        """A new entry: its key, and the answer."""
        key = str(uuid.uuid4())
        return key, await self.ask(text, id=key)


def message(answer: Any) -> str:
    """Of its one error; empty when it has none."""
    match answer:
        case {"errors": [{"message": str(text)}]}:
            return text
        case _:
            return ""


async def until(observer: Observer, question: str, pause: float = 0.01) -> None:
    """Waits for the database to say yes."""
    for _ in range(2_000):
        if await observer.fetchval(question):
            return
        await asyncio.sleep(pause)
    pytest.fail(question)


@dataclass
class Wire:
    """A socket that passes everything on to the server's, and back, until `cut` is set: from then on what the server
    says goes nowhere, and its first word ends the connection."""

    folder: Path
    target: str
    cut: bool = False
    _server: asyncio.Server | None = None
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def to(cls, url: str, folder: Path) -> Self:
        host = parse_qs(urlsplit(url).query)["host"][0]
        return cls(folder, f"{host}/.s.PGSQL.5432")

    def url(self, url: str) -> str:
        """The address of the same database through the wire."""
        return urlunsplit(urlsplit(url)._replace(query=f"host={quote(str(self.folder))}&port=5432"))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self.folder / ".s.PGSQL.5432")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self.target)
        for way in (
            self._pass_on(reader, to_server, is_answer=False),
            self._pass_on(from_server, writer, is_answer=True),
        ):
            task = asyncio.create_task(way)
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_answer: bool) -> None:
        try:
            while data := await source.read(65_536):
                if is_answer and self.cut:
                    break
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            return
        finally:
            sink.close()
