"""usher beside pgbench (and beside asyncpg for one big insert), turn by turn, over one embedded Postgres.

Each round gives every workload one turn of pgbench and one of usher for each number of HTTP connections. What else the
machine does then weighs on both alike, so shares are taken within a round and their median is reported.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import uvloop

from bench import bulk
from bench.load import GENERATORS, Load, best_generator, run_load
from bench.pgbench import CLIENTS, find_pgbench, run_pgbench, version
from bench.processes import BenchError, Server, cpu_seconds, usher
from bench.requests import new_key, tokens, write_requests
from bench.results import Measured, Series, as_json, machine, table
from bench.statements import Sent, open_world, pgbench_literals, pgbench_script, sent_for, was_sent
from bench.workloads import WORKLOADS, Workload
from usher.postgres import EmbeddedPostgres, PostgresError

HERE: Final = Path(__file__).parent
DATABASE: Final = "bench"
PERMISSIONS: Final = HERE / "permissions.yaml"
KEYS: Final = (*(workload.key for workload in WORKLOADS), bulk.KEY)
WARM_UP_CONNECTIONS: Final = 32
POSTMASTER_PID: Final = Path("postgres") / "postmaster.pid"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A workload with everything that its turns need."""

    workload: Workload
    sent: Sent
    script: Path
    requests: Path


@dataclass(frozen=True, slots=True)
class Stand:
    """What is under test, and what presses on it."""

    database_url: str
    database_pid: int
    server: Server
    token: str
    pgbench: Path
    generator: str
    seconds: int

    def limit(self, prepared: Prepared) -> float:
        """pgbench's turn: statements per second."""
        literals = pgbench_literals(prepared.sent)
        return run_pgbench(self.pgbench, self.database_url, prepared.script, literals, self.seconds)

    def measure(self, prepared: Prepared, connections: int, limit: float) -> Measured:
        """usher's turn."""
        pids = (self.server.pid, self.database_pid)
        before = [cpu_seconds(pid) for pid in pids]
        load = run_load(self.generator, self.server.port, prepared.requests, connections, self.seconds)
        server, database = (cpu_seconds(pid) - start for pid, start in zip(pids, before, strict=True))
        return _measured(load, limit, server, database)


def _measured(load: Load, limit: float, server: float, database: float) -> Measured:
    if load.answers == 0:
        raise BenchError("usher answered nothing during a whole turn")
    each = 1_000_000 / load.answers
    return Measured(
        limit=limit,
        rate=load.rate,
        p50=load.p50,
        p99=load.p99,
        server_cpu=server * each,
        database_cpu=database * each,
        load_cpu=load.cpu * each,
        answers=load.answers,
        errors=load.errors,
        wrong=load.wrong,
    )


@click.command(context_settings={"max_content_width": 100})
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True)
@click.option("--seconds", type=click.IntRange(1, 60), default=3, show_default=True, help="Of each turn.")
@click.option(
    "--connections",
    type=click.IntRange(1, 10_000),
    multiple=True,
    default=(32, 128, 512),
    show_default=True,
    help="HTTP connections; may be repeated.",
)
@click.option("--only", type=click.Choice(KEYS), multiple=True, default=KEYS, help="A workload; may be repeated.")
@click.option("--generator", type=click.Choice(GENERATORS), help="[default: wrk where it is installed]")
@click.option("--quick", is_flag=True, help="Two rounds of one second at 32 connections: a look, not a result.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write every round here.")
def main(
    rounds: int,
    seconds: int,
    connections: tuple[int, ...],
    only: tuple[str, ...],
    generator: str | None,
    quick: bool,
    json_file: Path | None,
) -> None:
    """Requests per second, latencies and CPU of usher, beside pgbench running the very same SQL; the time of one big
    insert beside asyncpg."""
    if quick:
        rounds, seconds, connections = 2, 1, (32,)
    try:
        with _stand(only, generator or best_generator(), seconds) as (stand, prepared):
            click.echo(f"{CLIENTS} database connections, 1 worker, {stand.generator}, {version(stand.pgbench)}")
            series = _run(stand, prepared, connections, rounds)
            at_once = _run_bulk(stand, rounds) if bulk.KEY in only else None
            circumstances = {"generator": stand.generator, "pgbench": version(stand.pgbench), "seconds": seconds}
    except (BenchError, PostgresError) as error:
        raise click.ClickException(str(error)) from error
    _tell(series, at_once)
    if json_file is not None:
        told = {**machine(), **circumstances, "bulk": at_once and at_once.as_json()}
        json_file.write_text(json.dumps(as_json(series, **told), indent=2) + "\n")


