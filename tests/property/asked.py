"""Which rules an operation brings into play: those of rows that it meets, and those of cells that not every such row
shows. The session variables that they name must be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from property.predicates import (
    All,
    Any_,
    Both,
    Compare,
    CompareMade,
    Counted,
    MadeRows,
    Not,
    Pred,
    Related,
)
from property.queries import (
    Args,
    CallRoot,
    Count,
    Function,
    Group,
    Item,
    Nodes,
    Order,
    Root,
    Show,
    ShowAggregate,
    ShowLink,
    ShowMade,
    ShowMadeRows,
    merged,
)
from property.truth import sessions_in
from property.world import Table, World

Place = Literal["rows", "shown", "where", "order", "distinct", "aggregate", "key", "built on"]


@dataclass(frozen=True, slots=True)
class Use:
    """A table's rows, or the value of a column or computed field, and where it stands. `rule` None: nothing is asked
    beyond what is asked of the rows."""

    place: Place
    rule: Pred | None
    is_made: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What one role's operations ask of the rules."""

    world: World
    role: str

    def sessions(self, items: Iterable[Item]) -> set[str]:
        """The session variables that a query needs."""
        return {*needed(self.uses(items))}

    def uses(self, items: Iterable[Item]) -> Iterator[Use]:
        """All that a query uses."""
        for root in merged(items):
            match root:
                case CallRoot(kind="value"):
                    pass
                case CallRoot(kind="aggregate") | Root(kind="select_aggregate") if not asks_rows(root.items):
                    pass
                case CallRoot() | Root():
                    table = self._root_table(root)
                    yield self.rows(table, aggregates=root.kind in ("aggregate", "select_aggregate"))
                    if isinstance(root, Root) and root.kind == "select_by_pk":
                        yield from self.columns(table, table.primary_key, "key")
                    yield from self._of_args(root.args)
                    yield from self.below(root.items, table)

    def _root_table(self, root: Root | CallRoot) -> Table:
        name = root.table if isinstance(root, Root) else self.world.function(root.function).routine.returns
        return self.world.table(name)

    # ------------------------------------------------------------ rows and cells

    def rows(self, table: Table, *, aggregates: bool = False) -> Use:
        """The table's rows, or those that aggregates are made of."""
        grant = table.grant(self.role)
        assert grant is not None
        return Use("rows", grant.aggregate if aggregates else grant.filter)

    def columns(self, table: Table, names: Iterable[str], place: Place) -> Iterator[Use]:
        grant = table.grant(self.role)
        assert grant is not None
        yield from (Use(place, grant.guard(name)) for name in names)

    def computed(self, table: Table, name: str, place: Place) -> Iterator[Use]:
        """What chooses rows asks for them too."""
        grant = table.grant(self.role)
        assert grant is not None
        yield Use(place, grant.computed_guard(name) or (grant.filter if place == "where" else None), is_made=True)

    # ------------------------------------------------------------ selections

    def below(self, items: Iterable[Item], table: Table, place: Place = "shown") -> Iterator[Use]:
        """What is asked of rows of a table."""
        for item in merged(items):
            match item:
                case Show(column=name):
                    yield from self.columns(table, (name,), place)
                case ShowMade(field=name):
                    yield from self.computed(table, name, place)
                case ShowAggregate() if not asks_rows(item.items):
                    pass
                case ShowLink(link=name, args=args) | ShowMadeRows(field=name, args=args):
                    yield from self._related(name, args, item.items, table)
                case ShowAggregate(link=name, args=args):
                    yield from self._related(name, args, item.items, table, aggregates=True)
                case Nodes(items=items_below) | Group(items=items_below):
                    yield from self.below(items_below, table)
                case Function(items=items_below):
                    yield from self.below(items_below, table, "aggregate")
                case Count(columns=names):
                    yield from self.columns(table, names, "aggregate")

    def _related(
        self, name: str, args: Args | None, items: Iterable[Item], table: Table, *, aggregates: bool = False
    ) -> Iterator[Use]:
        target = self.world.table(table.leads_to(name))
        yield self.rows(target, aggregates=aggregates)
        yield from self._of_args(args)
        yield from self.below(items, target)

    # ------------------------------------------------------------ arguments

    def _of_args(self, args: Args | None) -> Iterator[Use]:
        if args is None:
            return
        table = self.world.table(args.table)
        if args.where is not None:
            yield from self.condition(args.where, table)
        yield from self.columns(table, args.distinct, "distinct")
        for order in args.order:
            yield from self._order(order, table)

    def _order(self, order: Order, table: Table) -> Iterator[Use]:
        for number, name in enumerate(order.links, 1):
            table = self.world.table(table.leads_to(name))
            yield self.rows(table, aggregates=order.function is not None and number == len(order.links))
        if order.column is not None and order.is_made:
            yield from self.computed(table, order.column, "order")
        elif order.column is not None:
            yield from self.columns(table, (order.column,), "order")

    def condition(self, pred: Pred, table: Table) -> Iterator[Use]:
        """What a caller's condition on rows of a table uses."""
        match pred:
            case Both(parts=parts) | All(parts=parts) | Any_(parts=parts):
                for part in parts:
                    yield from self.condition(part, table)
            case Not(part=part):
                yield from self.condition(part, table)
            case Compare(column=name, tests=tests) if tests:
                yield from self.columns(table, (name,), "where")
            case CompareMade(field=name, tests=tests) if tests:
                yield from self.computed(table, name, "where")
            case Related(link=name, part=part):
                yield from self._reached(name, part, table)
            case MadeRows(field=name, part=part):
                yield self.rows(table)
                yield from self._reached(name, part, table)
            case Counted(link=name, filter=filtered):
                yield from self._reached(name, filtered, table, aggregates=True)

    def _reached(self, name: str, part: Pred | None, table: Table, *, aggregates: bool = False) -> Iterator[Use]:
        target = self.world.table(table.leads_to(name))
        yield self.rows(target, aggregates=aggregates)
        if part is not None:
            yield from self.condition(part, target)


def needed(uses: Iterable[Use]) -> Iterator[str]:
    """The session variables without which these cannot be."""
    for use in uses:
        if use.rule is not None:
            yield from sessions_in(use.rule)


def asks_rows(items: Iterable[Item]) -> bool:
    """Whether an aggregate needs its rows at all: names of types do not."""
    for item in merged(items):
        match item:
            case Nodes() | Count() | Function():
                return True
            case Group() if asks_rows(item.items):
                return True
    return False
