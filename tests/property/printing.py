"""Operations → GraphQL documents with variables."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from property.kinds import KINDS
from property.predicates import (
    All,
    Any_,
    Both,
    Compare,
    CompareMade,
    Counted,
    Items,
    MadeRows,
    Not,
    Pred,
    Related,
    Test,
    Value,
)
from property.queries import (
    Args,
    Arguments,
    CallRoot,
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
    ShowMade,
    ShowMadeRows,
    Spread,
    Typename,
)
from property.world import Table, World

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


@dataclass(frozen=True, slots=True)
class Enum:
    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A whole argument or input object that comes in a variable."""

    type: str
    tree: Any
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    text: str
    variables: dict[str, Any]


def printed(operation: Operation, world: World) -> Document:
    """The document and the variables that go with it."""
    printer = Printer(world)
    body = printer.selection(operation.items, "query_root", None)
    head = f"query Q({', '.join(printer.definitions)}) " if printer.definitions else "query Q "
    return Document("\n".join([head + body, *printer.fragments]), printer.variables)


def plain(tree: Any) -> Any:
    """A tree as the JSON of a variable."""
    match tree:
        case Enum():
            return tree.name
        case Value():
            return tree.json
        case Items():
            return [plain(item) for item in tree.items]
        case dict():
            return {key: plain(item) for key, item in tree.items()}
        case list():
            return [plain(item) for item in tree]
        case _:
            return tree


