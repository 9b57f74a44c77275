"""The tree that a YAML text is read into: JSON whose every part knows its place in the file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gql_gen.rules.types import Mark

Scalar = str | int | Decimal | bool | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """Text, a number, true, false or null."""

    json: Scalar
    at: Mark


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Node, ...]
    at: Mark


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value; `at` is the key's place."""

    key: str
    value: Node
    at: Mark


@dataclass(frozen=True, slots=True)
class Keyed:
    """A mapping. Its keys differ from one another."""

    entries: tuple[Entry, ...]
    at: Mark

    def get(self, key: str) -> Node | None:
        return next((entry.value for entry in self.entries if entry.key == key), None)


Node = Leaf | Listing | Keyed


def plain(node: Node) -> Any:
    """The node as JSON values."""
    match node:
        case Leaf():
            return node.json
        case Listing():
            return [plain(item) for item in node.items]
        case Keyed():
            return {entry.key: plain(entry.value) for entry in node.entries}


def node_of(value: Any, at: Mark) -> Node:
    """JSON values as a node that stands at one place."""
    match value:
        case list():
            return Listing(tuple(node_of(item, at) for item in value), at)
        case dict():
            return Keyed(tuple(Entry(key, node_of(item, at), at) for key, item in value.items()), at)
        case _:
            return Leaf(value, at)
