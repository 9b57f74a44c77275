"""The SQL that usher sends for a workload, taken from its own pipeline, as a script for pgbench."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from bench.workloads import ROLE, Workload
from gql_gen.dialects.document import read_operation
from gql_gen.dialects.hasura.read import read
from gql_gen.engine.settings import EngineSettings
from gql_gen.engine.world import World
from gql_gen.gate.permit import permit
from gql_gen.introspect.read import read_catalog
from gql_gen.model.predicates import Slot
from gql_gen.rules.load import load_rules
from gql_gen.sql.read import render
from gql_gen.sql.statement import Statement

_SEEN = Path(__file__).with_name("seen.sql")
_PARAMETER = re.compile(r"\$(\d+)")


async def open_world(database_url: str, permissions: Path) -> World:
    """The database and the rules, as a serving usher sees them."""
    connection = await asyncpg.connect(database_url)
    try:
        catalog = await read_catalog(connection)
    finally:
        await connection.close()
    return World(catalog, load_rules(permissions), {}, EngineSettings(database_url), 1)


async def was_sent(statement: Statement, database_url: str) -> bool:
    """Whether the statement is what usher really ran last on one of its connections."""
    connection = await asyncpg.connect(database_url)
    try:
        return bool(await connection.fetchval(_SEEN.read_text(), statement.text))
    finally:
        await connection.close()


def statement_of(workload: Workload, world: World) -> Statement:
    """What the engine makes of the workload's query on a first request."""
    limits = EngineSettings("").limits
    role = world.role(ROLE)
    operation = read_operation(workload.query, None, limits)
    found = read(operation, {workload.variable: workload.value(1)}, role.schema, limits)
    return render(permit(found.plan, role.model), world.catalog)


def pgbench_script(workload: Workload, statement: Statement) -> str:
    """The statement with a pgbench variable in the place of every parameter: `-M prepared` binds them as usher does."""
    names = [_variable(slot, number) for number, slot in enumerate(statement.slots, start=1)]
    text = _PARAMETER.sub(lambda found: ":" + names[int(found[1]) - 1], statement.text)
    return "\n".join([*workload.pgbench_lines(), f"{text};", ""])


def pgbench_literals(statement: Statement) -> Iterator[str]:
    """Flags that give the statement's literals to pgbench."""
    for number, slot in enumerate(statement.slots, start=1):
        if slot.source == "literal":
            yield f"--define={_variable(slot, number)}={slot.text}"


def _variable(slot: Slot, number: int) -> str:
    if slot.source == "literal":
        return f"literal_{number}"
    return str(slot.path[0]).replace("-", "_")
