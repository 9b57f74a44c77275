"""Shapes: what may stand where in a rules file, as data.

`gql_gen.rules.format` writes the whole file format in these words. The loader checks a file against it with `conform`,
and `gql_gen.rules.schema` prints it as JSON Schema, so the two cannot disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, assert_never

from gql_gen.rules.faults import Faults, listed, nearest
from gql_gen.rules.reading import Entry, Keyed, Leaf, Listing, Node, plain


@dataclass(frozen=True, slots=True)
class Text:
    """Text, in a form given by `pattern` and worded by `expected`."""

    expected: str = "text"
    pattern: str = r"[\s\S]"


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, from `at_least` on."""

    at_least: int = 0


@dataclass(frozen=True, slots=True)
class Positive:
    """A number above 0, with or without a fraction."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values."""

    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list without repetitions."""

    item: Shape
    at_least_one: bool = False


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping whose keys the author chooses, within the shape of `key`."""

    key: Text | Choice
    value: Shape
    at_least_one: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    shape: Shape
    about: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping whose keys the format chooses. `title` is how messages call it; of `one_of`, exactly one key stands."""

    title: str
    keys: tuple[Key, ...]
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """Shapes of different kinds: text, a list, a mapping."""

    options: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """A boolean expression; read by gql_gen.rules.expressions."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON value."""


Scalar = Text | Flag | Whole | Positive | Choice
Shape = Scalar | ListOf | MapOf | Record | Either | Expression | Anything


def conform(node: Node, shape: Shape, faults: Faults) -> Node | None:
    """The part of `node` that has the shape; None when nothing has. What is cut away is a fault."""
    match shape:
        case Text() | Flag() | Whole() | Positive() | Choice():
            return _leaf(node, shape, faults)
        case ListOf():
            return _listing(node, shape, faults)
        case MapOf():
            return _mapping(node, shape, faults)
        case Record():
            return _record(node, shape, faults)
        case Either(options=options):
            return _either(node, options, faults)
        case Expression() | Anything():
            return node
        case _:
            assert_never(shape)


def expectation(shape: Shape) -> str:
    """What a message says was expected."""
    match shape:
        case Text(expected=expected):
            return expected
        case Flag():
            return "true or false"
        case Whole(at_least=at_least):
            return f"a whole number, {at_least} or more"
        case Positive():
            return "a number above 0"
        case Choice(values=values):
            return listed(f'"{value}"' if isinstance(value, str) else str(value) for value in values)
        case ListOf(item=item):
            return f"a list of {expectation(item)}" if isinstance(item, Text) else "a list"
        case MapOf():
            return "a mapping"
        case Record(title=title, keys=keys):
            return f"{title}: a mapping with {listed(key.name for key in keys)}"
        case Either(options=options):
            return listed(expectation(option) for option in options)
        case Expression():
            return "an expression"
        case Anything():
            return "a value"
        case _:
            assert_never(shape)


def _leaf(node: Node, shape: Scalar, faults: Faults) -> Node | None:
    if isinstance(node, Leaf) and _fits(node.json, shape):
        return node
    hint = None
    if isinstance(node, Leaf) and isinstance(shape, Choice):
        hint = nearest(str(node.json), (str(value) for value in shape.values))
    elif isinstance(node, Leaf) and isinstance(shape, Text) and not isinstance(node.json, str | None):
        hint = "put it between double quotes"
    faults.add(node.at, f"expected {expectation(shape)}, not {_seen(node)}", hint)
    return None


def _fits(value: Any, shape: Scalar) -> bool:
    match shape:
        case Text(pattern=pattern):
            return isinstance(value, str) and _form(pattern).search(value) is not None
        case Flag():
            return isinstance(value, bool)
        case Whole(at_least=at_least):
            return isinstance(value, int) and not isinstance(value, bool) and value >= at_least
        case Positive():
            return isinstance(value, int | Decimal) and not isinstance(value, bool) and value > 0
        case Choice(values=values):
            return any(value == choice and type(value) is type(choice) for choice in values)


