"""Which values Postgres is certain to accept, so that no round trip is spent on finding out.

Everything here errs to one side: False means "ask the database", never "wrong".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

from gql_gen.catalog.types import Ident
from gql_gen.errors import UsherError
from gql_gen.model.operators import TEXT_TYPES
from gql_gen.model.predicates import ValueType
from gql_gen.model.values import INTEGER_BITS, check_text, encode, json_texts

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMERIC = re.compile(r"[+-]?(?:[0-9]{1,1000}(?:\.[0-9]{0,1000})?|\.[0-9]{1,1000})(?:[eE][+-]?[0-9]{1,3})?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BYTEA = re.compile(r"\\x(?:[0-9a-fA-F]{2})*")
_DATE = r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
_TIME = r"(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
_OFFSET = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3])(?::?[0-5][0-9])?|14(?::?00)?))"
_MOMENTS = MappingProxyType(
    {
        "date": re.compile(_DATE),
        "time": re.compile(_TIME),
        "timetz": re.compile(_TIME + _OFFSET),
        "timestamp": re.compile(f"{_DATE}[T ]{_TIME}"),
        "timestamptz": re.compile(f"{_DATE}[T ]{_TIME}{_OFFSET}?"),
    }
)
_FLOAT_BOUNDS = MappingProxyType({"float4": (1e-37, 1e38), "float8": (1e-300, 1e300)})
"""Well within the types' own: between them no text overflows or vanishes."""
_BOOLEANS = frozenset({"true", "false", "t", "f", "yes", "no", "on", "off", "1", "0"})
_JSON = msgspec.json.Decoder(float_hook=Decimal)


def surely_valid(text: str, type: Ident) -> bool:
    """True only when Postgres is certain to accept the text for that type."""
    if not _is_storable(text):
        return False
    if type.name in TEXT_TYPES:
        return True
    judge = _JUDGES.get(type.name) if type.schema == "pg_catalog" else None
    return judge is not None and judge(text, type.name)


_ENCODED = frozenset({*INTEGER_BITS, "bool", "text", "varchar", "bpchar", "name"})
"""What `encode` writes for these is always accepted: it has looked at every value."""


def surely_valid_list(value: Any, type: ValueType) -> bool:
    """The same for a list as `encode` has accepted it, for `_in` or for an array of one dimension."""
    item = type.element if not type.is_list else replace(type, is_list=False)
    if item is None or item.element is not None or not isinstance(value, list):
        return False
    if item.labels is not None or (item.pg.schema == "pg_catalog" and item.pg.name in _ENCODED):
        return not any(isinstance(each, list) for each in value)
    return all(isinstance(each, str) and surely_valid(each, item.pg) for each in value)


def surely_valid_value(value: Any, type: ValueType) -> bool:
    """The same for a JSON value as `encode` would bind it, lists and arrays of one dimension included."""
    if type.is_list or type.element is not None:
        item = type.element if not type.is_list else ValueType(type.pg, type.graphql, False, type.labels, type.element)
        return isinstance(value, list) and item is not None and all(surely_valid_value(each, item) for each in value)
    if type.labels is not None:
        return isinstance(value, str) and value in type.labels
    try:
        text = encode(value, type)
    except UsherError:
        return False
    return surely_valid(text, type.pg)


def _is_storable(text: str) -> bool:
    try:
        check_text(text, "$")
    except UsherError:
        return False
    return True


def _integer(text: str, type: str) -> bool:
    limit: int = 2 ** (INTEGER_BITS[type] - 1)
    return _INTEGER.fullmatch(text) is not None and -limit <= int(text) < limit


def _numeric(text: str, type: str) -> bool:
    return text == "NaN" or _NUMERIC.fullmatch(text) is not None


def _float(text: str, type: str) -> bool:
    if text in {"NaN", "Infinity", "-Infinity"}:
        return True
    if _NUMERIC.fullmatch(text) is None:
        return False
    least, most = _FLOAT_BOUNDS[type]
    size = abs(float(text))
    if size == 0:  # nothing may have vanished on the way to zero
        return not any("1" <= digit <= "9" for digit in text.lower().split("e")[0])
    return math.isfinite(size) and least <= size <= most


def _moment(text: str, type: str) -> bool:
    found = _MOMENTS[type].fullmatch(text)
    if found is None:
        return False
    parts = found.groupdict()
    try:
        if "date" in parts:
            date.fromisoformat(parts["date"])
        if "time" in parts:
            time.fromisoformat(parts["time"].split(".")[0])
    except ValueError:
        return False
    return True


def _json(text: str, type: str) -> bool:
    """Also bounded: jsonb keeps numbers as numeric, and neither type reads any depth."""
    try:
        value = _JSON.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return all(map(_is_storable, json_texts(value))) and _has_sane_numbers(value)


def _has_sane_numbers(value: Any) -> bool:
    pending = [value]
    while pending:
        match pending.pop():
            case Decimal() as number if number and abs(number.adjusted()) > 1000:
                return False
            case dict(entries):
                pending.extend(entries.values())
            case list(items):
                pending.extend(items)
    return True


def _boolean(text: str, type: str) -> bool:
    return text in _BOOLEANS


def _uuid(text: str, type: str) -> bool:
    return _UUID.fullmatch(text) is not None


def _bytea(text: str, type: str) -> bool:
    return _BYTEA.fullmatch(text) is not None


_JUDGES: MappingProxyType[str, Callable[[str, str], bool]] = MappingProxyType(
    {
        **dict.fromkeys(INTEGER_BITS, _integer),
        **dict.fromkeys(_FLOAT_BOUNDS, _float),
        **dict.fromkeys(_MOMENTS, _moment),
        **dict.fromkeys(("json", "jsonb"), _json),
        "numeric": _numeric,
        "bool": _boolean,
        "uuid": _uuid,
        "bytea": _bytea,
    }
)