@dataclass(slots=True)
class Printer:
    world: World
    definitions: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)

    # ------------------------------------------------------------ values

    def variable(self, type_: str, value: Any, *, sent: bool = True, default: str = "") -> str:
        name = f"v{len(self.definitions) + 1}"
        self.definitions.append(f"${name}: {type_}{default}")
        if sent:
            self.variables[name] = value
        return f"${name}"

    def literal(self, tree: Any) -> str:
        match tree:
            case Enum():
                return tree.name
            case Variable():
                return self.variable(tree.type, plain(tree.tree), sent=tree.sent)
            case Value():
                return self.value(tree)
            case Items():
                return f"[{', '.join(map(self.literal, tree.items))}]"
            case dict():
                return "{" + ", ".join(f"{key}: {self.literal(item)}" for key, item in tree.items()) + "}"
            case list():
                return f"[{', '.join(map(self.literal, tree))}]"
            case _:
                return constant(tree)

    def value(self, value: Value) -> str:
        is_enum = value.kind == "mood"
        if value.how == "inline" and _is_spellable(value.json):
            return constant(value.json, is_enum=is_enum)
        default = "" if value.default is None else f" = {constant(value.default.json, is_enum=is_enum)}"
        return self.variable(value.type, value.json, sent=value.sent or not default, default=default)

    # ------------------------------------------------------------ selections

    def selection(self, items: Sequence[Item], type_: str, table: Table | None) -> str:
        return "{ " + " ".join(self.item(item, type_, table) for item in items) + " }"

    def item(self, item: Item, type_: str, table: Table | None, directive: str = "") -> str:
        spelling = self.world.spelling
        match item:
            case Marked():
                condition = self.literal(item.condition)
                return self.item(item.item, type_, table, f" @{item.word}(if: {condition})")
            case Spread(name=None):
                return f"... on {type_}{directive} {self.selection(item.items, type_, table)}"
            case Spread():
                text = self.selection(item.items, type_, table)
                self.fragments.append(f"fragment {item.name} on {type_} {text}")
                return f"...{item.name}{directive}"
            case Typename():
                return aliased(item.key, "__typename") + directive
            case Root():
                return self.root(item, directive)
            case CallRoot():
                return self.call(item, directive)
        assert table is not None
        match item:
            case Show():
                path = "" if item.path is None else f'(path: "{_json_path(item.path)}")'
                return aliased(item.key, table.column(item.column).field) + path + directive
            case ShowMade():
                return aliased(item.key, item.field) + self.arguments(None, item.given) + directive
            case ShowMadeRows():
                target = self.world.table(table.leads_to(item.field))
                field_ = aliased(item.key, item.field) + self.arguments(item.args, item.given) + directive
                return f"{field_} {self.selection(item.items, spelling.type(target.name), target)}"
            case ShowLink():
                target = self.world.table(table.link(item.link).table)
                field_ = aliased(item.key, item.link) + self.arguments(item.args) + directive
                return f"{field_} {self.selection(item.items, spelling.type(target.name), target)}"
            case ShowAggregate():
                target = self.world.table(table.link(item.link).table)
                field_ = aliased(item.key, spelling.aggregate_field(item.link)) + self.arguments(item.args) + directive
                return f"{field_} {self.selection(item.items, spelling.type(target.name, 'aggregate'), target)}"
            case Group():
                below = self.selection(item.items, spelling.type(table.name, "aggregate_fields"), table)
                return f"{aliased(item.key, 'aggregate')}{directive} {below}"
            case Nodes():
                below = self.selection(item.items, spelling.type(table.name), table)
                return f"{aliased(item.key, 'nodes')}{directive} {below}"
            case Count():
                return aliased(item.key, "count") + self.count_arguments(item, table) + directive
            case Function():
                below = self.selection(item.items, spelling.type(table.name, f"{item.function}_fields"), table)
                return f"{aliased(item.key, spelling.word(item.function))}{directive} {below}"
        raise AssertionError(f"no such item: {item}")

    def root(self, root: Root, directive: str) -> str:
        table, spelling = self.world.table(root.table), self.world.spelling
        name = dict(table.roots)[root.kind]
        arguments = self.arguments(root.args)
        if root.kind == "select_by_pk":
            pairs = zip(table.primary_key, root.primary_key, strict=True)
            arguments = f"({', '.join(f'{table.column(part).field}: {self.literal(value)}' for part, value in pairs)})"
        type_ = spelling.type(table.name, "aggregate" if root.kind == "select_aggregate" else "")
        return aliased(root.key, name) + arguments + directive + " " + self.selection(root.items, type_, table)

    def call(self, root: CallRoot, directive: str) -> str:
        function = self.world.function(root.function)
        name = function.aggregate if root.kind == "aggregate" else dict(function.roots)["function"]
        assert name is not None
        field_ = aliased(root.key, name) + self.arguments(root.args, root.given) + directive
        if root.kind == "value":
            return field_
        table = self.world.table(function.routine.returns)
        type_ = self.world.spelling.type(table.name, "aggregate" if root.kind == "aggregate" else "")
        return f"{field_} {self.selection(root.items, type_, table)}"

    def count_arguments(self, item: Count, table: Table) -> str:
        if not item.columns:
            return ""
        names = ", ".join(table.column(name).field for name in item.columns)
        return f"(columns: [{names}]{', distinct: true' if item.distinct else ''})"

    # ------------------------------------------------------------ arguments

    def arguments(self, args: Args | None, given: Arguments = ()) -> str:
        """Those of a list, and what a function is given."""
        found: dict[str, Any] = {"args": dict(given)} if given else {}
        found |= {} if args is None else self._page(args)
        pairs = [f"{name}: {self.literal(tree)}" for name, tree in found.items()]
        return f"({', '.join(pairs)})" if pairs else ""

    def _page(self, args: Args) -> dict[str, Any]:
        table, spelling = self.world.table(args.table), self.world.spelling
        found: dict[str, Any] = {}
        if args.where is not None or args.where_how == "variable":
            tree = None if args.where is None else where_tree(args.where, table, self.world)
            type_ = spelling.type(table.name, "bool_exp")
            found["where"] = Variable(type_, tree) if args.where_how == "variable" else tree
        if args.order or args.order_how == "variable":
            orders = _orders(args.order, table, self.world)
            type_ = f"[{spelling.type(table.name, 'order_by')}!]"
            found[spelling.word("order_by")] = Variable(type_, orders) if args.order_how == "variable" else orders
        if args.distinct:
            columns = [Enum(table.column(name).field) for name in args.distinct]
            type_ = f"[{spelling.type(table.name, 'select_column')}!]"
            name = spelling.word("distinct_on")
            found[name] = Variable(type_, columns) if args.distinct_how == "variable" else columns
        for name, number in (("limit", args.limit), ("offset", args.offset)):
            if number is not None:
                found[name] = _number(number)
        return found


def _orders(orders: tuple[Order, ...], table: Table, world: World) -> Any:
    """A list of keys; now and then one object of two keys, or one that stands for a list of one."""
    trees = [order_tree(order, table, world) for order in orders]
    if len(trees) == 2 and len({key for tree in trees for key in tree}) == 2:
        return [{**trees[0], **trees[1]}]
    return trees[0] if len(trees) == 1 and orders[0].direction.startswith("desc") else trees


def _number(number: Number) -> Any:
    return Variable("Int", number.value, number.sent) if number.how == "variable" else number.value


