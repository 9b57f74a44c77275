"""Workload g: ten thousand rows in one request over HTTP, beside asyncpg sending the same rows as five arrays.

The two take turns, call by call, so that whatever else the machine does weighs on both; the table is emptied before
each. Only the calls are timed: what is sent was made before.
"""

from __future__ import annotations

import http.client
import json
import random
import statistics
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg

from bench.processes import BenchError, cpu_seconds
from bench.requests import PATH
from bench.results import aligned

KEY: Final = "g"
TITLE: Final = "10,000 rows of 5 columns in one insert"
ROWS: Final = 10_000
FLOOR: Final = 0.5
"""asyncpg's time divided by usher's, at least."""
PATIENCE_SECONDS: Final = 60.0
QUERY: Final = "mutation ($rows: [readings_insert_input!]!) { insertReadings(objects: $rows) { affected_rows } }"
RIGHT: Final = b'{"data":{"insertReadings":{"affected_rows":%d}}}' % ROWS
_INSERT: Final = Path(__file__).with_name("bulk.sql").read_text()
_EMPTY: Final = Path(__file__).with_name("empty.sql").read_text()

Row = tuple[int, str, datetime, uuid.UUID, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Turn:
    """Milliseconds of one call of each, and the CPU that usher's call cost in usher and in Postgres."""

    limit: float
    usher: float
    server_cpu: float
    database_cpu: float

    @property
    def share(self) -> float:
        return self.limit / self.usher


@dataclass(frozen=True, slots=True)
class Bulk:
    """All turns."""

    turns: list[Turn] = field(default_factory=list)

    def median(self, of: Callable[[Turn], float]) -> float:
        return statistics.median(map(of, self.turns))

    def mean(self, of: Callable[[Turn], float]) -> float:
        """For CPU time, which is counted in steps of ten milliseconds."""
        return statistics.fmean(map(of, self.turns))

    def table(self) -> str:
        """As the table of the other workloads, in a terminal and in Markdown."""
        heads = ["workload", "asyncpg ms", "usher ms", "share", "floor", "server ms", "database ms", "calls"]
        row = [
            f"{KEY}: {TITLE}",
            f"{self.median(lambda turn: turn.limit):.0f}",
            f"{self.median(lambda turn: turn.usher):.0f}",
            f"{self.median(lambda turn: turn.share):.2f}",
            f"{FLOOR:.2f}",
            f"{self.mean(lambda turn: turn.server_cpu):.0f}",
            f"{self.mean(lambda turn: turn.database_cpu):.0f}",
            f"{len(self.turns)}",
        ]
        return aligned(heads, [row])

    def as_json(self) -> dict[str, Any]:
        """Everything, call by call."""
        share = self.median(lambda turn: turn.share)
        return {"workload": KEY, "title": TITLE, "floor": FLOOR, "share": share, "turns": list(map(asdict, self.turns))}


def rows() -> list[Row]:
    """The same ten thousand at every run."""
    chance = random.Random(7)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        (
            number,
            f"Reading number {number}",
            start + timedelta(seconds=37 * number),
            uuid.UUID(int=chance.getrandbits(128), version=4),
            {"celsius": chance.randint(-400, 400) / 10, "place": {"floor": number % 9, "tags": ["in", "out"]}},
        )
        for number in range(1, ROWS + 1)
    ]


def body(sent: Iterable[Row]) -> bytes:
    """The request's."""
    objects = [
        {"number": number, "label": label, "takenAt": taken_at.isoformat(), "device": str(device), "payload": payload}
        for number, label, taken_at, device, payload in sent
    ]
    return json.dumps({"query": QUERY, "variables": {"rows": objects}}).encode()


def arrays(sent: Iterable[Row]) -> list[list[Any]]:
    """What asyncpg is given for the five parameters."""
    columns = [list(column) for column in zip(*sent, strict=True)]
    return [*columns[:4], [json.dumps(payload) for payload in columns[4]]]


class Caller:
    """Sends the request again and again on one connection."""

    def __init__(self, port: int, token: str, sent: bytes) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._body = sent

    def call(self) -> None:
        """Raises BenchError for any answer but the right one."""
        self._connection.request("POST", PATH, self._body, self._headers)
        answer = self._connection.getresponse().read()
        if answer != RIGHT:
            raise BenchError(f"{TITLE}: a wrong answer, {answer[:300].decode(errors='replace')}")

    def close(self) -> None:
        self._connection.close()


async def measure_bulk(
    database_url: str, port: int, token: str, pids: tuple[int, int], rounds: int, seconds: int
) -> Bulk:
    """Turns for as long as the other workloads have: `rounds` times `seconds` for each of the two. `pids` are usher's
    and the database's."""
    sent = rows()
    given, caller = arrays(sent), Caller(port, token, body(sent))
    connection = await asyncpg.connect(database_url)
    try:
        bulk, deadline = Bulk(), time.monotonic() + 2 * rounds * seconds
        await _turn(connection, given, caller, pids)  # the caches are cold
        while not bulk.turns or time.monotonic() < deadline:
            bulk.turns.append(await _turn(connection, given, caller, pids))
        return bulk
    finally:
        caller.close()
        await connection.close()


async def _turn(
    connection: asyncpg.Connection[Any], given: list[list[Any]], caller: Caller, pids: tuple[int, int]
) -> Turn:
    await connection.execute(_EMPTY)
    start = time.perf_counter()
    await connection.execute(_INSERT, *given)
    limit = time.perf_counter() - start
    await connection.execute(_EMPTY)
    before, start = [cpu_seconds(pid) for pid in pids], time.perf_counter()
    caller.call()
    usher = time.perf_counter() - start
    server, database = (cpu_seconds(pid) - used for pid, used in zip(pids, before, strict=True))
    return Turn(limit * 1000, usher * 1000, server * 1000, database * 1000)