@contextmanager
def _stand(keys: Collection[str], generator: str, seconds: int) -> Iterator[tuple[Stand, list[Prepared]]]:
    pgbench = find_pgbench()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="usher-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        # As durable as a real one: a write is answered when it is on the disk, usher's and pgbench's alike.
        postgres = stack.enter_context(EmbeddedPostgres.start(folder / "data"))
        database_url = _fill(postgres)
        key = new_key()
        signed = tokens(key)
        prepared = _prepare([each for each in WORKLOADS if each.key in keys], database_url, signed, folder)
        server = stack.enter_context(usher(database_url, PERMISSIONS, folder / "usher.log", _settings(key)))
        pid = int((postgres.data_dir / POSTMASTER_PID).read_text().split("\n", 1)[0])
        yield Stand(database_url, pid, server, signed[0], pgbench, generator, seconds), prepared


def _fill(postgres: EmbeddedPostgres) -> str:
    postgres.create_database(DATABASE)
    for script in ("schema.sql", "settle.sql"):
        postgres.apply(DATABASE, HERE / script)
    return postgres.url(DATABASE)


def _settings(key: str) -> dict[str, str]:
    return {
        "HASURA_GRAPHQL_ADMIN_SECRET": secrets.token_urlsafe(24),
        "HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": key}),
        "HASURA_GRAPHQL_PG_CONNECTIONS": str(CLIENTS),
    }


def _prepare(workloads: list[Workload], database_url: str, signed: list[str], folder: Path) -> list[Prepared]:
    world = asyncio.run(open_world(database_url, PERMISSIONS))
    prepared = []
    for workload in workloads:
        sent = sent_for(workload, world)
        script = folder / f"{workload.key}.pgbench"
        script.write_text(pgbench_script(workload, sent))
        prepared.append(Prepared(workload, sent, script, write_requests(workload, signed, folder)))
    return prepared


def _run(stand: Stand, prepared: list[Prepared], sizes: Sequence[int], rounds: int) -> list[Series]:
    for each in prepared:
        _warm_up(stand, each)
    series = [Series(each.workload, size) for size in sizes for each in prepared]
    for number in range(1, rounds + 1):
        for each in prepared:
            limit = stand.limit(each)
            for line in (line for line in series if line.workload is each.workload):
                line.rounds.append(stand.measure(each, line.connections, limit))
        click.echo(f"round {number} of {rounds} is done", err=True)
    return series


def _run_bulk(stand: Stand, rounds: int) -> bulk.Bulk:
    pids = (stand.server.pid, stand.database_pid)
    measuring = bulk.measure_bulk(stand.database_url, stand.server.port, stand.token, pids, rounds, stand.seconds)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measuring)


def _warm_up(stand: Stand, prepared: Prepared) -> None:
    """Fill the caches; make sure that answers are right and that both sides run the same statement."""
    load = run_load(stand.generator, stand.server.port, prepared.requests, WARM_UP_CONNECTIONS, 1)
    if load.errors:
        raise BenchError(f"{prepared.workload.title}: {load.errors} wrong answers, such as {load.wrong}")
    if not asyncio.run(was_sent(prepared.sent.statement, stand.database_url)):
        raise BenchError(f"{prepared.workload.title}: usher sends other SQL than pgbench would")


def _tell(series: list[Series], at_once: bulk.Bulk | None) -> None:
    if series:
        click.echo(table(series))
    if at_once is not None:
        click.echo(at_once.table())
    for each in series:
        if each.errors:
            wrong = next((measured.wrong for measured in each.rounds if measured.wrong), "a broken connection")
            click.echo(f"{each.workload.title}, {each.connections} connections: {wrong}", err=True)
