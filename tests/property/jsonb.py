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


# ---------------------------------------------------------------- changing


class CannotChange(Exception):
    """Postgres refuses to change a value of this form so."""


def concatenated(left: Any, right: Any) -> Any:
    """`left || right`: objects are merged, everything else is put into one array."""
    if isinstance(left, dict) and isinstance(right, dict):
        return {**left, **right}
    first = left if isinstance(left, list) else [left]
    return [*first, *(right if isinstance(right, list) else [right])]


def without_key(value: Any, key: str) -> Any:
    """`value - key`"""
    match value:
        case dict():
            return {name: item for name, item in value.items() if name != key}
        case list():
            return [item for item in value if item != key]
        case _:
            raise CannotChange


def without_element(value: Any, index: int) -> Any:
    """`value - index`; from the end where it is negative."""
    if not isinstance(value, list):
        raise CannotChange
    place = index if index >= 0 else len(value) + index
    return [item for at, item in enumerate(value) if at != place]


def without_path(value: Any, path: tuple[str, ...]) -> Any:
    """`value #- path`"""
    if not isinstance(value, (dict, list)):
        raise CannotChange
    return _without(value, path) if value and path else value


def _without(value: Any, path: tuple[str, ...]) -> Any:
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        if step not in value:
            return value
        return {**value, step: _without(value[step], rest)} if rest else without_key(value, step)
    if not isinstance(value, list):
        return value
    try:
        index = int(step)
    except ValueError:
        raise CannotChange from None
    place = index if index >= 0 else len(value) + index
    if not 0 <= place < len(value):
        return value
    if not rest:
        return without_element(value, place)
    return [_without(item, rest) if at == place else item for at, item in enumerate(value)]
