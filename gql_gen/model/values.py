"""JSON values as the text Postgres reads: every value of an ask or a rule is bound as text and cast to its exact type.

What is wrong whatever the database holds is refused here, with Hasura's wording and code, at its own path. The rest is
left to the cast; `gql_gen.model.certainty` knows which texts need no second look.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

from gql_gen.errors import ParseFailed, Rejected
from gql_gen.model.operators import TEXT_TYPES
from gql_gen.model.predicates import ValueType

INTEGER_BITS = MappingProxyType({"int2": 16, "int4": 32, "int8": 64})
_GRAPHQL_SCALARS = frozenset({"Int", "Float", "Boolean", "String"})
_JSON_TYPES = frozenset({"json", "jsonb"})
_INTEGER_TEXT = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER_TEXT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|NaN|[+-]?(?:Infinity|inf)")
_JSON = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any, type: ValueType, path: str = "$") -> str:
    """The text that Postgres casts to `type`. Raises Rejected, or ParseFailed, for what cannot be of that type."""
    if value is None:
        raise Rejected(f"unexpected null value for type '{type.graphql}'", path=path)
    if type.bound is not None:
        return _page(value, type, path)
    if type.is_list:
        return _list(value, replace(type, is_list=False), path)
    if type.element is not None:
        return _array(value, type.element, path)
    if type.labels is not None:
        return _label(value, type, type.labels, path)
    if type.pg.name in TEXT_TYPES:
        return _string(value, type, path)
    if type.pg.schema == "pg_catalog" and type.pg.name in _ENCODERS:
        return _ENCODERS[type.pg.name](value, type, path)
    return _other(value, type, path)


def describe(value: Any) -> str:
    """What a value is, in the words of error messages: `an integer`, `a string`."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case str():
            return "a string"
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "a float"


def check_text(text: str, path: str) -> str:
    """The text itself, when Postgres can hold it: no NUL character, no half of a surrogate pair."""
    if "\0" in text:
        raise Rejected("a text cannot contain the NUL character (U+0000)", path=path)
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Rejected("a text cannot contain half of a surrogate pair", path=path)
    return text


# ---------------------------------------------------------------- numbers


def _integer(value: Any, type: ValueType, path: str) -> str:
    bits = INTEGER_BITS[type.pg.name]
    if isinstance(value, str) and bits != 32 and _INTEGER_TEXT.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, float)):
        raise _mismatch(f"a {bits}-bit integer", value, type, path)
    whole = _whole(value, bits)
    if whole is None:
        reason = "lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?"
        raise ParseFailed(f"The value {scientific(value)} {reason}", path=path)
    return str(whole)


def _whole(value: int | Decimal | float, bits: int) -> int | None:
    """The integer of that many bits, or None. Sizes are compared first: a Decimal's exponent may be enormous."""
    limit: int = 2 ** (bits - 1)
    if not -limit <= value < limit or value != int(value):
        return None
    return int(value)


def _number(value: Any, type: ValueType, path: str) -> str:
    if isinstance(value, str) and _NUMBER_TEXT.fullmatch(value):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, float)):
        raise _mismatch("a number" if type.pg.name == "numeric" else "a float", value, type, path)
    try:
        return str(value)
    except ValueError:  # Python prints no integer of more than 4,300 digits
        raise ParseFailed(f"the number has too many digits for type '{type.graphql}'", path=path) from None


def scientific(value: int | Decimal | float) -> str:
    """A number as Hasura prints it: plain below ten million, else `2.147483648e9`. Built by hand: the decimal context
    would round, and overflow on exponents that JSON allows. Thirty digits tell enough."""
    number = Decimal(str(value) if isinstance(value, float) else value)
    sign, digits, _ = number.as_tuple()
    size = number.adjusted()
    shown = "".join(map(str, digits[:30])).rstrip("0") or "0"
    head = "-" if sign else ""
    if shown == "0":
        return "0.0"
    if 0 <= size < 7:
        padded = shown.ljust(size + 1, "0")
        return f"{head}{padded[: size + 1]}.{padded[size + 1 :] or '0'}"
    if size == -1:
        return f"{head}0.{shown}"
    return f"{head}{shown[0]}.{shown[1:] or '0'}e{size}"


def _page(value: Any, type: ValueType, path: str) -> str:
    """`limit` and `offset`: whole numbers not below zero; an offset may be a string of digits, as Hasura has it."""
    if type.bound == "offset" and isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value) if len(value) < 20 else -1
    bits = 31 if type.bound == "limit" else 63
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**bits:
        expected = f"a non-negative {bits + 1}-bit integer"
        raise Rejected(f"expected {expected} for type '{type.graphql}', but found {describe(value)}", path=path)
    return str(value)


