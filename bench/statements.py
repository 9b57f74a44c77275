"""The SQL that usher sends for a workload, taken from its own pipeline, as a script for pgbench."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.processes import BenchError
from bench.workloads import ROLE, SESSION, Workload
from gql_gen.dialects.document import read_operation
from gql_gen.dialects.hasura.read import read
from gql_gen.engine.settings import EngineSettings
from gql_gen.engine.world import World
from gql_gen.gate.permit import permit, permit_writes
from gql_gen.introspect.read import read_catalog
from gql_gen.model.predicates import Slot
from gql_gen.plan.writes import WritePlan
from gql_gen.rules.load import load_rules
from gql_gen.sql.read import render
from gql_gen.sql.statement import Statement
from gql_gen.sql.write import render_writes

_SEEN = Path(__file__).with_name("seen.sql")
_PARAMETER = re.compile(r"\$(\d+)")
_LITERAL = re.compile(r"'[^']*:[^']*'")


@dataclass(frozen=True, slots=True)
class Sent:
    """What usher sends for a workload. `rows`: the rows of the first request's inserts, each as JSON text."""

    statement: Statement
    rows: tuple[str, ...] = ()


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


def sent_for(workload: Workload, world: World) -> Sent:
    """What the engine makes of the workload's first request."""
    limits = EngineSettings("").limits
    role = world.role(ROLE)
    operation = read_operation(workload.query, None, limits)
    values = workload.values(1)
    found = read(operation, values, role.schema, limits)
    if not isinstance(found.plan, WritePlan):
        return Sent(render(permit(found.plan, role.model), world.catalog))
    [program] = render_writes(permit_writes(found.plan, role.model), world.catalog)
    if not program.is_single:
        raise BenchError(f"{workload.title}: usher needs more than one statement")
    return Sent(program.steps[0].statement, found.rows.texts(values) if found.rows else ())


def pgbench_script(workload: Workload, sent: Sent) -> str:
    """The statement with a pgbench variable in the place of every parameter: `-M prepared` binds them as usher does."""
    slots = sent.statement.slots
    names = [_variable(slot, number) for number, slot in enumerate(slots, start=1)]
    # pgbench sees a variable in 'usher:check:0' too: the same literal is spelt without colons.
    text = _LITERAL.sub(lambda found: "U&" + found[0].replace("\\", "\\\\").replace(":", "\\003a"), sent.statement.text)
    text = _PARAMETER.sub(lambda found: ":" + names[int(found[1]) - 1], text)
    said = {slot.path[0] for slot in slots if slot.source == "session"}
    chosen = [*(each for each in SESSION if each.name in said), *(each for each in workload.variables if each.pgbench)]
    choices = [f"\\set {_plain(each.name)} {each.pgbench}" for each in chosen]
    return "\n".join([f"\\set n random(1, {workload.requests})", *choices, f"{text};", ""])


def pgbench_literals(sent: Sent) -> Iterator[str]:
    """Flags that give pgbench what is the same in every request: the statement's literals, and the rows to insert."""
    for number, slot in enumerate(sent.statement.slots, start=1):
        if slot.source == "literal":
            yield f"--define={_variable(slot, number)}={slot.text}"
        elif slot.source == "rows":
            yield f"--define={_variable(slot, number)}={sent.rows[int(slot.path[0])]}"


def _variable(slot: Slot, number: int) -> str:
    if slot.source in ("literal", "rows"):
        return f"{slot.source}_{number}"
    return _plain(str(slot.path[0]))


def _plain(name: str) -> str:
    return name.replace("-", "_")
