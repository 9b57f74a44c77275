"""The right answer to an operation, found by looking at every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cmp_to_key
from itertools import groupby
from typing import Any

from property.aggregates import count, exact, shown
from property.expected import Ambiguous, InString, Plain, Refused, Rows, Tied
from property.jsonb import at_path
from property.kinds import as_json, compare, group_key, key
from property.queries import (
    Args,
    Count,
    Function,
    Group,
    Item,
    Marked,
    Nodes,
    Number,
    Operation,
    Order,
    Root,
    Show,
    ShowAggregate,
    ShowLink,
    Spread,
    Typename,
)
from property.truth import Truth, sessions_in, tables_in
from property.world import Row, Table, World

Block = list[Row]
"""Rows that may stand in each other's place."""


def answer(world: World, operation: Operation) -> Any:
    """The expected data, or Refused."""
    oracle = Oracle(world, operation)
    needed = {name.lower() for table in oracle.tables() for name in oracle.rule_sessions(table)}
    missing = needed - {name.lower() for name in operation.session}
    if missing:
        return Refused("not-found")
    return oracle.data()


@dataclass(frozen=True, slots=True)
class Page:
    """What a list holds: blocks in order, of each of which `number` rows are taken; under DISTINCT ON a block is the
    rows that could stand for one value."""

    blocks: tuple[tuple[Block, int], ...]
    is_distinct: bool

    def certain(self) -> list[Row]:
        """The rows themselves, when nothing is left open."""
        if any(number != len(block) and number for block, number in self.blocks):
            raise Ambiguous
        return [row for block, number in self.blocks if number for row in block]


