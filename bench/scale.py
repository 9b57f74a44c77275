"""Many tables, many roles: how long usher takes to start, a role's first query, and what memory it needs.
`python -m bench scale`.

A real `usher serve` on a real Postgres with a generated database (`bench/scale_schema.py`) and generated rules
(`bench/scale_rules.py`). Everything is asked over HTTP; memory is what /proc says of every process of it.
"""

from __future__ import annotations

import http.client
import json
import secrets
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
from graphql import get_introspection_query

from bench.processes import BenchError, Server, cpu_seconds, resident_bytes, usher
from bench.requests import PATH
from bench.results import aligned
from bench.scale_rules import FirstQuery, first_queries, permissions_text
from bench.scale_schema import Relation, relations, schema_script
from usher.postgres import EmbeddedPostgres, PostgresError

DATABASE: Final = "scale"
TABLES: Final = 500
MEGABYTE: Final = 1024 * 1024
SESSION: Final = {"X-Hasura-User-Id": "1", "X-Hasura-Tenant-Id": "1"}
PATIENCE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Stand:
    """The database, the rules, and what is asked."""

    folder: Path
    database_url: str
    permissions: Path
    queries: tuple[FirstQuery, ...]
    workers: int


@dataclass(slots=True)
class Start:
    """What was measured of one start. Seconds and bytes."""

    first_answer: float = 0.0
    processor: float = 0.0
    """What the server's processes used of the processor up to then: steadier than the clock on a busy machine."""
    first: dict[str, float] = field(default_factory=dict)
    again: dict[str, float] = field(default_factory=dict)
    introspected: dict[str, float] = field(default_factory=dict)
    described: dict[str, int] = field(default_factory=dict)
    memory: dict[str, dict[int, int]] = field(default_factory=dict)
    """When it was looked at → the resident memory of every process."""


