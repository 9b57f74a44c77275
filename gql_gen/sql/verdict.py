"""Checks that raise: a row that fails makes its statement fail, so nothing is written and no second look is needed.

The raise is a cast that cannot succeed, of a text that names the check; it is built from the row, so that the planner
cannot work it out beforehand.
"""

from __future__ import annotations

import re
import secrets
from typing import Literal, cast

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import TRUE, All, Pred
from gql_gen.sql.rows import OK
from gql_gen.sql.text import Sql, join, number, sql, string
from gql_gen.sql.where import Writer, predicate

Raised = Literal["check", "missing", "skipped", "absent"]
"""`check`: a rule's check failed. `missing`: the row that a nested row hangs on was not written. `skipped`: a trigger
left out rows whose keys others need. `absent`: a row to be related is not there, at the place of that number."""

MARK = f"usher-{secrets.token_hex(8)}"
"""Begins every mark: a word of this process, so that no caller's value can be taken for one."""
_MARK = re.compile(rf'"{MARK}:(check|missing|skipped|absent):([0-9]+)"')


def raised(message: str) -> tuple[Raised, int] | None:
    """What a failed cast was about, if it was one of ours."""
    found = _MARK.search(message)
    if found is None:
        return None
    kind = cast(Raised, found[1])
    return kind, int(found[2])


def raising(kind: Raised, index: int, row: Sql) -> Sql:
    """A boolean expression that fails when it is evaluated. `row` is any value that the planner cannot know."""
    return sql("({text} || coalesce(left(({row})::text, 0), ''))::bool", text=string(f"{MARK}:{kind}:{index}"), row=row)


def verdict(pred: Pred, index: int, alias: str, relation: Ident, writer: Writer, *, tell: bool) -> Sql:
    """True, or a failure of the statement. With `tell` null, or JSON that says which parts of the check did not hold:
    `[index, [true, false, …]]`."""
    if pred == TRUE:
        return passed(tell=tell)
    holds = sql("coalesce({pred}, false)", pred=predicate(pred, (alias,), (relation,), writer))
    if not tell:
        raise_ = raising("check", index, Sql((alias,)))
        return sql("case when {holds} then true else {raise} end", holds=holds, **{"raise": raise_})
    parts = (
        sql("coalesce({part}, false)", part=predicate(part, (alias,), (relation,), writer)) for part in parts_of(pred)
    )
    return sql(
        "case when {holds} then null else json_build_array({index}, json_build_array({parts})) end",
        holds=holds,
        index=number(index),
        parts=join(", ", parts),
    )


def passed(*, tell: bool) -> Sql:
    """The verdict where nothing is to be checked."""
    return sql("null::json") if tell else sql("true")


def both_passed(own: Sql, other: Sql, *, tell: bool) -> Sql:
    """Where a row does not tell whether it was inserted or updated it must pass both checks."""
    if tell:
        return sql("coalesce({own}, {other})", own=own, other=other)
    return sql("({own} and {other})", own=own, other=other)


def first_told(rows: Sql) -> Sql:
    """What the first failing row of a CTE tells, as text; null when all passed."""
    return sql("(select {ok}::text from {rows} where {ok} is not null limit 1)", ok=OK, rows=rows)


def parts_of(pred: Pred) -> tuple[Pred, ...]:
    """What of a check is judged, and named, by itself."""
    return pred.parts if isinstance(pred, All) else (pred,)
