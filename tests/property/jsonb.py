"""What jsonb means in Postgres, said again in Python: equality, text, containment, keys, paths."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Json:
    """A jsonb value as its text, so that JSON's null is never taken for SQL's and equal values are equal."""

    text: str

    @property
    def value(self) -> Any:
        return json.loads(self.text, parse_float=Decimal)


def equality_key(value: Any) -> Hashable:
    """Equal for equal JSON, numbers by value; `true` is not 1."""
    match value:
        case bool() | None:
            return ("constant", value)
        case dict():
            return ("object", frozenset((key, equality_key(item)) for key, item in value.items()))
        case list():
            return ("array", *map(equality_key, value))
        case str():
            return ("string", value)
        case _:
            return ("number", value)


def printed(value: Any) -> str:
    """The text that a cast of jsonb gives: a space after commas and colons, shorter keys first."""
    match value:
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            return "{" + ", ".join(f"{printed(key)}: {printed(value[key])}" for key in keys) + "}"
        case list():
            return "[" + ", ".join(map(printed, value)) + "]"
        case bool() | None | str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def contains(left: Any, right: Any) -> bool:
    """`left @> right`: an array also contains a bare element of its own, at the top only."""
    if isinstance(left, list) and not isinstance(right, (list, dict)):
        return any(equality_key(item) == equality_key(right) for item in left)
    return _contains(left, right)


def _contains(left: Any, right: Any) -> bool:
    if isinstance(right, dict):
        return isinstance(left, dict) and all(key in left and _contains(left[key], right[key]) for key in right)
    if isinstance(right, list):
        return isinstance(left, list) and all(any(_contains(ours, theirs) for ours in left) for theirs in right)
    return equality_key(left) == equality_key(right)


def has_key(value: Any, key: str) -> bool:
    """`value ? key`: a key of an object, a text in an array, or the text itself."""
    return key in value if isinstance(value, dict) else key in (value if isinstance(value, list) else [value])


def at_path(value: Any, path: tuple[str, ...]) -> Any:
    """`value #> path`; None where nothing is."""
    for step in path:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