@cache
def _form(pattern: str) -> re.Pattern[str]:
    """Python's $ would let a line break follow; JSON Schema's does not."""
    return re.compile(re.sub(r"\$\Z", r"\\Z", pattern))


def _seen(node: Node) -> str:
    match node:
        case Leaf(json=None):
            return "nothing"
        case Leaf(json=bool() as value):
            return "true" if value else "false"
        case Leaf(json=str() as text):
            return f'"{text}"' if len(text) <= 40 else f'"{text[:40]}…"'
        case Leaf(json=number):
            return str(number)[:40]
        case Listing(items=items):
            return "a list" if items else "an empty list"
        case Keyed(entries=entries):
            return "a mapping" if entries else "an empty mapping"


def _empty_hint(node: Node) -> str | None:
    return "write {} for an empty one" if isinstance(node, Leaf) and node.json is None else None


def _listing(node: Node, shape: ListOf, faults: Faults) -> Node | None:
    if not isinstance(node, Listing) or (shape.at_least_one and not node.items):
        faults.add(node.at, f"expected {expectation(shape)}, not {_seen(node)}")
        return None
    kept: list[Node] = []
    seen: list[Any] = []
    for item in node.items:
        value = plain(item)
        if value in seen:
            faults.add(item.at, f"{_seen(item)} stands here twice")
        elif (fitting := conform(item, shape.item, faults)) is not None:
            kept.append(fitting)
        seen.append(value)
    return Listing(tuple(kept), node.at)


def _mapping(node: Node, shape: MapOf, faults: Faults) -> Node | None:
    if not isinstance(node, Keyed) or (shape.at_least_one and not node.entries):
        faults.add(node.at, f"expected {expectation(shape)}, not {_seen(node)}", _empty_hint(node))
        return None
    kept: list[Entry] = []
    for entry in node.entries:
        key = _leaf(Leaf(entry.key, entry.at), shape.key, faults)
        value = conform(entry.value, shape.value, faults)
        if key is not None and value is not None:
            kept.append(Entry(entry.key, value, entry.at))
    return Keyed(tuple(kept), node.at)


def _record(node: Node, shape: Record, faults: Faults) -> Node | None:
    if not isinstance(node, Keyed):
        faults.add(node.at, f"expected {expectation(shape)}; not {_seen(node)}", _empty_hint(node))
        return None
    keys = {key.name: key for key in shape.keys}
    kept: list[Entry] = []
    for entry in node.entries:
        key = keys.get(entry.key)
        if key is None:
            message = f'unknown key "{entry.key}": {shape.title} may have {listed(keys)}'
            faults.add(entry.at, message, nearest(entry.key, keys))
        elif (value := conform(entry.value, key.shape, faults)) is not None:
            kept.append(Entry(entry.key, value, entry.at))
    _required(node, shape, faults)
    return Keyed(tuple(kept), node.at)


def _required(node: Keyed, shape: Record, faults: Faults) -> None:
    for key in shape.keys:
        if key.required and node.get(key.name) is None:
            faults.add(node.at, f'{shape.title} needs the key "{key.name}": {key.about}')
    present = [name for name in shape.one_of if node.get(name) is not None]
    if shape.one_of and len(present) != 1:
        faults.add(node.at, f"{shape.title} needs exactly one of {listed(shape.one_of)}")


def _either(node: Node, options: tuple[Shape, ...], faults: Faults) -> Node | None:
    for option in options:
        if isinstance(node, _kind(option)) and _is_meant(node, option):
            return conform(node, option, faults)
    expected = listed(expectation(option) for option in options)
    faults.add(node.at, f"expected {expected}; not {_seen(node)}")
    return None


def _is_meant(node: Node, option: Shape) -> bool:
    """A text that is none of a few words is no misspelling of them where something else may stand too."""
    return not isinstance(option, Choice) or (isinstance(node, Leaf) and _fits(node.json, option))


def _kind(shape: Shape) -> type[Node]:
    match shape:
        case ListOf():
            return Listing
        case MapOf() | Record():
            return Keyed
        case _:
            return Leaf
