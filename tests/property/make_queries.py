"""Choices → operations of one role, whatever it may ask and nothing that it may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from property.aggregates import NUMBER_FUNCTIONS
from property.choices import Choices
from property.grants import RootKind
from property.kinds import BROKEN_PATTERNS, KINDS, LIKES, REGEXES, SIMILARS, as_text
from property.made import Computed, Tracked
from property.make_args import LIMITS, OFFSETS, ArgumentMaker, make_number
from property.make_predicates import Writer
from property.predicates import Compare, Given, Test, Value, session_name
from property.queries import (
    Args,
    CallRoot,
    Count,
    Function,
    Group,
    Item,
    Marked,
    Nodes,
    Number,
    Operation,
    Root,
    Show,
    ShowAggregate,
    ShowLink,
    ShowMade,
    ShowMadeRows,
    Spread,
    Typename,
)
from property.trees import rebuilt
from property.world import ADMIN, Column, Sight, Table, World

CallKind = Literal["rows", "row", "value", "aggregate"]
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
    found = []
    for role in (*world.roles, ADMIN):
        asker = Asker(Choices(lambda _: 0), Sight(world, role))
        found += [role] if asker.possible() or asker.callable() else []
    return found


def make_operation(
    choices: Choices, world: World, role: str, session: Mapping[str, Given], *, nasty: bool = False
) -> Operation:
    """An operation of a role, one of `askers`."""
    return Operation(role, session, Asker(choices, Sight(world, role), nasty=nasty).roots())


def make_sweep(
    choices: Choices,
    world: World,
    role: str,
    session: Mapping[str, Given],
    *,
    nasty: bool = False,
    dark: Sequence[str] = (),
) -> Operation:
    """Many small questions in one operation: a filter or an order each, so that every operator has its turn. Half of
    the nasty ones are about `dark` tables."""
    return Operation(role, session, Asker(choices, Sight(world, role), nasty=nasty, dark=dark).sweep())


def varied(choices: Choices, world: World, operation: Operation, *, nasty: bool = False) -> Operation:
    """The same document with other variables, of other shapes where a variable holds a whole argument."""
    sight = Sight(world, operation.role)
    writer = Writer(choices, world, sight, nasty=nasty)

    def vary(node: Any) -> Any:
        match node:
            case Value(how="variable"):
                return writer.another(node)
            case Number(how="variable"):
                return make_number(choices, "variable", (*LIMITS, *OFFSETS))
            case Args():
                return Asker(choices, sight, nasty=nasty).other_args(node)
            case _:
                return node

    return replace(operation, items=rebuilt(operation.items, vary))


@dataclass(slots=True)
class Asker(ArgumentMaker):
    dark: Sequence[str] = ()
    _fragments: int = field(default=0)

    # ------------------------------------------------------------ roots

    def roots(self) -> tuple[Item, ...]:
        possible, callable_ = self.possible(), self.callable()
        items: list[Item] = []
        for index in range(self.choices.one((1, 1, 1, 1, 2, 3))):
            if callable_ and (not possible or self.choices.chance(1, 5)):
                root: Root | CallRoot = self.call(self.choices.one(callable_))
            else:
                root = self.root(*self.choices.one(possible))
            if index or self.choices.chance(1, 4):
                root = replace(root, key=f"r{index}")
            items.append(root)
        items += [Typename()] if self.choices.chance(1, 12) else []
        return self.wrapped(items)

    def possible(self) -> list[tuple[Table, RootKind]]:
        return [(table, kind) for table in self.sight.world.tables for kind in self.sight.roots(table)]

    def callable(self) -> list[tuple[Tracked, CallKind]]:
        """The functions that the role may call, and for what."""
        found: list[tuple[Tracked, CallKind]] = []
        for each in self.sight.functions():
            if not each.routine.is_rows:
                found.append((each, "value"))
                continue
            table = self.sight.world.table(each.routine.returns)
            found += [(each, "row" if each.is_single else "rows")] if self.sight.is_shown(table) else []
            found += [(each, "aggregate")] if each.aggregate is not None and self.sight.aggregates(table) else []
        return found

    def call(self, called: tuple[Tracked, CallKind]) -> CallRoot:
        function, kind = called
        given = self.given(function.routine)
        name = function.aggregate if kind == "aggregate" else dict(function.roots)["function"]
        assert name is not None
        if kind == "value":
            return CallRoot(name, kind, function.name, given, None, ())
        table, depth = self.sight.world.table(function.routine.returns), self.choices.between(0, 2)
        if kind == "row":
            return CallRoot(name, kind, function.name, given, None, self.rows(table, depth))
        args = self.args(table, needs_total=kind == "aggregate")
        items = self.aggregate(table, depth) if kind == "aggregate" else self.rows(table, depth)
        return CallRoot(name, kind, function.name, given, args, items)

    def sweep(self) -> tuple[Item, ...]:
        tables = [table for table in self.sight.world.tables if "select" in self.sight.roots(table)]
        tables = [table for table in tables if table.rows and self.sight.columns(table)] or tables
        if not tables:
            return self.roots()
        guarded = [table for table in tables if self.sight.columns(table) != self.sight.steady(table)]
        dark = [table for table in tables if table.name in self.dark and self.texts(table)]
        if dark and self.choices.chance(1, 2):
            return (self.dark_root(self.choices.one(dark)),)
        items: list[Item] = []
        # One malformed value refuses the whole operation, so nasty questions are put one at a time.
        for index in range(1 if self.nasty else SWEEP):
            table = self.choices.one(guarded if guarded and self.choices.chance(1, 3) else tables)
            args = Args(table.name)
            args = self.with_leaf(args, table) if self.choices.chance(2, 3) else self.with_order(args, table)
            items.append(Root(f"r{index}", "select", table.name, args, (), self.rows(table, 0)))
        return tuple(items)

    def dark_root(self, table: Table) -> Root:
        """A broken pattern where few rows can be seen, or none."""
        column = self.choices.one(self.texts(table))
        operator = self.choices.one(self.choices.one((REGEXES, LIKES, SIMILARS, REGEXES)))
        pattern = self.choices.one(BROKEN_PATTERNS)
        where = Compare(column.name, (Test(operator, Value(pattern, pattern, "String", "text", operator)),))
        return Root("dark", "select", table.name, Args(table.name, where), (), self.rows(table, 0))

    def texts(self, table: Table) -> list[Column]:
        return [column for column in self.sight.steady(table) if "_like" in column.kind.operators]

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
        items += [self.made(each) for each in self.choices.some(self.sight.values(table), 0, 2)]
        fields = [each for each in self.sight.row_fields(table) if self.sight.is_shown(self.target(each))]
        if fields and depth and self.choices.chance(1, 3):
            items.append(self.made_rows(self.choices.one(fields), depth - 1))
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

    def made(self, field: Computed) -> ShowMade:
        key = f"m{self.choices.pick(9)}{field.name}" if self.choices.chance(1, 4) else field.name
        return ShowMade(key, field.name, self.given(field.routine))

    def made_rows(self, field: Computed, depth: int) -> ShowMadeRows:
        target, given = self.target(field), self.given(field.routine)
        return ShowMadeRows(field.name, field.name, given, self.args(target), self.rows(target, depth))

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
            shown, made = self.of_function(table, function), self.made_of_function(table, function)
            if shown or made:
                key = self.sight.world.spelling.word(function)
                some = tuple(Show(each.field, each.name) for each in self.choices.some(shown, 0 if made else 1, 3))
                others = tuple(map(self.made, self.choices.some(made, 0 if some else 1, 2)))
                items.append(Function(key, function, (*some, *others)))
        if not items:
            items.append(Typename())
        return self.wrapped(items)
