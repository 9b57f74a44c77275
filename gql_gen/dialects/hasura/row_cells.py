"""Columns of rows → cells of the JSON that Postgres reads them from.

Postgres takes each cell's text and casts it to the column's type. Most columns can stay as the caller sent them, which
is found out for all their values together; the others are written cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from gql_gen.dialects.hasura.flat_rows import FlatRows
from gql_gen.errors import UsherError
from gql_gen.model.certainty import surely_valid, surely_valid_list
from gql_gen.model.predicates import ValueType
from gql_gen.model.scalars import JSON_TYPES
from gql_gen.model.values import INTEGER_BITS, check_text, encode, json_texts
from gql_gen.plan.writes import GivenColumn

JSON = msgspec.json.Encoder(decimal_format="number")
_NUMBERS = frozenset({"numeric", "float4", "float8"})
_NONE = type(None)


def cells(flat: FlatRows, index: int, given: GivenColumn) -> tuple[list[Any], bool]:
    """The cells of a column, for the rows that give it, and whether they are the very values sent. Raises what `encode`
    raises, with the path of the cell."""
    name = flat.columns[index].name
    values = [row[name] for row in flat.rows if given.in_every_row or name in row]
    if stands(values, given.type):
        return values, True
    return [cell_at(flat, name, position, given.type) for position, row in enumerate(flat.rows) if name in row], False


def cell_at(flat: FlatRows, name: str, position: int, type_: ValueType) -> Any:
    value = flat.rows[position][name]
    try:
        return None if value is None else cell(value, type_)
    except UsherError as error:
        error.path = f"{flat.path_of(position)}.{name}{error.path.removeprefix('$')}"
        raise


def is_certain(value: Any, text: str, type_: ValueType) -> bool:
    """Whether Postgres is certain to take a value, and the text it is encoded as."""
    if type_.element is not None:
        return surely_valid_list(value, type_)
    return type_.labels is not None or surely_valid(text, type_.pg)


def cell(value: Any, type_: ValueType) -> Any:
    if type_.element is None and type_.pg in JSON_TYPES:
        for text in json_texts(value):
            check_text(text, "$")
        return value
    return encode(value, type_)


# ---------------------------------------------------------------- what may stand as it is


def stands(values: Sequence[Any], type_: ValueType) -> bool:
    """Whether all values may stand in JSON as they are. False means "look closer", never "wrong"."""
    kinds = set(map(type, values)) - {_NONE}
    if not kinds:
        return True
    if type_.element is not None:
        return False
    if type_.labels is not None:
        return kinds == {str} and set(values) <= {*type_.labels, None}
    own = type_.pg.name if type_.pg.schema == "pg_catalog" else ""
    if own in INTEGER_BITS:
        return kinds == {int} and _within(values, INTEGER_BITS[own])
    if own in _NUMBERS:
        return kinds <= {int, Decimal} and _within(values, 64)
    if own == "bool":
        return kinds == {bool}
    if type_.pg in JSON_TYPES:
        return _is_storable_json(values)
    return kinds == {str} and _are_storable(values)


def _within(values: Sequence[Any], bits: int) -> bool:
    limit: int = 2 ** (bits - 1)
    present = [value for value in values if value is not None] if None in values else values
    return bool(-limit <= min(present) and max(present) < limit)


def _are_storable(values: Sequence[Any]) -> bool:
    together = "".join(filter(None, values))
    if "\0" in together:
        return False
    return together.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in set(together))


def _is_storable_json(values: Sequence[Any]) -> bool:
    try:
        return b"\\u0000" not in JSON.encode(values)
    except UnicodeEncodeError:
        return False