class Oracle:
    def __init__(self, world: World, operation: Operation) -> None:
        self.world = world
        self.operation = operation
        self.truth = Truth(world, operation.role, operation.session)

    # ------------------------------------------------------------ what it needs

    def rule_sessions(self, table: Table) -> Iterator[str]:
        grant = table.grant(self.operation.role)
        assert grant is not None
        return sessions_in(grant.filter)

    def tables(self) -> Iterator[Table]:
        """Every table whose rule is asked."""
        for root in merged(self.operation.items):
            if isinstance(root, Root) and (root.kind != "select_aggregate" or _asks_rows(root.items)):
                table = self.world.table(root.table)
                yield table
                yield from self._tables_of_args(root.args)
                yield from self.tables_below(root.items, table)

    def tables_below(self, items: Iterable[Item], table: Table) -> Iterator[Table]:
        for item in merged(items):
            match item:
                case ShowAggregate() if not _asks_rows(item.items):
                    pass
                case ShowLink(link=link, args=args) | ShowAggregate(link=link, args=args):
                    target = self.world.table(table.link(link).table)
                    yield target
                    yield from self._tables_of_args(args)
                    yield from self.tables_below(item.items, target)
                case Nodes(items=below):
                    yield from self.tables_below(below, table)

    def _tables_of_args(self, args: Args | None) -> Iterator[Table]:
        if args is None:
            return
        table = self.world.table(args.table)
        if args.where is not None:
            yield from tables_in(args.where, table, self.world)
        for order in args.order:
            at = table
            for link in order.links:
                at = self.world.table(at.link(link).table)
                yield at

    # ------------------------------------------------------------ objects

    def data(self) -> Any:
        data: dict[str, Any] = {}
        for item in merged(self.operation.items):
            match item:
                case Typename():
                    data[item.key] = "query_root"
                case Root():
                    data[item.key] = self._root(item)
        return data

    def _root(self, root: Root) -> Any:
        table = self.world.table(root.table)
        rows = self.truth.visible(table)
        if root.kind == "select_by_pk":
            pairs = list(zip(table.primary_key, root.primary_key, strict=True))
            for row in rows:
                if all(compare(table.column(name).kind, "_eq", row[name], value.meaning) for name, value in pairs):
                    return self.row(root.items, table, row)
            return None
        assert root.args is not None
        if root.kind == "select_aggregate":
            return self._aggregate(root.items, root.args, table, rows)
        return self._list(root.items, root.args, table, rows)

    def row(self, items: Iterable[Item], table: Table, row: Row) -> dict[str, Any]:
        """What is asked of one row."""
        found: dict[str, Any] = {}
        for item in merged(items):
            match item:
                case Typename():
                    found[item.key] = self.world.spelling.type(table.name)
                case Show():
                    found[item.key] = self._spoken(_shown(table, row, item), table, item.column)
                case ShowLink():
                    found[item.key] = self._linked(item, table, row)
                case ShowAggregate():
                    link = table.link(item.link)
                    target = self.world.table(link.table)
                    related = list(self.truth.related(link, row))
                    found[item.key] = self._aggregate(item.items, item.args, target, related)
        return found

    def _spoken(self, value: Any, table: Table, name: str) -> Any:
        """Numbers that JavaScript would round, as strings when the setting says so."""
        if value is None or not self.world.stringifies or table.column(name).kind_name not in ("int8", "numeric"):
            return value
        return InString(value)

    def _linked(self, item: ShowLink, table: Table, row: Row) -> Any:
        link = table.link(item.link)
        target = self.world.table(link.table)
        related = list(self.truth.related(link, row))
        if item.args is not None:
            return self._list(item.items, item.args, target, related)
        return self.row(item.items, target, related[0]) if related else None

    # ------------------------------------------------------------ lists

    def _list(self, items: tuple[Item, ...], args: Args, table: Table, rows: Sequence[Row]) -> Rows:
        page = self._page(args, table, rows)
        grant = table.grant(self.operation.role)
        assert grant is not None
        if grant.limit is not None:
            page = _cut(page, 0, grant.limit)
        return self._shown_page(page, items, table)

    def _shown_page(self, page: Page, items: tuple[Item, ...], table: Table) -> Rows:
        groups = []
        for block, number in page.blocks:
            if number:
                shown_rows = tuple(self.row(items, table, row) for row in block)
                alternatives = (shown_rows,) if page.is_distinct else tuple((row,) for row in shown_rows)
                groups.append(Tied(alternatives, number))
        return Rows(tuple(groups))

    def _page(self, args: Args, table: Table, rows: Sequence[Row]) -> Page:
        """The caller's where, order, distinct, offset and limit."""
        kept = [row for row in rows if args.where is None or self.truth.holds(args.where, table, row)]
        orders = args.order or tuple(Order((), name, None, "asc") for name in args.distinct)
        blocks = self._ordered(orders, table, kept)
        if args.distinct:
            blocks = _first_of_each(args.distinct, table, blocks)
        page = Page(tuple((block, 1 if args.distinct else len(block)) for block in blocks), bool(args.distinct))
        return _cut(page, _meant(args.offset) or 0, _meant(args.limit))

    def _ordered(self, orders: tuple[Order, ...], table: Table, rows: list[Row]) -> list[Block]:
        """Rows in order, those that tie together."""
        keyed = [([self._sort_value(order, table, row) for order in orders], row) for row in rows]

        def compared(left: list[Any], right: list[Any]) -> int:
            return _compared(orders, left, right)

        by_value = cmp_to_key(compared)
        keyed.sort(key=lambda pair: by_value(pair[0]))
        return [[row for _, row in block] for _, block in groupby(keyed, lambda pair: by_value(pair[0]))]

    def _sort_value(self, order: Order, table: Table, row: Row) -> Any:
        """A value that compares as the order asks; None for null."""
        if not order.links:
            assert order.column is not None
            value = row[order.column]
            return None if value is None else key(table.column(order.column).kind, value)
        link = table.link(order.links[0])
        target = self.world.table(link.table)
        related = list(self.truth.related(link, row))
        if len(order.links) > 1 or order.function is None:
            rest = replace(order, links=order.links[1:])
            return self._sort_value(rest, target, related[0]) if related else None
        if order.function == "count":
            return len(related)
        assert order.column is not None
        return exact(target, related, order.function, order.column)

    # ------------------------------------------------------------ aggregates

    def _aggregate(self, items: Iterable[Item], args: Args, table: Table, rows: Sequence[Row]) -> dict[str, Any]:
        page = self._page(args, table, rows)
        found: dict[str, Any] = {}
        for item in merged(items):
            match item:
                case Typename():
                    found[item.key] = self.world.spelling.type(table.name, "aggregate")
                case Group():
                    found[item.key] = self._functions(item.items, table, page)
                case Nodes():
                    grant = table.grant(self.operation.role)
                    assert grant is not None
                    nodes = page if grant.limit is None else _cut(page, 0, grant.limit)
                    found[item.key] = self._shown_page(nodes, item.items, table)
        return found

    def _functions(self, items: Iterable[Item], table: Table, page: Page) -> dict[str, Any]:
        rows = page.certain()
        found: dict[str, Any] = {}
        for item in merged(items):
            match item:
                case Typename():
                    found[item.key] = self.world.spelling.type(table.name, "aggregate_fields")
                case Count():
                    found[item.key] = count(table, rows, item.columns, distinct=item.distinct)
                case Function(function=function):
                    found[item.key] = {
                        each.key: self._spoken(shown(table, rows, function, each.column), table, each.column)
                        for each in merged(item.items)
                        if isinstance(each, Show)
                    }
        return found


