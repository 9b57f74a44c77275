"""The paths of AUTH_JWT_CUSTOM_CLAIMS: what they ask of GraphQL, and what they pick from its answer. Auth contract §3.

profile.organisation.id            a field of an object
profile.contributesTo[].project.id every element of a list ([] and [*] are the same), or one of them ([0], [-1])
roles[?(@.role == 'admin')].id     those elements of a list that fit (== != < <= > >=; without these: that have it)
metadata.plan.tier                 `metadata` is fetched whole and picked from here …
apps[].config['theme']             … and so is any JSON column that a name in brackets follows
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

MISSING: Final = object()
"""The path leads nowhere. Not None, which is a value that is there."""
WHOLE: Final = "metadata"
"""A JSON column, wherever it stands: nothing below it is GraphQL."""

_NAME: Final = re.compile(r"[^.\[\]\s'\"]+")
_GRAPHQL_NAME: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_EVERY: Final = re.compile(r"\[\*?\]")
_INDEX: Final = re.compile(r"\[(-?[0-9]{1,9})\]")
_KEY: Final = re.compile(r"""\[(?P<quote>['"])(?P<key>.+?)(?P=quote)\]""")
_FILTER: Final = re.compile(
    r"""\[\?\(\s*@\.(?P<path>[\w.]+)\s*(?:(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>'[^']*'|"[^"]*"|[^'"\s)]+)\s*)?\)\]"""
)
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class BadPath(ValueError):
    """A path that cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object; of a list, the field of each element."""

    name: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a JSON object: nothing from here on is GraphQL."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    number: int


@dataclass(frozen=True, slots=True)
class Every:
    """All elements of a list."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """The elements of a list of which this is true. Without a comparison: those that have the field."""

    path: tuple[str, ...]
    comparison: str | None
    value: Any


Step: TypeAlias = Field | Key | Index | Every | Fitting
Path: TypeAlias = tuple[Step, ...]


# ---------------------------------------------------------------- reading


def parse_path(text: str) -> Path:
    """Raises BadPath."""
    steps: list[Step] = []
    position, is_json = 0, False
    while position < len(text):
        step, position = _bracket(text, position) if text[position] == "[" else _field(text, position)
        if isinstance(step, Field) and not is_json and _GRAPHQL_NAME.fullmatch(step.name) is None:
            raise BadPath(f"{step.name!r} is no name of a GraphQL field")
        is_json = is_json or isinstance(step, Key) or step == Field(WHOLE)
        steps.append(step)
    if not steps or not isinstance(steps[0], Field):
        raise BadPath("a path begins with the name of a field")
    return tuple(steps)


def _field(text: str, position: int) -> tuple[Step, int]:
    start = position
    if position > 0:
        if text[position] != ".":
            raise BadPath(f"a dot or a bracket is expected at character {position + 1}")
        position += 1
    match = _NAME.match(text, position)
    if match is None:
        raise BadPath(f"a name is expected at character {max(start, position) + 1}")
    return Field(match[0]), match.end()


def _bracket(text: str, position: int) -> tuple[Step, int]:
    if match := _EVERY.match(text, position):
        return Every(), match.end()
    if match := _INDEX.match(text, position):
        return Index(int(match[1])), match.end()
    if match := _KEY.match(text, position):
        return Key(match["key"]), match.end()
    if match := _FILTER.match(text, position):
        return _fitting(match), match.end()
    raise BadPath(
        f"the bracket at character {position + 1} is none of [], [*], [0], ['name'] and [?(@.field == 'value')]"
    )


def _fitting(match: re.Match[str]) -> Fitting:
    path = tuple(match["path"].split("."))
    if not all(path):
        raise BadPath(f"@.{match['path']} is no path of names")
    if match["operator"] is None:
        return Fitting(path, None, None)
    text = match["value"]
    if text[0] in "'\"":
        return Fitting(path, match["operator"], text[1:-1])
    try:
        return Fitting(path, match["operator"], json.loads(text))
    except ValueError:
        raise BadPath(f"{text} is no value: texts stand in quotes") from None


# ---------------------------------------------------------------- asking

_Tree: TypeAlias = dict[str, "_Tree"]


def selection(paths: Iterable[Path]) -> str:
    """The GraphQL selection that fetches what all of the paths need, in alphabetical order and without braces."""
    tree: _Tree = {}
    for path in paths:
        _plant(tree, path)
    return _written(tree)


def _plant(tree: _Tree, path: Path) -> None:
    for step in path:
        match step:
            case Field(name):
                tree = tree.setdefault(name, {})
                if name == WHOLE:
                    return
            case Key():
                return
            case Fitting(wanted):
                _plant(tree, tuple(Field(name) for name in wanted))


def _written(tree: _Tree) -> str:
    return " ".join(
        f"{name} {{ {_written(below)} }}" if below and name != WHOLE else name for name, below in sorted(tree.items())
    )


# ---------------------------------------------------------------- picking


def pick(document: Any, path: Path) -> Any:
    """What the path leads to: a value, a list of values where it goes through a list, or MISSING."""
    found, is_many = [document], False
    for step in path:
        lists = [value for value in found if isinstance(value, list)]
        if found and not lists and isinstance(step, Every | Fitting):
            if is_many and isinstance(step, Every):
                continue  # members.id[]: the elements were gone through at `id`
            return MISSING
        is_many = is_many or (bool(lists) and not isinstance(step, Index))
        found = [each for value in found for each in _follow(value, step)]
    if is_many:
        return found
    return found[0] if found else MISSING


def _follow(value: Any, step: Step) -> Iterator[Any]:
    match step:
        case Field(name) | Key(name):
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, dict) and name in each:
                    yield each[name]
        case Index(number) if isinstance(value, list):
            if -len(value) <= number < len(value):
                yield value[number]
        case Every() if isinstance(value, list):
            yield from value
        case Fitting() if isinstance(value, list):
            yield from (each for each in value if _fits(each, step))


def _fits(value: Any, wanted: Fitting) -> bool:
    for name in wanted.path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    if wanted.comparison is None:
        return True
    if wanted.comparison not in ("==", "!=") and not _are_comparable(value, wanted.value):
        return False
    return _COMPARISONS[wanted.comparison](value, wanted.value)


def _are_comparable(left: Any, right: Any) -> bool:
    kinds = (int, float) if isinstance(right, int | float) and not isinstance(right, bool) else (str,)
    return isinstance(left, kinds) and isinstance(right, kinds) and not isinstance(left, bool)
