"""The right answer to an operation, found by looking at every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cmp_to_key
from itertools import groupby
from typing import Any

from property.aggregates import count, exact, shown
from property.asked import Asked
from property.calling import value
from property.expected import Ambiguous, InString, Plain, Refused, Rows, Tied
from property.jsonb import at_path
from property.kinds import KINDS, Kind, as_json, compare, group_key, key
from property.queries import (
    Args,
    Arguments,
    CallRoot,
    Count,
    Function,
    Group,
    Item,
    Nodes,
    Number,
    Operation,
    Order,
    Root,
    Show,
    ShowAggregate,
    ShowLink,
    ShowMade,
    ShowMadeRows,
    Typename,
    merged,
)
from property.truth import Truth
from property.world import Row, Table, World

Block = list[Row]
"""Rows that may stand in each other's place."""


def answer(world: World, operation: Operation) -> Any:
    """The expected data, or Refused."""
    needed = {name.lower() for name in Asked(world, operation.role).sessions(operation.items)}
    if needed - {name.lower() for name in operation.session}:
        return Refused("not-found")
    return Oracle(world, operation).data()


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

    # ------------------------------------------------------------ objects

    def data(self) -> Any:
        data: dict[str, Any] = {}
        for item in merged(self.operation.items):
            match item:
                case Typename():
                    data[item.key] = "query_root"
                case Root():
                    data[item.key] = self._root(item)
                case CallRoot():
                    data[item.key] = self._call(item)
        return data

    def _root(self, root: Root) -> Any:
        table = self.world.table(root.table)
        rows = self.truth.visible(table)
        if root.kind == "select_by_pk":
            pairs = list(zip(table.primary_key, root.primary_key, strict=True))
            for row in rows:
                seen = self.truth.veiled(table, row)
                if all(compare(table.column(name).kind, "_eq", seen[name], value.meaning) for name, value in pairs):
                    return self.row(root.items, table, row)
            return None
        assert root.args is not None
        if root.kind == "select_aggregate":
            return self._aggregate(root.items, root.args, table, rows)
        return self._list(root.items, root.args, table, rows)

    def _call(self, root: CallRoot) -> Any:
        routine, given = self.world.function(root.function).routine, _given(root.given)
        if root.kind == "value":
            kind = KINDS[routine.returns]
            return self._spoken(_plain(kind, value(self.world, routine, None, {}, given, self.truth.session)), kind)
        table = self.world.table(routine.returns)
        rows = self.truth.called(routine, {}, given)
        if root.kind == "row":
            return self.row(root.items, table, rows[0]) if rows else None
        assert root.args is not None
        answered = self._aggregate if root.kind == "aggregate" else self._list
        return answered(root.items, root.args, table, rows)

    def row(self, items: Iterable[Item], table: Table, row: Row) -> dict[str, Any]:
        """What is asked of one row."""
        seen = self.truth.veiled(table, row)
        found: dict[str, Any] = {}
        for item in merged(items):
            match item:
                case Typename():
                    found[item.key] = self.world.spelling.type(table.name)
                case Show():
                    found[item.key] = self._spoken(_shown(table, seen, item), table.column(item.column).kind)
                case ShowMade():
                    found[item.key] = self._made(item, table, row)
                case ShowMadeRows():
                    routine = table.made(item.field).routine
                    rows = self.truth.called(routine, row, _given(item.given))
                    found[item.key] = self._list(item.items, item.args, self.world.table(routine.returns), rows)
                case ShowLink():
                    found[item.key] = self._linked(item, table, row)
                case ShowAggregate():
                    link = table.link(item.link)
                    target = self.world.table(link.table)
                    related = list(self.truth.related(link, row))
                    found[item.key] = self._aggregate(item.items, item.args, target, related)
        return found

    def _made(self, item: ShowMade, table: Table, row: Row) -> Any:
        field = table.made(item.field)
        kind = KINDS[field.routine.returns]
        return self._spoken(_plain(kind, self.truth.computed(table, row, field, _given(item.given))), kind)

    def _spoken(self, value: Any, kind: Kind) -> Any:
        """Numbers that JavaScript would round, as strings when the setting says so."""
        if value is None or not self.world.stringifies or kind.name not in ("int8", "numeric"):
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

    def _list(self, items: Iterable[Item], args: Args, table: Table, rows: Sequence[Row]) -> Rows:
        page = self._page(args, table, rows)
        grant = table.grant(self.operation.role)
        assert grant is not None
        if grant.limit is not None:
            page = _cut(page, 0, grant.limit)
        return self._shown_page(page, items, table)

    def _shown_page(self, page: Page, items: Iterable[Item], table: Table) -> Rows:
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
            blocks = self._first_of_each(args.distinct, table, blocks)
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
            kind, value = self._value(order.column, table, row, is_made=order.is_made)
            return None if value is None else key(kind, value)
        target = self.world.table(table.leads_to(order.links[0]))
        related = self._behind(order.links[0], table, row)
        if len(order.links) > 1 or order.function is None:
            rest = replace(order, links=order.links[1:])
            return self._sort_value(rest, target, related[0]) if related else None
        related = self.truth.counted(target, related)
        if order.function == "count":
            return len(related)
        assert order.column is not None
        kind, values = self._values(order.column, target, related, is_made=order.is_made)
        return exact(kind, values, order.function)

    def _behind(self, name: str, table: Table, row: Row) -> list[Row]:
        """Rows of a relationship, or those that a computed field returns."""
        if any(link.name == name for link in table.links):
            return list(self.truth.related(table.link(name), row))
        return self.truth.called(table.made(name).routine, row)

    def _value(self, name: str, table: Table, row: Row, *, is_made: bool) -> tuple[Kind, Any]:
        """A column's value, or a computed field's."""
        if not is_made:
            return table.column(name).kind, self.truth.veiled(table, row)[name]
        field = table.made(name)
        return KINDS[field.routine.returns], self.truth.computed(table, row, field)

    def _values(self, name: str, table: Table, rows: Sequence[Row], *, is_made: bool) -> tuple[Kind, list[Any]]:
        found = [self._value(name, table, row, is_made=is_made) for row in rows]
        kind = KINDS[table.made(name).routine.returns] if is_made else table.column(name).kind
        return kind, [value for _, value in found]

    def _first_of_each(self, distinct: tuple[str, ...], table: Table, blocks: list[Block]) -> list[Block]:
        """Of each value of the distinct columns the rows that could come first."""
        found: dict[Any, Block] = {}
        for block in blocks:
            by_value: dict[Any, Block] = {}
            for row in block:
                seen = self.truth.veiled(table, row)
                value = tuple(group_key(table.column(name).kind, seen[name]) for name in distinct)
                by_value.setdefault(value, []).append(row)
            for value, rows in by_value.items():
                found.setdefault(value, rows)
        return list(found.values())

    # ------------------------------------------------------------ aggregates

    def _aggregate(self, items: Iterable[Item], args: Args, table: Table, rows: Sequence[Row]) -> dict[str, Any]:
        page = self._page(args, table, self.truth.counted(table, rows))
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
                    seen = [self.truth.veiled(table, row) for row in rows]
                    found[item.key] = count(table, seen, item.columns, distinct=item.distinct)
                case Function(function=function):
                    shows = [each for each in merged(item.items) if isinstance(each, Show | ShowMade)]
                    found[item.key] = {each.key: self._aggregated(each, function, table, rows) for each in shows}
        return found

    def _aggregated(self, item: Show | ShowMade, function: str, table: Table, rows: Sequence[Row]) -> Any:
        if isinstance(item, Show):
            kind, values = self._values(item.column, table, rows, is_made=False)
        else:
            field, given = table.made(item.field), _given(item.given)
            kind = KINDS[field.routine.returns]
            values = [self.truth.computed(table, row, field, given) for row in rows]
        return self._spoken(shown(kind, values, function), kind)


# ---------------------------------------------------------------- values


def _given(arguments: Arguments) -> Mapping[str, Any]:
    """What a function is given."""
    return {name: None if given is None else given.meaning for name, given in arguments}


def _plain(kind: Kind, value: Any) -> Any:
    return None if value is None else Plain(as_json(kind, value))


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
