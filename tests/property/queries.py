"""An operation as a tree: what is asked, apart from how it is spelled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from property.predicates import Given, How, Pred, Value

Arguments = tuple[tuple[str, Value | None], ...]
"""What a function is given, by name; None is an explicit null."""


class Item:
    """Base of what a selection set holds."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Order:
    """`links` are walked first, the last one perhaps a computed field that returns rows; `function` aggregates over
    the last one's rows. `is_made`: `column` is a computed field."""

    links: tuple[str, ...]
    column: str | None
    function: str | None
    direction: str
    is_made: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A limit or an offset; None is null, or nothing when it is not `sent`."""

    value: int | None
    how: How = "inline"
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Args:
    """The arguments of a list of `table`'s rows. `needs_total`: without a total order nothing may be cut off."""

    table: str
    where: Pred | None = None
    where_how: How = "inline"
    order: tuple[Order, ...] = ()
    order_how: How = "inline"
    distinct: tuple[str, ...] = ()
    distinct_how: How = "inline"
    limit: Number | None = None
    offset: Number | None = None
    needs_total: bool = False


@dataclass(frozen=True, slots=True)
class Show(Item):
    """A column, at a `path` of its jsonb when given."""

    key: str
    column: str
    path: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ShowMade(Item):
    """A computed field's value, with what its function is given."""

    key: str
    field: str
    given: Arguments = ()


@dataclass(frozen=True, slots=True)
class ShowMadeRows(Item):
    """Rows that a computed field returns."""

    key: str
    field: str
    given: Arguments
    args: Args
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Typename(Item):
    key: str = "__typename"


@dataclass(frozen=True, slots=True)
class ShowLink(Item):
    """Related rows; `args` for arrays."""

    key: str
    link: str
    args: Args | None
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class ShowAggregate(Item):
    key: str
    link: str
    args: Args
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Group(Item):
    """`aggregate { … }`"""

    key: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Nodes(Item):
    key: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Count(Item):
    key: str
    columns: tuple[str, ...] = ()
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Function(Item):
    """`sum { … }`: Shows, ShowMades and Typenames."""

    key: str
    function: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Marked(Item):
    """@include or @skip on a field or a spread."""

    item: Item
    word: Literal["include", "skip"]
    condition: Value

    @property
    def is_there(self) -> bool:
        return (self.word == "include") is bool(self.condition.meaning)


@dataclass(frozen=True, slots=True)
class Spread(Item):
    """An inline fragment, or a named one."""

    name: str | None
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Root(Item):
    key: str
    kind: Literal["select", "select_by_pk", "select_aggregate"]
    table: str
    args: Args | None
    primary_key: tuple[Value, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class CallRoot(Item):
    """A tracked function. `args` where it returns a set of rows; a single value has no `items`."""

    key: str
    kind: Literal["rows", "row", "value", "aggregate"]
    function: str
    given: Arguments
    args: Args | None
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    role: str
    session: Mapping[str, Given] = field(hash=False)
    items: tuple[Item, ...] = ()


# ---------------------------------------------------------------- as one


def merged(items: Iterable[Item]) -> list[Any]:
    """Fragments opened, conditions decided, fields of one key put together."""
    found: dict[str, Any] = {}
    for item in _flat(items):
        known = found.get(item.key)
        if known is not None and isinstance(known, ShowLink):
            found[item.key] = replace(known, items=(*known.items, *item.items))
        else:
            found.setdefault(item.key, item)
    return list(found.values())


def _flat(items: Iterable[Item]) -> Iterator[Any]:
    for item in items:
        match item:
            case Marked():
                if item.is_there:
                    yield from _flat((item.item,))
            case Spread():
                yield from _flat(item.items)
            case _:
                yield item
