"""What an answer must look like where SQL leaves a choice, and whether it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isclose
from types import NoneType
from typing import Any

from property.aggregates import Nearly, OneOf
from property.jsonb import equality_key


class Ambiguous(Exception):
    """The question leaves open what the right answer is."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A stored value: equal JSON, numbers by value, in any order of keys."""

    value: Any


@dataclass(frozen=True, slots=True)
class InString:
    """A number in a JSON string."""

    value: Any


@dataclass(frozen=True, slots=True)
class Tied:
    """`number` of these items, in any order; each item lists what may stand for it."""

    items: tuple[tuple[Any, ...], ...]
    number: int


@dataclass(frozen=True, slots=True)
class Rows:
    """A JSON array: groups one after the other."""

    groups: tuple[Tied, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """An error without data. `message` when it is known to the letter."""

    code: str
    message: str | None = None


def row_count(expected: Any) -> int:
    """How many rows an answer shows, at any depth: what a test that asks only empty lists would not notice."""
    match expected:
        case dict():
            return sum(map(row_count, expected.values()))
        case Rows(groups=groups):
            below = sum(row_count(row) for group in groups for item in group.items for row in item)
            return below + sum(group.number for group in groups)
        case _:
            return 0


def difference(expected: Any, actual: Any, at: str = "data") -> str | None:
    """Where the two differ first; None when the answer is right."""
    match expected:
        case dict():
            return _object(expected, actual, at)
        case Rows():
            return _rows(expected, actual, at)
        case list():
            return _list(expected, actual, at)
        case OneOf(values=values):
            return None if any(_same(value, actual) for value in values) else _said(expected.values, actual, at)
        case Nearly(value=value):
            return None if _near(value, actual) else _said(value, actual, at)
        case InString(value=value):
            return difference(value, Decimal(actual), at) if isinstance(actual, str) else _said(value, actual, at)
        case Plain(value=value):
            return None if _same(value, actual) else _said(value, actual, at)
        case _:
            return None if _same(expected, actual) else _said(expected, actual, at)


def _same(expected: Any, actual: Any) -> bool:
    kind = type(expected)
    if kind in _AT_SIGHT and type(actual) is kind:
        return bool(expected == actual)
    return equality_key(expected) == equality_key(actual)


_AT_SIGHT = frozenset({str, int, bool, NoneType})
"""What needs no key to be compared with its like."""


def _near(expected: float, actual: Any) -> bool:
    is_number = isinstance(actual, (int, Decimal)) and not isinstance(actual, bool)
    return is_number and isclose(expected, float(actual), rel_tol=1e-9, abs_tol=1e-12)


def _said(expected: Any, actual: Any, at: str) -> str:
    return f"{at}: expected {expected!r}, found {actual!r}"


def _object(expected: dict[str, Any], actual: Any, at: str) -> str | None:
    if not isinstance(actual, dict) or list(expected) != list(actual):
        found = list(actual) if isinstance(actual, dict) else actual
        return f"{at}: expected an object of {list(expected)}, found {found!r}"
    for key, item in expected.items():
        # Most are single values, and right: the place matters only where one is not.
        if not _is_right(item, actual[key]):
            wrong = difference(item, actual[key], f"{at}.{key}")
            if wrong is not None:
                return wrong
    return None


def _is_right(expected: Any, actual: Any) -> bool:
    """Whether it is known at first sight that the two do not differ."""
    value = expected.value if type(expected) is Plain else expected
    kind = type(value)
    return kind in _AT_SIGHT and type(actual) is kind and bool(value == actual)


def _list(expected: list[Any], actual: Any, at: str) -> str | None:
    if not isinstance(actual, list) or len(expected) != len(actual):
        return _said(expected, actual, at)
    found = (
        difference(each, item, f"{at}[{place}]")
        for place, (each, item) in enumerate(zip(expected, actual, strict=True))
    )
    return next((each for each in found if each is not None), None)


def _rows(expected: Rows, actual: Any, at: str) -> str | None:
    number = sum(group.number for group in expected.groups)
    if not isinstance(actual, list) or len(actual) != number:
        found = f"{len(actual)} rows: {actual!r}" if isinstance(actual, list) else repr(actual)
        return f"{at}: expected {number} rows, found {found}; expected {expected.groups!r}"
    place = 0
    for group in expected.groups:
        found_here = actual[place : place + group.number]
        wrong = _group(group, found_here, f"{at}[{place}]")
        if wrong is not None:
            return wrong
        place += group.number
    return None


def _group(group: Tied, actual: Sequence[Any], at: str) -> str | None:
    if len(group.items) == 1 and group.number == 1 and len(group.items[0]) == 1:
        return difference(group.items[0][0], actual[0], at)
    if group.number == len(group.items) and all(map(_fits, group.items, actual)):
        return None
    fits = [[index for index, item in enumerate(group.items) if _fits(item, row)] for row in actual]
    if _all_placed(fits):
        return None
    return f"{at}: expected {group.number} of {group.items!r}, found {list(actual)!r}"


def _fits(item: tuple[Any, ...], row: Any) -> bool:
    return any(difference(each, row) is None for each in item)


def _all_placed(fits: list[list[int]]) -> bool:
    """Whether every row can have an item of its own."""
    owners: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        for item in fits[row]:
            if item not in tried:
                tried.add(item)
                if item not in owners or place(owners[item], tried):
                    owners[item] = row
                    return True
        return False

    return all(place(row, set()) for row in range(len(fits)))
