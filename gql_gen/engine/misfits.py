"""Values that are of their column's type, but too long or too large for what the column declares (`varchar(3)`).

Postgres tells neither column nor row of them, so the guilty value is looked for among those the caller gave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from gql_gen.catalog.types import Column, Relation
from gql_gen.dialects.hasura.rows import RowSource
from gql_gen.errors import Failed, UsherError
from gql_gen.plan.writes import Insert, Update
from gql_gen.run.transactions import BoundStep

_LENGTH = re.compile(r"character(?: varying)?\(([0-9]+)\)")
_NUMERIC = re.compile(r"numeric\(([0-9]+),(-?[0-9]+)\)")


def misfit(
    node: Insert | Update, table: Relation, step: BoundStep, source: RowSource | None, variables: Mapping[str, Any]
) -> UsherError | None:
    """The error of the first of the caller's own values that does not fit, if there is one."""
    values: Iterable[tuple[str, Any, str]] = ()
    if isinstance(node, Update):
        values = _assigned(node, step)
    elif source is not None and isinstance(number := node.rows.path[0], int):
        values = source.given(variables, number)
    for column, value, path in values:
        message = _unfit(table.columns[column], value)
        if message is not None:
            return Failed(message, path=path, code="data-exception")
    return None


def _assigned(node: Update, step: BoundStep) -> Iterator[tuple[str, Any, str]]:
    slots = step.step.statement.slots
    for assignment in node.assignments:
        if assignment.operator == "set" and assignment.value in slots:
            yield assignment.column, step.arguments[slots.index(assignment.value)], assignment.value.at


def _unfit(column: Column, value: Any) -> str | None:
    length, numeric = _LENGTH.fullmatch(column.declared), _NUMERIC.fullmatch(column.declared)
    if length is not None and isinstance(value, str) and len(value.rstrip(" ")) > int(length[1]):
        return f"the text is too long for {column.declared}"
    if numeric is not None and value is not None and _overflows(str(value), int(numeric[1]), int(numeric[2])):
        return f"the number is too large for {column.declared}"
    return None


def _overflows(text: str, precision: int, scale: int) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    if not number.is_finite():
        return not number.is_nan()
    # Half a unit of the last place is rounded up before Postgres looks at the size.
    return abs(number) + Decimal(5).scaleb(-scale - 1) >= Decimal(10) ** (precision - scale)
