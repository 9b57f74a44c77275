"""Choices → the arguments of lists and of functions: filters, orders and pages of what a role may name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from property.choices import Choices
from property.kinds import KINDS
from property.made import Computed, Fussy, Keyed, Matching, Routine
from property.make_predicates import Writer
from property.predicates import Pred, Value
from property.queries import Args, Arguments, Number, Order
from property.trees import rebuilt, settled
from property.world import Column, Link, Sight, Table, World

DIRECTIONS = ("asc", "desc", "asc_nulls_first", "asc_nulls_last", "desc_nulls_first", "desc_nulls_last")
ORDER_FUNCTIONS = ("sum", "avg", "min", "max")
LIMITS = (3, 2, 5, 1, 0, 100)
OFFSETS = (1, 0, 2, 1, 7)


@dataclass(slots=True)
class ArgumentMaker:
    choices: Choices
    sight: Sight
    nasty: bool = False

    # ------------------------------------------------------------ functions

    def given(self, routine: Routine) -> Arguments:
        """What a function takes; of what it can do without, some."""
        found: list[tuple[str, Value | None]] = []
        for each in routine.parameters:
            if each.has_default and self.choices.chance(1, 2):
                continue
            writer = Writer(self.choices, self.sight.world, self.sight, may_vary=True, nasty=self.nasty)
            writer.stored = _stored(routine, self.sight.world)
            value = writer.value(KINDS[each.kind_name], "_eq")
            found.append((each.name, None if self.choices.chance(1, 10) else value))
        return tuple(found)

    def target(self, field: Computed) -> Table:
        return self.sight.world.table(field.routine.returns)

    def of_function(self, table: Table, function: str) -> list[Column]:
        return [
            column
            for column in self.sight.columns(table)
            if (column.kind.peaks if function in ("min", "max") else column.kind.sums)
        ]

    def made_of_function(self, table: Table, function: str) -> list[Computed]:
        found = [(each, KINDS[each.routine.returns]) for each in self.sight.values(table)]
        return [each for each, kind in found if (kind.peaks if function in ("min", "max") else kind.sums)]

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
                args = replace(args, limit=make_number(self.choices, self.how(), LIMITS))
            if self.choices.chance(1, 4):
                args = replace(args, offset=make_number(self.choices, self.how(), OFFSETS))
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
        return table.primary_key if self.sight.has_steady_key(table) else ()

    def is_total(self, args: Args, table: Table) -> bool:
        key = self.readable_key(table)
        return bool(key) and {order.column for order in args.order if not order.links} >= set(key)

    def may_sort_by(self, link: Link) -> bool:
        return link.kind == "object" or self.sight.aggregates(self.sight.world.table(link.table))

    def order(self, table: Table, depth: int) -> Order | None:
        direction = self.choices.one(DIRECTIONS)
        links = [link for link in self.sight.links(table) if depth and self.may_sort_by(link)]
        fields = [each for each in self.sight.row_fields(table) if depth and self.may_sort_by_rows(each)]
        if fields and self.choices.chance(1, 3):
            field = self.choices.one(fields)
            return self.aggregated(field.name, self.target(field), direction)
        if not links:
            return self.by_value(table, direction)
        link = self.choices.one(links)
        target = self.sight.world.table(link.table)
        if link.kind == "object":
            below = self.order(target, depth - 1)
            return None if below is None else replace(below, links=(link.name, *below.links))
        return self.aggregated(link.name, target, direction)

    def may_sort_by_rows(self, field: Computed) -> bool:
        return field.routine.is_plain and self.sight.aggregates(self.target(field))

    def by_value(self, table: Table, direction: str) -> Order | None:
        """One of the table's own columns or computed fields."""
        values = [each for each in self.sight.values(table) if each.routine.is_plain]
        made = [each.name for each in values if KINDS[each.routine.returns].sorts]
        made += [each.name for each in values if isinstance(each.routine.formula, Fussy) and each.name in made]
        columns = [column.name for column in self.sight.columns(table) if column.kind.sorts]
        if made and (not columns or self.choices.chance(1, 4)):
            return Order((), self.choices.one(made), None, direction, is_made=True)
        return Order((), self.choices.one(columns), None, direction) if columns else None

    def aggregated(self, name: str, target: Table, direction: str) -> Order:
        function = self.choices.one(("count", *ORDER_FUNCTIONS))
        of = [] if function == "count" else [(column.name, False) for column in self.of_function(target, function)]
        if function != "count":
            made = (each for each in self.made_of_function(target, function) if each.routine.is_plain)
            of += [(each.name, True) for each in made]
        if not of:
            return Order((name,), None, "count", direction)
        column, is_made = self.choices.one(of)
        return Order((name,), column, function, direction, is_made)


def _stored(routine: Routine, world: World) -> tuple[Any, ...]:
    """Values that rows are looked for by."""
    formula = routine.formula
    if not isinstance(formula, Matching | Keyed) or formula.column is None:
        return ()
    values = (row[formula.column] for row in world.table(formula.table).rows)
    return tuple(value for value in values if value is not None)


def _without_variables(pred: Pred) -> Pred:
    def settle(node: Any) -> Any:
        return replace(node, how="inline") if getattr(node, "how", None) == "variable" else node

    return rebuilt(settled(pred), settle)


def make_number(choices: Choices, how: Literal["inline", "variable"], pool: tuple[int, ...]) -> Number:
    value = None if choices.chance(1, 8) else choices.one(pool)
    return Number(value, how, sent=how == "inline" or value is not None or choices.chance(1, 2))


def _each_once(orders: list[Order]) -> tuple[Order, ...]:
    found: dict[Any, Order] = {}
    for order in orders:
        found.setdefault((order.links, order.column, order.is_made, order.function), order)
    return tuple(found.values())
