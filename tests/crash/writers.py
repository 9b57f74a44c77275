"""Writers who never stop asking, and the journal of what they were told."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from crash.stand import SECRET

COUNTERS = 3
LINES = 3
REQUEST_SECONDS = 20.0
IMPATIENT_SECONDS = 0.15
IMPATIENT_SHARE = 0.1
"""Of the requests, whose client hangs up after a moment, be they answered or not."""
PAUSE_SECONDS = 0.02
MOST_REQUESTS = 200_000
UNKNOWN = "whether anything was changed is not known"
NOTE = "mutation ($id: uuid!) { insert_notes_one(object: {id: $id}) { id } }"
ENTRY = """
mutation ($id: uuid!, $counter: Int!, $lines: [lines_insert_input!]!) {
  insert_entries_one(object: {id: $id, counter_id: $counter, lines: {data: $lines}}) { id lines { place } }
  update_counters_by_pk(pk_columns: {id: $counter}, _inc: {value: 1}) { value }
}
"""


@dataclass(slots=True)
class Journal:
    """What became of every write, as its writer was told. `acknowledged`: its counter and the value counted, None for a
    note. `refused`: nothing was changed. `open`: nobody knows. `wrong`: answers that there must not be."""

    sent: set[uuid.UUID] = field(default_factory=set)
    acknowledged: dict[uuid.UUID, tuple[int, int] | None] = field(default_factory=dict)
    refused: dict[uuid.UUID, str] = field(default_factory=dict)
    open: dict[uuid.UUID, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    since: set[int] = field(default_factory=set)
    """The writers who were acknowledged since somebody last emptied this."""

    def told(self) -> Counter[str]:
        """How often which error was told."""
        return Counter((*self.refused.values(), *self.open.values()))

    def note(self, write: uuid.UUID, counter: int, writer: int, response: httpx.Response) -> None:
        answer = response.json() if response.headers["content-type"].startswith("application/json") else None
        match answer:
            case {"data": data, **rest} if response.status_code == 200 and not rest:
                self._note_done(write, counter, writer, data)
            case {"errors": [{"message": str(message), "extensions": {"code": str()}}], **rest} if not rest:
                (self.open if UNKNOWN in message else self.refused)[write] = message
                if message == "internal error":
                    self.wrong.append(message)
            case _:
                self.wrong.append(f"{response.status_code} {response.text[:500]}")

    def note_left(self, write: uuid.UUID, patience: float) -> None:
        """Its client went away."""
        self.open[write] = f"hung up after {patience} seconds"
        if patience == REQUEST_SECONDS:
            self.wrong.append(f"no answer in {patience} seconds")

    def _note_done(self, write: uuid.UUID, counter: int, writer: int, data: Any) -> None:
        match data:
            case {
                "insert_entries_one": {"id": id_, "lines": [*lines]},
                "update_counters_by_pk": {"value": int(value)},
            } if id_ == str(write) and len(lines) == LINES:
                self.acknowledged[write] = counter, value
                self.since.add(writer)
            case {"insert_notes_one": {"id": id_}} if id_ == str(write):
                self.acknowledged[write] = None
            case _:
                self.wrong.append(f"acknowledged, but {data}")


class Writers:
    """`async with`: they write from the beginning to the end. `address` is asked before each request."""

    def __init__(self, count: int, address: Callable[[], str]) -> None:
        self.count = count
        self.journal = Journal()
        self._address = address
        self._is_over = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Writers:
        self._tasks = [asyncio.create_task(self._write(writer)) for writer in range(self.count)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        await asyncio.wait_for(asyncio.gather(*self._tasks), 2 * REQUEST_SECONDS)

    async def all_acknowledged(self, within: float) -> float:
        """Seconds until every writer has had a write acknowledged from now on."""
        self.journal.since.clear()
        start = time.monotonic()
        while len(self.journal.since) < self.count:
            took = time.monotonic() - start
            assert took < within, f"{len(self.journal.since)} of {self.count} writers went on: {self.journal.told()}"
            await asyncio.sleep(0.01)
        return time.monotonic() - start

    async def _write(self, writer: int) -> None:
        chance, journal = random.Random(writer), self.journal
        headers = {"x-hasura-admin-secret": SECRET, "x-hasura-role": "writer", "x-hasura-user-id": f"writer {writer}"}
        async with httpx.AsyncClient(headers=headers, timeout=REQUEST_SECONDS, trust_env=False) as client:
            while not self._is_over and len(journal.sent) < MOST_REQUESTS:
                write, counter = uuid.UUID(int=chance.getrandbits(128), version=4), chance.randint(0, COUNTERS)
                journal.sent.add(write)
                patience = IMPATIENT_SECONDS if chance.random() < IMPATIENT_SHARE else REQUEST_SECONDS
                try:
                    response = await client.post(
                        f"{self._address()}/v1/graphql", json=_body(write, counter), timeout=patience
                    )
                except httpx.TimeoutException:
                    journal.note_left(write, patience)
                except httpx.TransportError as error:
                    journal.open[write] = type(error).__name__
                else:
                    journal.note(write, counter, writer, response)
                if write not in journal.acknowledged:
                    await asyncio.sleep(PAUSE_SECONDS)


def _body(write: uuid.UUID, counter: int) -> dict[str, Any]:
    """Counter 0 stands for a note."""
    if not counter:
        return {"query": NOTE, "variables": {"id": str(write)}}
    lines = [{"place": place} for place in range(LINES)]
    return {"query": ENTRY, "variables": {"id": str(write), "counter": counter, "lines": lines}}