# ---------------------------------------------------------------- conditions and orders


def where_tree(pred: Pred, table: Table, world: World) -> Any:
    """A caller's condition, with GraphQL names."""
    match pred:
        case Both(parts=parts):
            trees = [where_tree(part, table, world) for part in parts]
            keys = [key for tree in trees for key in tree]
            if len(set(keys)) == len(keys):
                return {key: value for tree in trees for key, value in tree.items()}
            return {"_and": trees}
        case All(parts=parts):
            return {"_and": [where_tree(part, table, world) for part in parts]}
        case Any_(parts=parts):
            return {"_or": [where_tree(part, table, world) for part in parts]}
        case Not(part=part):
            return {"_not": where_tree(part, table, world)}
        case Compare():
            return _compare_tree(pred, table, world)
        case CompareMade():
            return _made_tree(pred, table, world)
        case Related(link=name, part=part) | MadeRows(field=name, part=part):
            return {name: where_tree(part, world.table(table.leads_to(name)), world)}
        case Counted():
            target = world.table(table.link(pred.link).table)
            name = world.spelling.aggregate_field(pred.link)
            return {name: {world.spelling.word(pred.function): _counted_tree(pred, target, world)}}
    raise AssertionError(f"callers have no {pred}")


def _compare_tree(pred: Compare, table: Table, world: World) -> Any:
    column = table.column(pred.column)
    operators = _operators(pred.tests, world)
    tree = {"_cast": {"String": operators}} if pred.as_text else operators
    if pred.how == "variable":
        type_ = world.spelling.comparison(column.kind.scalar, is_array=column.kind.is_array)
        return {column.field: Variable(type_, tree)}
    return {column.field: tree}


def _made_tree(pred: CompareMade, table: Table, world: World) -> Any:
    operators = _operators(pred.tests, world)
    if pred.how != "variable":
        return {pred.field: operators}
    kind = KINDS[table.made(pred.field).routine.returns]
    return {pred.field: Variable(world.spelling.comparison(kind.scalar, is_array=kind.is_array), operators)}


def _counted_tree(pred: Counted, target: Table, world: World) -> Any:
    tree: dict[str, Any] = {"predicate": _operators(pred.tests, world)}
    if pred.columns:
        names = [Enum(target.column(name).field) for name in pred.columns]
        tree["arguments"] = names if pred.function == "count" else names[0]
    if pred.distinct:
        tree["distinct"] = True
    if pred.filter is not None:
        tree["filter"] = where_tree(pred.filter, target, world)
    return tree


def _operators(tests: tuple[Test, ...], world: World) -> dict[str, Any]:
    return {world.spelling.word(test.operator): test.operand for test in tests}


def order_tree(order: Order, table: Table, world: World) -> Any:
    """One key of an order; an aggregate over the last link when there is a function."""
    direction = Enum(world.spelling.direction(order.direction))
    path: list[str] = []
    for index, link in enumerate(order.links):
        is_last = index == len(order.links) - 1
        path.append(world.spelling.aggregate_field(link) if is_last and order.function else link)
        table = world.table(table.leads_to(link))
    if order.function is not None:
        path.append(world.spelling.word(order.function))
    if order.column is not None:
        path.append(order.column if order.is_made else table.column(order.column).field)
    tree: Any = direction
    for step in reversed(path):
        tree = {step: tree}
    return tree


# ---------------------------------------------------------------- text


def aliased(key: str, name: str) -> str:
    return name if key == name else f"{key}: {name}"


def _json_path(path: tuple[str, ...]) -> str:
    return "$" + "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in path)


def constant(value: Any, *, is_enum: bool = False) -> str:
    """JSON as a GraphQL literal."""
    match value:
        case str():
            return value if is_enum else json.dumps(value, ensure_ascii=False)
        case dict():
            return "{" + ", ".join(f"{key}: {constant(item)}" for key, item in value.items()) + "}"
        case list():
            return f"[{', '.join(constant(item, is_enum=is_enum) for item in value)}]"
        case Decimal():
            return format(value, "f")
        case _:
            return json.dumps(value)


def _is_spellable(value: Any) -> bool:
    """Whether GraphQL can write it: keys of objects must be names."""
    if isinstance(value, dict):
        return all(_NAME.fullmatch(key) and _is_spellable(item) for key, item in value.items())
    return not isinstance(value, list) or all(map(_is_spellable, value))