@click.command(context_settings={"max_content_width": 100})
@click.option("--tables", type=click.IntRange(30, 500), default=TABLES, show_default=True, help="Views among them.")
@click.option("--starts", type=click.IntRange(1, 100), default=3, show_default=True, help="Medians are told.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Write schema.sql and permissions.yaml here."
)
def main(tables: int, starts: int, workers: int, keep: Path | None) -> None:
    """Start to first answer, each role's first query, and memory, for a database of hundreds of tables."""
    made = relations(tables)
    try:
        with _stand(made, workers, keep) as stand:
            click.echo(_circumstances(stand, made))
            measured = [_start(stand, number) for number in range(1, starts + 1)]
    except (BenchError, PostgresError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(_goals(measured))
    click.echo(_roles(measured, stand.queries))
    click.echo(_memory(measured[-1]))


@contextmanager
def _stand(made: tuple[Relation, ...], workers: int, keep: Path | None) -> Iterator[Stand]:
    with TemporaryDirectory(prefix="usher-scale-") as name, EmbeddedPostgres.scratch() as postgres:
        folder = Path(name) if keep is None else keep
        folder.mkdir(parents=True, exist_ok=True)
        schema, permissions = folder / "schema.sql", folder / "permissions.yaml"
        schema.write_text(schema_script(made))
        permissions.write_text(permissions_text(made))
        postgres.create_database(DATABASE)
        postgres.apply(DATABASE, schema)
        yield Stand(Path(name), postgres.url(DATABASE), permissions, first_queries(made), workers)


# ---------------------------------------------------------------- measuring


def _start(stand: Stand, number: int) -> Start:
    secret = secrets.token_urlsafe(24)
    settings = {"HASURA_GRAPHQL_ADMIN_SECRET": secret, "HASURA_GRAPHQL_PG_CONNECTIONS": "10"}
    log = stand.folder / f"usher-{number}.log"
    found = Start()
    began = time.perf_counter()
    with usher(stand.database_url, stand.permissions, log, settings, stand.workers) as server:
        for query in stand.queries:
            found.first[query.role] = _asked(server, secret, query.role, query.text)[0]
            if not found.first_answer:
                found.first_answer = time.perf_counter() - began
                found.processor = cpu_seconds(server.pid)
        for query in stand.queries:
            found.again[query.role] = min(
                _asked(server, secret, query.role, query.text)[0] for _ in range(_turns(stand.workers))
            )
        found.memory["every role used"] = resident_bytes(server.pid)
        for query in stand.queries:
            _introspect(server, secret, query.role, found)
        if "left out" in (said := log.read_text()):
            raise BenchError(f"some of the rules were not carried over:\n{said[:2000]}")
        found.memory["every role's schema read whole"] = resident_bytes(server.pid)
    return found


def _turns(workers: int) -> int:
    """Connections go to any worker: so many that each role has surely met them all."""
    return 3 if workers == 1 else 8 * workers


def _introspect(server: Server, secret: str, role: str, found: Start) -> None:
    found.introspected[role], body = _asked(server, secret, role, get_introspection_query())
    found.described[role] = len(body)


def _asked(server: Server, secret: str, role: str, query: str) -> tuple[float, bytes]:
    """How long the answer takes, on a connection of its own, and the answer."""
    headers = {**SESSION, "X-Hasura-Admin-Secret": secret, "X-Hasura-Role": role, "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    try:
        began = time.perf_counter()
        connection.request("POST", PATH, json.dumps({"query": query}), headers)
        answer = connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
    finally:
        connection.close()
    if answer.status != 200 or b'"errors"' in body[:20] or not body.startswith(b'{"data"'):
        raise BenchError(f"{role} asked {query[:200]}\nand was told {body[:500].decode(errors='replace')}")
    return took, body


# ---------------------------------------------------------------- telling


def _circumstances(stand: Stand, made: tuple[Relation, ...]) -> str:
    text = stand.permissions.read_text()
    views = sum(relation.kind == "view" for relation in made)
    return (
        f"{len(made)} relations, {views} of them views; {len(stand.queries)} roles, {text.count('filter:')} rules, "
        f"permissions.yaml {len(text) / 1000:,.0f} kB; {stand.workers} worker(s)"
    )


def _goals(measured: Sequence[Start]) -> str:
    slowest = [max(start.first.values()) for start in measured]
    largest = [max(start.memory["every role used"].values()) for start in measured]
    rows = [
        ["start to first answer", f"{_median([start.first_answer for start in measured]):.2f} s", "3 s"],
        ["of it on the processor", f"{_median([start.processor for start in measured]):.2f} s", ""],
        ["a role's first query, the slowest role", f"{1000 * _median(slowest):,.0f} ms", "300 ms"],
        ["memory of a worker, every role used", f"{_median(largest) / MEGABYTE:,.0f} MB", "400 MB"],
    ]
    return "\n" + aligned(["", "median", "goal"], rows)


def _roles(measured: Sequence[Start], queries: Sequence[FirstQuery]) -> str:
    rows = [
        [
            query.role,
            _milliseconds([start.first for start in measured], query.role),
            _milliseconds([start.again for start in measured], query.role),
            _milliseconds([start.introspected for start in measured], query.role),
            f"{measured[-1].described[query.role] / 1000:,.0f}",
        ]
        for query in queries
    ]
    return "\n" + aligned(["role", "first ms", "again ms", "introspection ms", "its kB"], rows)


def _memory(start: Start) -> str:
    rows = [
        [f"{when}, process {number}", f"{size / MEGABYTE:,.0f}"]
        for when, sizes in start.memory.items()
        for number, size in enumerate(sizes.values(), 1)
    ]
    return "\n" + aligned(["memory", "MB"], rows)


def _milliseconds(taken: Sequence[Mapping[str, float]], role: str) -> str:
    return f"{1000 * _median([each[role] for each in taken]):,.1f}"


def _median(values: Sequence[Any]) -> float:
    return float(statistics.median(values))


if __name__ == "__main__":
    main()
