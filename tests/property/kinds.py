"""The types of columns: a small pool of values each, so that rows collide, and how a value is written and compared."""

from __future__ import annotations

import json
import operator as operators
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from property.jsonb import Json, contains, equality_key, has_key

EQUALITY = ("_eq", "_neq", "_in", "_nin")
ORDER = ("_gt", "_gte", "_lt", "_lte")
LIKES = ("_like", "_nlike", "_ilike", "_nilike")
SIMILARS = ("_similar", "_nsimilar")
REGEXES = ("_regex", "_iregex", "_nregex", "_niregex")
PATTERNS = (*LIKES, *SIMILARS, *REGEXES)
JSONB = ("_contains", "_contained_in", "_has_key", "_has_keys_any", "_has_keys_all")
ARRAYS = ("_contains", "_contained_in")
LISTS = frozenset({"_in", "_nin", "_has_keys_any", "_has_keys_all"})
"""Operators whose operand is a list of values rather than one."""
KEYS = frozenset({"_has_key", "_has_keys_any", "_has_keys_all"})
MOODS = ("sad", "ok", "happy")


@dataclass(frozen=True, slots=True)
class Kind:
    """`scalar` is the type's GraphQL name. `rule_operators` are what rules have beyond `operators`.
    `sorts`: order_by may name it and its order is known here. `sums` and `peaks`: which aggregates it has."""

    name: str
    sql: str
    scalar: str
    pool: tuple[Any, ...]
    operators: tuple[str, ...]
    rule_operators: tuple[str, ...] = ()
    sorts: bool = True
    sums: bool = False
    peaks: bool = False
    is_array: bool = False

    @property
    def type(self) -> str:
        """The GraphQL type of one value."""
        return f"[{self.scalar}!]" if self.is_array else self.scalar


_TEXTS = (
    "",
    "a",
    "A",
    "b",
    "AB",
    "ab",
    "a%b",
    "a_b",
    "a\\b",
    'say "hi"',
    "it's",
    "é",
    "É",
    "日本",
    "😀 x",
    "two\nlines",
    "{a,b}",
)
_JSONS = (
    *("null", "1", "1.50", '"a"', "true", "[]", "{}", '["a", "b"]', '["a", 1, null]', '{"a": 1}', '{"a": 1.0, "b": 2}'),
    *('{"a": {"b": ["a", 2]}}', '{"bb": null, "a": "it\'s %", "two words": 0}', '[{"a": 1}, [1, 2]]'),
)
_UUIDS = tuple(f"0000000{digit}-0000-4000-8000-00000000000{digit}" for digit in "012a")
_TIMES = (
    "2024-02-29T00:00:00+00:00",
    "2024-02-29T00:00:00.5+00:00",
    "1999-12-31T23:59:59+00:00",
    "2030-01-01T12:00:00+00:00",
)
_ALL = (*EQUALITY, *ORDER)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("int4", "int4", "Int", (0, 1, 2, 3, -1, 2147483647), _ALL, sums=True, peaks=True),
            Kind("text", "text", "String", _TEXTS, (*_ALL, *PATTERNS), peaks=True),
            Kind("bool", "bool", "Boolean", (False, True), _ALL),
            Kind("int8", "int8", "bigint", (0, 1, 2, -5, 9007199254740993), _ALL, sums=True, peaks=True),
            Kind(
                "numeric",
                "numeric",
                "numeric",
                tuple(map(Decimal, ("0", "1.50", "1.5", "-3.25", "0.1", "1000000000000.000001"))),
                _ALL,
                sums=True,
                peaks=True,
            ),
            Kind("timestamptz", "timestamptz", "timestamptz", _TIMES, _ALL, peaks=True),
            Kind("small", "app.small", "Int", (0, 1, -1, 100), _ALL, sums=True, peaks=True),
            Kind("int2", "int2", "smallint", (0, 1, -1, 32767), _ALL, sums=True, peaks=True),
            Kind("date", "date", "date", ("2024-02-29", "1999-12-31", "2030-01-01"), _ALL, peaks=True),
            Kind("sizes", "int4[]", "Int", ((), (1,), (1, 2), (2, 1), (1, None)), (*_ALL, *ARRAYS), is_array=True),
            Kind("uuid", "uuid", "uuid", _UUIDS, _ALL),
            Kind("jsonb", "jsonb", "jsonb", tuple(map(Json, _JSONS)), (*EQUALITY, *JSONB), sorts=False),
            Kind(
                "texts",
                "text[]",
                "String",
                ((), ("a",), ("a", "b"), ("b", "a"), ("a", None), ('q"', "x,y", "\\")),
                (*_ALL, *ARRAYS),
                is_array=True,
            ),
            Kind("mood", "app.mood", "mood", MOODS, EQUALITY, ORDER),
            Kind("citext", "ext.citext", "citext", ("", "a", "A", "b", "B%", "é", "É"), (*_ALL, *PATTERNS), peaks=True),
        )
    }
)
KEY_KINDS = ("int4", "text", "int8", "uuid", "mood")
"""What primary keys are made of."""


# ---------------------------------------------------------------- writing values


def as_text(kind: Kind, value: Any) -> str:
    """A value as Postgres reads it: for INSERT, and for session variables."""
    match value:
        case bool():
            return "true" if value else "false"
        case Json():
            return value.text
        case tuple():
            return array_text(value)
        case _:
            return str(value)


def array_text(items: tuple[Any, ...]) -> str:
    """One array literal."""
    return "{" + ",".join("NULL" if item is None else _quoted(str(item)) for item in items) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_json(kind: Kind, value: Any) -> Any:
    """A value as an answer shows it, None for null; as an argument gives it, too."""
    match value:
        case Json():
            return value.value
        case tuple():
            return list(value)
        case _:
            return value


