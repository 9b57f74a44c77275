"""Why a check failed, for developers: the write runs again with checks that tell instead of raising, and is undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gql_gen.catalog.types import Catalog
from gql_gen.engine.writing import PreparedWrite, bind_programs, prepared_program
from gql_gen.errors import UsherError
from gql_gen.model.predicates import Pred, session_slots
from gql_gen.plan.show import pred_text
from gql_gen.run.failures import DRIVER_ERRORS
from gql_gen.run.pool import Pool
from gql_gen.run.transactions import StepFailed, told
from gql_gen.session import Caller
from gql_gen.sql.verdict import parts_of
from gql_gen.sql.write import render_writes


async def explained(
    pool: Pool, catalog: Catalog, write: PreparedWrite, variables: Mapping[str, Any], caller: Caller, root: int
) -> Mapping[str, Any]:
    """The parts of the check that did not hold and the session variables they use; empty when it cannot be found."""
    programs = [prepared_program(program) for program in render_writes(write.permitted, catalog, tell=True)]
    try:
        bound = bind_programs(programs[: root + 1], write.rows, variables, caller, prepare=False)
        found = await told(pool, bound.programs)
    except (*DRIVER_ERRORS, StepFailed, UsherError):
        return {}
    if found is None:
        return {}
    index, held = msgspec.json.decode(found)
    pred = programs[root].program.checks[index].pred
    failed = [part for part, holds in zip(parts_of(pred), held, strict=True) if not holds]
    return {"failed": [pred_text(part) for part in failed], "session": _session(failed, caller)}


def _session(parts: list[Pred], caller: Caller) -> Mapping[str, str | None]:
    names = dict.fromkeys(str(slot.path[0]) for part in parts for slot in session_slots(part))
    return {name: caller.variables.get(name) for name in names}