# ---------------------------------------------------------------- selections


def merged(items: Iterable[Item]) -> list[Item]:
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


def _asks_rows(items: Iterable[Item]) -> bool:
    """Whether an aggregate needs its rows at all: names of types do not."""
    for item in merged(items):
        match item:
            case Nodes() | Count() | Function():
                return True
            case Group() if _asks_rows(item.items):
                return True
    return False


def _shown(table: Table, row: Row, item: Show) -> Any:
    kind, value = table.column(item.column).kind, row[item.column]
    if value is None:
        return None
    if item.path is None:
        return Plain(as_json(kind, value))
    return Plain(at_path(value.value, item.path))


# ---------------------------------------------------------------- order and page


def _meant(number: Number | None) -> int | None:
    return None if number is None else number.value


def _cut(page: Page, offset: int, limit: int | None) -> Page:
    """The part of each block that lies between offset and offset + limit."""
    end = None if limit is None else offset + limit
    blocks, place = [], 0
    for block, number in page.blocks:
        first = max(place, offset)
        last = place + number if end is None else min(place + number, end)
        blocks.append((block, max(0, last - first)))
        place += number
    return Page(tuple(blocks), page.is_distinct)


def _first_of_each(distinct: tuple[str, ...], table: Table, blocks: list[Block]) -> list[Block]:
    """Of each value of the distinct columns the rows that could come first."""
    found: dict[Any, Block] = {}
    for block in blocks:
        by_value: dict[Any, Block] = {}
        for row in block:
            value = tuple(group_key(table.column(name).kind, row[name]) for name in distinct)
            by_value.setdefault(value, []).append(row)
        for value, rows in by_value.items():
            found.setdefault(value, rows)
    return list(found.values())


def _compared(orders: tuple[Order, ...], left: list[Any], right: list[Any]) -> int:
    for order, ours, theirs in zip(orders, left, right, strict=True):
        found = _compared_by(order.direction, ours, theirs)
        if found:
            return found
    return 0


def _compared_by(direction: str, ours: Any, theirs: Any) -> int:
    """Nulls are larger than everything unless told otherwise."""
    is_down = direction.startswith("desc")
    nulls_first = direction.endswith("nulls_first") or direction == "desc"
    if ours is None or theirs is None:
        if ours is theirs:
            return 0
        return -1 if (ours is None) is nulls_first else 1
    if ours == theirs:
        return 0
    return -1 if (ours < theirs) is not is_down else 1