def spellings(kind: Kind, value: Any) -> tuple[Any, ...]:
    """The JSON forms in which an argument may give a value, the plain one first."""
    plain = as_json(kind, value)
    match kind.name:
        case "int2" | "int8":
            return (plain, str(plain))
        case "numeric":
            return (plain, str(plain))
        case "uuid":
            return (plain, plain.upper())
        case "timestamptz":
            return (plain, plain.replace("T", " ").replace("+00:00", "Z"))
        case _:
            return (plain,)


# ---------------------------------------------------------------- comparing values


def key(kind: Kind, value: Any) -> Any:
    """Equal for equal values and ordered as Postgres orders them (jsonb: equality only). Never asked about null."""
    make = _KEYS.get(kind.name)
    return value if make is None else make(value)


_KEYS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "citext": lambda value: value.lower(),
        "mood": MOODS.index,
        # Nulls come last, and are equal to each other.
        "texts": lambda value: tuple((item is None, item or "") for item in value),
        "sizes": lambda value: tuple((item is None, item or 0) for item in value),
        "jsonb": lambda value: equality_key(value.value),
    }
)


def group_key(kind: Kind, value: Any) -> Hashable:
    """As `key`, with null equal to null: what DISTINCT groups by."""
    found: Hashable = None if value is None else (key(kind, value),)
    return found


def compare(kind: Kind, operator: str, left: Any, right: Any) -> bool | None:
    """`left operator right`; None when SQL does not know."""
    if operator in ("_in", "_nin"):
        return _listed(kind, operator, left, right)
    if left is None or right is None:
        return None
    comparison = _COMPARISONS.get(operator)
    if comparison is not None:
        return comparison(key(kind, left), key(kind, right))
    if operator in PATTERNS:
        return matches(operator, left, right, ignore_case=kind.name == "citext")
    return _jsonb(operator, left, right) if kind.name == "jsonb" else _array(operator, left, right)


def _listed(kind: Kind, operator: str, left: Any, right: Any) -> bool | None:
    """`= any (…)`: an empty list holds nothing, not even an unknown."""
    found: bool | None = False
    for item in right:
        equal = compare(kind, "_eq", left, item)
        if equal:
            found = True
            break
        if equal is None:
            found = None
    return found if operator == "_in" or found is None else not found


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "_eq": operators.eq,
        "_neq": operators.ne,
        "_gt": operators.gt,
        "_gte": operators.ge,
        "_lt": operators.lt,
        "_lte": operators.le,
    }
)


def _jsonb(operator: str, left: Json, right: Any) -> bool:
    match operator:
        case "_contains":
            return contains(left.value, right.value)
        case "_contained_in":
            return contains(right.value, left.value)
        case "_has_key":
            return has_key(left.value, right)
        case "_has_keys_any":
            return any(has_key(left.value, each) for each in right)
        case _:
            return all(has_key(left.value, each) for each in right)


def _array(operator: str, left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    """Null elements are contained in nothing."""
    large, small = (left, right) if operator == "_contains" else (right, left)
    return all(item is not None and item in large for item in small)


# ---------------------------------------------------------------- patterns

REGEX_POOL: Mapping[str, str] = MappingProxyType(
    {
        "^a": r"\Aa",
        "b$": r"b\Z",
        "a|É": "a|É",
        "[a-c]+": "[a-c]+",
        "a.b": "a.b",
        "": "",
        "^$": r"\A\Z",
        "\\\\": r"\\",
        "日": "日",
    }
)
"""POSIX patterns and the same in Python's words."""
SIMILAR_POOL: Mapping[str, str] = MappingProxyType(
    {
        "%a%": ".*a.*",
        "(a|é)%": "(?:a|é).*",
        "_": ".",
        "": "",
        "a+b*": "a+b*",
        "a\\_b": "a_b",
        "[ab]": "[ab]",
        "%\\\\%": r".*\\.*",
    }
)
"""SQL's SIMILAR TO patterns and the same in Python's words."""
LIKE_POOL = (
    "%B%",
    "É",
    "%",
    "",
    "a%",
    "%b",
    "_",
    "%é%",
    "a\\%b",
    "a\\_b",
    "%\\\\%",
    "A_",
    "%😀%",
    "it's",
    "%\n%",
    "__",
)
BROKEN_PATTERNS = ("\\", "a\\", "%\\", "(", "[a", "*", "a{1000}", "a{2,1}", "%" * 300, "\\x", "(?=a)", "[[:nope:]]")
"""Malformed for some operators, or costly: whatever they do must not depend on hidden rows."""


def pattern_pool(operator: str) -> tuple[str, ...]:
    if operator in REGEXES:
        return tuple(REGEX_POOL)
    return tuple(SIMILAR_POOL) if operator in SIMILARS else LIKE_POOL


def matches(operator: str, text: str, pattern: str, *, ignore_case: bool) -> bool:
    """What a pattern operator answers."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case or operator.lstrip("_n").startswith("i") else 0)
    if operator in REGEXES:
        found = re.search(REGEX_POOL[pattern], text, flags)
    elif operator in SIMILARS:
        found = re.fullmatch(SIMILAR_POOL[pattern], text, flags)
    else:
        found = re.fullmatch(_like(pattern), text, flags)
    return (found is not None) != operator.startswith("_n")


def _like(pattern: str) -> str:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return "".join(wild.get(part) or re.escape(part[-1]) for part in parts)


def json_text(value: Any) -> str:
    """JSON with decimals as numbers, for people and for YAML."""
    return json.dumps(value, ensure_ascii=False, default=lambda each: float(each))