# ---------------------------------------------------------------- everything else


def _boolean(value: Any, type: ValueType, path: str) -> str:
    if not isinstance(value, bool):
        raise _mismatch("a boolean", value, type, path)
    return "true" if value else "false"


def _string(value: Any, type: ValueType, path: str) -> str:
    if not isinstance(value, str):
        raise _mismatch("a string", value, type, path)
    return check_text(value, path)


def _json(value: Any, type: ValueType, path: str) -> str:
    for text in json_texts(value):
        check_text(text if type.pg.name == "jsonb" else text.replace("\0", ""), path)
    return _JSON.encode(value).decode()


def json_texts(value: Any) -> list[str]:
    """Every string and key inside a JSON value."""
    found: list[str] = []
    pending = [value]
    while pending:
        match pending.pop():
            case str(text):
                found.append(text)
            case dict(entries):
                found.extend(entries)
                pending.extend(entries.values())
            case list(items):
                pending.extend(items)
    return found


def _label(value: Any, type: ValueType, labels: tuple[str, ...], path: str) -> str:
    if not isinstance(value, str):
        raise _mismatch("an enum value", value, type, path)
    if value not in labels:
        expected = ", ".join(f"'{label}'" for label in labels)
        raise Rejected(
            f"expected one of the values [{expected}] for type '{type.graphql}', but found '{value}'", path=path
        )
    return value


def _other(value: Any, type: ValueType, path: str) -> str:
    if isinstance(value, str):
        return check_text(value, path)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, float)):
        raise _mismatch("a string", value, type, path)
    return _number(value, type, path)


def _mismatch(expected: str, value: Any, type: ValueType, path: str) -> Rejected:
    """GraphQL's own scalars fail validation; Postgres's types fail to be read, as in Hasura."""
    error = Rejected if type.graphql in _GRAPHQL_SCALARS or type.labels is not None else ParseFailed
    return error(f"expected {expected} for type '{type.graphql}', but found {describe(value)}", path=path)


_ENCODERS: MappingProxyType[str, Callable[[Any, ValueType, str], str]] = MappingProxyType(
    {
        "int2": _integer,
        "int4": _integer,
        "int8": _integer,
        "numeric": _number,
        "float4": _number,
        "float8": _number,
        "bool": _boolean,
        "json": _json,
        "jsonb": _json,
    }
)


# ---------------------------------------------------------------- lists and arrays


def _list(value: Any, item: ValueType, path: str) -> str:
    """A list of values. A single value stands for a list of one, as GraphQL's input coercion has it."""
    items = value if isinstance(value, (list, tuple)) else [value]
    if (quick := _quick_list(items, item)) is not None:
        return quick
    return array_literal([encode(each, item, f"{path}[{index}]") for index, each in enumerate(items)], item)


def _quick_list(items: list[Any] | tuple[Any, ...], item: ValueType) -> str | None:
    """The common long lists, integers and texts, without a call for each item; None when one needs a closer look."""
    if item.element is not None or item.labels is not None or item.pg.schema != "pg_catalog" or not items:
        return None
    kinds = set(map(type, items))
    bits = INTEGER_BITS.get(item.pg.name)
    if bits is not None and kinds == {int}:
        limit = 2 ** (bits - 1)
        return "{" + ",".join(map(str, items)) + "}" if min(items) >= -limit and max(items) < limit else None
    if item.pg.name in TEXT_TYPES and kinds == {str}:
        together = "".join(items)
        if "\0" in together or not together.isascii():
            return None
        if "\\" not in together and '"' not in together:
            return '{"' + '","'.join(items) + '"}'
    return None


def _array(value: Any, element: ValueType, path: str) -> str:
    """A value for an array type: a list, of lists when it has more dimensions, or an array literal as it stands."""
    if isinstance(value, str):
        return check_text(value, path)
    if not isinstance(value, (list, tuple)):
        return _list(value, element, path)
    if not _is_nested(value, element):
        return _list(value, element, path)
    inner = (_array(each, element, f"{path}[{index}]") for index, each in enumerate(value))
    return "{" + _delimiter(element).join(inner) + "}"


def _is_nested(value: list[Any] | tuple[Any, ...], element: ValueType) -> bool:
    """A list inside a list is a further dimension, unless the items are JSON, where it is a value."""
    return element.pg.name not in _JSON_TYPES and any(isinstance(each, (list, tuple)) for each in value)


def array_literal(texts: list[str], item: ValueType) -> str:
    """One array literal of already encoded texts, every one quoted: none can be read as NULL or as several."""
    quoted = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return "{" + _delimiter(item).join(quoted) + "}"


def _delimiter(item: ValueType) -> str:
    return ";" if item.pg.name == "box" and item.pg.schema == "pg_catalog" else ","
