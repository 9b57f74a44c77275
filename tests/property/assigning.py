"""What the operators of an update make of a column's value."""

from __future__ import annotations

from typing import Any

from property.constraints import is_out_of_range
from property.failures import Denied
from property.jsonb import (
    CannotChange,
    Json,
    concatenated,
    printed,
    without_element,
    without_key,
    without_path,
)
from property.world import Row, Table
from property.writes import Assign


def assigned(table: Table, row: Row, assign: Assign) -> Any:
    """The new value. Raises Denied where Postgres cannot compute it."""
    if assign.value is None:
        return None
    old, operand = row[assign.column], assign.value.meaning
    if assign.operator == "_set":
        return operand
    if old is None:
        return None
    if assign.operator == "_inc":
        if is_out_of_range(table.column(assign.column), old + operand):
            raise Denied(["data"])
        return old + operand
    try:
        return Json(printed(_json(assign, old.value, operand)))
    except CannotChange:
        raise Denied(["data"]) from None


def _json(assign: Assign, old: Any, operand: Any) -> Any:
    match assign.operator:
        case "_append":
            return concatenated(old, operand.value)
        case "_prepend":
            return concatenated(operand.value, old)
        case "_delete_key":
            return without_key(old, operand)
        case "_delete_elem":
            return without_element(old, operand)
        case _:
            return without_path(old, operand)
