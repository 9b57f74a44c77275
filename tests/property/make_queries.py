"""Choices → operations of one role, whatever it may ask and nothing that it may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from property.aggregates import NUMBER_FUNCTIONS
from property.choices import Choices
from property.kinds import KINDS, as_text
from property.make_predicates import Writer, session_name
from property.predicates import Pred, Value
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
from property.trees import rebuilt, settled
from property.truth import Given
from property.world import ADMIN, Column, Link, Sight, Table, World

DIRECTIONS = ("asc", "desc", "asc_nulls_first", "asc_nulls_last", "desc_nulls_first", "desc_nulls_last")
ORDER_FUNCTIONS = ("sum", "avg", "min", "max")
LIMITS = (3, 2, 5, 1, 0, 100)
OFFSETS = (1, 0, 2, 1, 7)
SWEEP = 12
PATHS = (("a", "b"), ("a",), ("0", "a"), ("a", "b", "1"), ("1", "1"), ("bb",), ("0",), ())


def make_session(choices: Choices) -> Mapping[str, Given]:
    """A value for every session variable that rules may use."""
    found: dict[str, Given] = {}
    for kind in KINDS.values():
        value = choices.one(kind.pool)
        found[session_name(kind.name, is_list=False)] = Given(value, as_text(kind, value))
        if not kind.is_array:
            values = tuple(choices.one(kind.pool) for _ in range(choices.between(0, 2)))
            text = as_text(KINDS["texts"], tuple(as_text(kind, each) for each in values))
            found[session_name(kind.name, is_list=True)] = Given(values, text)
    return found


def askers(world: World) -> list[str]:
    """The roles that may ask for anything at all."""
    return [role for role in (*world.roles, ADMIN) if any(map(list, map(Sight(world, role).roots, world.tables)))]


def make_operation(
    choices: Choices, world: World, role: str, session: Mapping[str, Given], *, nasty: bool = False
) -> Operation:
    """An operation of a role, one of `askers`."""
    return Operation(role, session, Asker(choices, Sight(world, role), nasty=nasty).roots())


def make_sweep(
    choices: Choices, world: World, role: str, session: Mapping[str, Given], *, nasty: bool = False
) -> Operation:
    """Many small questions in one operation: a filter or an order each, so that every operator has its turn."""
    return Operation(role, session, Asker(choices, Sight(world, role), nasty=nasty).sweep())


def varied(choices: Choices, world: World, operation: Operation, *, nasty: bool = False) -> Operation:
    """The same document with other variables, of other shapes where a variable holds a whole argument."""
    sight = Sight(world, operation.role)
    writer = Writer(choices, world, sight, nasty=nasty)

    def vary(node: Any) -> Any:
        match node:
            case Value(how="variable"):
                return writer.another(node)
            case Number(how="variable"):
                return _number(choices, "variable", (*LIMITS, *OFFSETS))
            case Args():
                return Asker(choices, sight, nasty=nasty).other_args(node)
            case _:
                return node

    return replace(operation, items=rebuilt(operation.items, vary))


@dataclass(slots=True)
class Asker:
    choices: Choices
    sight: Sight
    nasty: bool = False
    _fragments: int = field(default=0)

    # ------------------------------------------------------------ roots

    def roots(self) -> tuple[Item, ...]:
        world = self.sight.world
        possible = [(table, kind) for table in world.tables for kind in self.sight.roots(table)]
        items: list[Item] = []
        for index in range(self.choices.one((1, 1, 1, 1, 2, 3))):
            table, kind = self.choices.one(possible)
            root = self.root(table, kind)
            if index or self.choices.chance(1, 4):
                root = replace(root, key=f"r{index}")
            items.append(root)
        items += [Typename()] if self.choices.chance(1, 12) else []
        return self.wrapped(items)

    def sweep(self) -> tuple[Item, ...]:
        tables = [table for table in self.sight.world.tables if "select" in self.sight.roots(table)]
        tables = [table for table in tables if table.rows and self.sight.columns(table)] or tables
        if not tables:
            return self.roots()
        items: list[Item] = []
        # One malformed value refuses the whole operation, so nasty questions are put one at a time.
        for index in range(1 if self.nasty else SWEEP):
            table = self.choices.one(tables)
            args = Args(table.name)
            args = self.with_leaf(args, table) if self.choices.chance(2, 3) else self.with_order(args, table)
            items.append(Root(f"r{index}", "select", table.name, args, (), self.rows(table, 0)))
        return tuple(items)

    def with_leaf(self, args: Args, table: Table) -> Args:
        """One column compared, or rows of one relationship."""
        writer = Writer(self.choices, self.sight.world, self.sight, may_vary=True, nasty=self.nasty)
        depth = 1 if self.choices.chance(1, 3) else 0
        return replace(args, where=writer.related(table, table, depth) if depth else writer.leaf(table, table))

    def root(self, table: Table, kind: Literal["select", "select_by_pk", "select_aggregate"]) -> Root:
        key = dict(table.roots)[kind]
        depth = self.choices.between(0, 2)
        match kind:
            case "select":
                return Root(key, kind, table.name, self.args(table), (), self.rows(table, depth))
            case "select_by_pk":
                return Root(key, kind, table.name, None, self.key_values(table), self.rows(table, depth))
            case _:
                return Root(key, kind, table.name, self.args(table, needs_total=True), (), self.aggregate(table, depth))

    def key_values(self, table: Table) -> tuple[Value, ...]:
        row = self.choices.one(table.rows) if table.rows and self.choices.chance(4, 5) else None
        found = []
        for name in table.primary_key:
            kind = table.column(name).kind
            value = self.choices.one(kind.pool) if row is None else row[name]
            how: Literal["inline", "variable"] = "variable" if self.choices.chance(1, 2) else "inline"
            found.append(Value(value, value, f"{kind.type}!", kind.name, "_eq", how))
        return tuple(found)

    # ------------------------------------------------------------ selections

    def rows(self, table: Table, depth: int) -> tuple[Item, ...]:
        """What is asked of each row."""
        columns = self.sight.columns(table)
        items: list[Item] = []
        for column in self.choices.some(columns, 1, 4):
            items.append(self.show(column, len(items)))
        links = self.sight.links(table) if depth else ()
        for link in self.choices.some(links, 0, 2):
            target = self.sight.world.table(link.table)
            shown = self.sight.is_shown(target)
            if link.kind == "array" and self.sight.aggregates(target) and (not shown or self.choices.chance(1, 3)):
                key = self.sight.world.spelling.aggregate_field(link.name)
                below = self.aggregate(target, depth - 1)
                items.append(ShowAggregate(key, link.name, self.args(target, needs_total=True), below))
            elif shown:
                args = self.args(target) if link.kind == "array" else None
                items += self.split(ShowLink(link.name, link.name, args, self.rows(target, depth - 1)))
        if not items or self.choices.chance(1, 10):
            items.append(Typename())
        return self.wrapped(items)

    def show(self, column: Column, index: int) -> Show:
        key = f"c{index}" if self.choices.chance(1, 6) else column.field
        path = self.choices.one(PATHS) if column.kind_name == "jsonb" and self.choices.chance(1, 2) else None
        return Show(f"p{index}" if path is not None else key, column.name, path)

    def split(self, item: ShowLink) -> list[Item]:
        """Sometimes the same field twice, each with a part of its selection: they are merged."""
        has_variables = item.args is not None and item.args != Args(item.args.table)
        if len(item.items) < 2 or has_variables or not self.choices.chance(1, 5):
            return [item]
        return [replace(item, items=item.items[:1]), replace(item, items=item.items[1:])]

    def wrapped(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Some of it in fragments, some of it under conditions."""
        found = list(items)
        if self.choices.chance(1, 8):
            cut = self.choices.pick(len(found))
            found[cut:] = [self.fragment(tuple(found[cut:]))]
        if self.choices.chance(1, 8):
            place = self.choices.pick(len(found))
            found[place] = self.marked(found[place])
        return tuple(found)

    def fragment(self, items: tuple[Item, ...]) -> Spread:
        if self.choices.chance(1, 2):
            return Spread(None, items)
        self._fragments += 1
        return Spread(f"F{self._fragments}", items)

    def marked(self, item: Item) -> Marked:
        answer = self.choices.chance(1, 2)
        how: Literal["inline", "variable"] = "variable" if self.choices.chance(2, 3) else "inline"
        word: Literal["include", "skip"] = "skip" if self.choices.chance(1, 2) else "include"
        return Marked(item, word, Value(answer, answer, "Boolean!", "bool", "_is_null", how))

    # ------------------------------------------------------------ aggregates

    def aggregate(self, table: Table, depth: int) -> tuple[Item, ...]:
        items: list[Item] = [Group("aggregate", self.functions(table))]
        if self.sight.is_shown(table) and self.choices.chance(1, 3):
            items.append(Nodes("nodes", self.rows(table, depth)))
        if self.choices.chance(1, 12):
            items.append(Typename())
        return self.wrapped(items)

    def functions(self, table: Table) -> tuple[Item, ...]:
        columns = self.sight.columns(table)
        items: list[Item] = []
        if self.choices.chance(2, 3):
            items.append(Count("count"))
        if columns and self.choices.chance(1, 2):
            names = self.choices.some([column.name for column in columns], 1, 3)
            items.append(Count(f"k{len(items)}", names, distinct=self.choices.chance(1, 2)))
        for function in self.choices.some((*NUMBER_FUNCTIONS, "min", "max"), 0, 2):
            shown = self.of_function(table, function)
            if shown:
                key = self.sight.world.spelling.word(function)
                some = self.choices.some(shown, 1, 3)
                items.append(Function(key, function, tuple(Show(each.field, each.name) for each in some)))
        if not items:
            items.append(Typename())
        return self.wrapped(items)

    def of_function(self, table: Table, function: str) -> list[Column]:
        return [
            column
            for column in self.sight.columns(table)
            if (column.kind.peaks if function in ("min", "max") else column.kind.sums)
        ]

    # ------------------------------------------------------------ arguments

    def args(self, table: Table, *, needs_total: bool = False) -> Args:
        args = Args(table.name, needs_total=needs_total)
        if self.choices.chance(2, 3):
            args = self.with_where(args, table, "variable" if self.choices.chance(1, 5) else "inline")
        if not self.choices.chance(2, 3):
            return args
        if self.choices.chance(1, 5):
            args = self.with_distinct(args, table)
        order_how: Literal["inline", "variable"] = "variable" if self.choices.chance(1, 6) else "inline"
        args = self.with_order(replace(args, order_how=order_how), table)
        if not args.order:
            # Perhaps there is nothing to order by, and then no such argument.
            args = replace(args, order_how="inline")
        if not needs_total or self.is_total(args, table):
            if self.choices.chance(1, 3):
                args = replace(args, limit=_number(self.choices, self.how(), LIMITS))
            if self.choices.chance(1, 4):
                args = replace(args, offset=_number(self.choices, self.how(), OFFSETS))
        elif args.distinct:
            args = replace(args, distinct=())
        return args

    def other_args(self, args: Args) -> Args:
        """The same, with another filter and another order where a variable holds them."""
        table = self.sight.world.table(args.table)
        if args.where_how == "variable":
            args = self.with_where(args, table, "variable")
        if args.order_how == "variable":
            args = self.with_order(args, table)
        return args

    def how(self) -> Literal["inline", "variable"]:
        return "variable" if self.choices.chance(1, 3) else "inline"

    def with_where(self, args: Args, table: Table, how: Literal["inline", "variable"]) -> Args:
        may_vary = how == "inline"
        if how == "variable" and self.choices.chance(1, 8):
            # Null in place of a whole filter: none is given.
            return replace(args, where=None, where_how=how)
        writer = Writer(self.choices, self.sight.world, self.sight, may_vary=may_vary, nasty=self.nasty)
        where: Pred = writer.where(table)
        return replace(args, where=where if may_vary else _without_variables(where), where_how=how)

    def with_distinct(self, args: Args, table: Table) -> Args:
        columns = [column.name for column in self.sight.columns(table) if column.kind.sorts]
        if not columns:
            return args
        how: Literal["inline", "variable"] = "variable" if self.choices.chance(1, 5) else "inline"
        return replace(args, distinct=self.choices.some(columns, 1, 2), distinct_how=how)

    def with_order(self, args: Args, table: Table) -> Args:
        """Distinct columns lead; in most orders the primary key comes last, and then nothing is left open."""
        orders = [Order((), name, None, self.choices.one(DIRECTIONS)) for name in args.distinct]
        for _ in range(self.choices.one((1, 0, 2))):
            found = self.order(table, self.choices.one((0, 1, 1, 2)))
            orders += [found] if found is not None else []
        if args.needs_total or self.choices.chance(3, 4):
            orders += [Order((), name, None, self.choices.one(DIRECTIONS)) for name in self.readable_key(table)]
        return replace(args, order=_each_once(orders))

    def readable_key(self, table: Table) -> tuple[str, ...]:
        return table.primary_key if self.sight.has_key(table) else ()

    def is_total(self, args: Args, table: Table) -> bool:
        key = self.readable_key(table)
        return bool(key) and {order.column for order in args.order if not order.links} >= set(key)

    def may_sort_by(self, link: Link) -> bool:
        return link.kind == "object" or self.sight.aggregates(self.sight.world.table(link.table))

    def order(self, table: Table, depth: int) -> Order | None:
        direction = self.choices.one(DIRECTIONS)
        links = [link for link in self.sight.links(table) if depth and self.may_sort_by(link)]
        if not links:
            columns = [column.name for column in self.sight.columns(table) if column.kind.sorts]
            return Order((), self.choices.one(columns), None, direction) if columns else None
        link = self.choices.one(links)
        target = self.sight.world.table(link.table)
        if link.kind == "object":
            below = self.order(target, depth - 1)
            return None if below is None else replace(below, links=(link.name, *below.links))
        function = self.choices.one(("count", *ORDER_FUNCTIONS))
        of = [] if function == "count" else [column.name for column in self.of_function(target, function)]
        if not of:
            return Order((link.name,), None, "count", direction)
        return Order((link.name,), self.choices.one(of), function, direction)


def _without_variables(pred: Pred) -> Pred:
    def settle(node: Any) -> Any:
        return replace(node, how="inline") if getattr(node, "how", None) == "variable" else node

    return rebuilt(settled(pred), settle)


def _number(choices: Choices, how: Literal["inline", "variable"], pool: tuple[int, ...]) -> Number:
    value = None if choices.chance(1, 8) else choices.one(pool)
    return Number(value, how, sent=how == "inline" or value is not None or choices.chance(1, 2))


def _each_once(orders: list[Order]) -> tuple[Order, ...]:
    found: dict[Any, Order] = {}
    for order in orders:
        found.setdefault((order.links, order.column, order.function), order)
    return tuple(found.values())
