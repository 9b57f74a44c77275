"""One operation × a role's types → Plan, in one linear pass, with Hasura's messages and paths."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphql.language import EnumValueNode, OperationType, SelectionSetNode

from gql_gen.catalog.types import Ident
from gql_gen.dialects.document import Collected, Expander, Limits, Operation
from gql_gen.dialects.hasura.given import Given, Values
from gql_gen.dialects.hasura.given import found as found_in
from gql_gen.dialects.hasura.inputs import (
    LIMIT,
    OFFSET,
    check_distinct,
    column,
    distinct_on,
    order_by,
    page_slot,
    where,
)
from gql_gen.dialects.hasura.introspect import introspect
from gql_gen.dialects.hasura.json_path import parse_json_path
from gql_gen.dialects.hasura.offered import STRINGIFIED
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.dialects.hasura.typesystem import (
    AggregateField,
    ColumnField,
    CountField,
    EnumType,
    FunctionColumnField,
    FunctionField,
    InputObject,
    LinkAggregateField,
    LinkField,
    ListOf,
    NamespaceField,
    NodesField,
    NonNull,
    ObjectType,
    OutputField,
    RootAggregateField,
    RootByKeyField,
    RootListField,
    TypeRef,
    named,
    nullable,
)
from gql_gen.errors import Rejected
from gql_gen.model.predicates import Compare, Slot, ValueType, both
from gql_gen.model.types import Field
from gql_gen.model.values import encode
from gql_gen.plan.nodes import (
    Access,
    Aggregate,
    AggregateShow,
    Node,
    Plan,
    Root,
    Select,
    Show,
    ShowAggregate,
    ShowColumn,
    ShowGroup,
    ShowLink,
    ShowNodes,
    ShowText,
)

_LISTS = frozenset(
    {"types", "fields", "args", "inputFields", "enumValues", "possibleTypes", "interfaces", "directives"}
)
_INTROSPECTED_LISTS = 50
TEXT_LIST = ValueType(Ident("pg_catalog", "text"), "String", is_list=True)


@dataclass(frozen=True, slots=True)
class Below:
    """Sub-selections to be read together, the fragments they stand in, and the path of the field above them."""

    sets: Sequence[SelectionSetNode]
    inside: tuple[str, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Read:
    """`frame` is the answer's JSON around the roots' values: piece, value 0, piece, value 1, …, piece.
    `used` and `by_value` say which variables shape the plan."""

    plan: Plan
    frame: tuple[bytes, ...]
    used: Mapping[str, TypeRef]
    by_value: frozenset[str]


def read(operation: Operation, variables: Mapping[str, Any], schema: RoleSchema, limits: Limits) -> Read:
    """The plan of a query. Raises Rejected with Hasura's wording."""
    if operation.kind is not OperationType.QUERY:
        raise Rejected(f"no {operation.kind.value}s exist")
    _check_directives(operation)
    return _Reader(operation, variables, schema, limits).read()


def _check_directives(operation: Operation) -> None:
    for directive in operation.node.directives or ():
        name = directive.name.value
        if name in ("include", "skip"):
            raise Rejected(f"directive '{name}' is not allowed on a query")
        if name != "cached":
            raise Rejected(f"directive '{name}' is not defined in the schema")


class _Reader:
    def __init__(self, operation: Operation, variables: Mapping[str, Any], schema: RoleSchema, limits: Limits) -> None:
        self.operation = operation
        self.schema = schema
        self.limits = limits
        self.values = Values(operation, variables)
        self.expander = Expander(operation, variables, limits)
        self.roots: list[Root] = []
        self.frame: list[str] = ['{"data":']

    def read(self) -> Read:
        top = Below([self.operation.node.selection_set], (), "$")
        self._bound_introspection(top)
        self._root_object(top, self.schema.query_root, is_top=True)
        self.frame[-1] += "}"
        frame = tuple(piece.encode() for piece in self.frame)
        by_value = self.values.by_value | self._conditions()
        return Read(Plan("read", tuple(self.roots)), frame, self.values.used, frozenset(by_value))

    def _conditions(self) -> set[str]:
        """Boolean variables decide what is included wherever they stand, so they always count by value."""
        return {name for name, definition in self.operation.variables.items() if definition.type.startswith("Boolean")}

    # ------------------------------------------------------------ roots

    def _root_object(self, below: Below, type_: ObjectType, *, is_top: bool = False) -> None:
        self.frame[-1] += "{"
        for index, collected in enumerate(self._fields(below, type_)):
            self.frame[-1] += ("," if index else "") + json.dumps(collected.key) + ":"
            if collected.name == "__typename":
                self.frame[-1] += json.dumps(self._typename(collected, type_))
            elif is_top and collected.name in ("__schema", "__type"):
                self.frame[-1] += self._introspection(collected)
            else:
                self._root(self._field(type_, collected), collected)
        self.frame[-1] += "}"

    def _introspection(self, collected: Collected) -> str:
        # Answered for the very values given: rare, and outside the hot path.
        self.values.by_value.update(self.operation.variables)
        return introspect(self.schema, collected.nodes, self.operation, self.values.variables)

    def _bound_introspection(self, top: Below) -> None:
        """Counts what all introspection of the operation asks for, fragments expanded, before any of it is executed.
        Each list multiplies the answer by the size of the schema; the usual tools ask for about ten."""
        scout = Expander(self.operation, self.values.variables, self.limits)
        lists = 0
        for collected in scout.fields(top.sets, top.inside, self.schema.query_root.name, top.path):
            if collected.name in ("__schema", "__type"):
                lists += self._lists(scout, self._below(collected))
        if lists > _INTROSPECTED_LISTS:
            raise Rejected("the introspection query asks for too much", path="$.query")

    def _lists(self, scout: Expander, below: Below) -> int:
        found = 0
        for collected in scout.fields(below.sets, below.inside, "", below.path):
            found += collected.name in _LISTS
            if any(node.selection_set for node in collected.nodes):
                found += self._lists(scout, self._below(collected))
        return found

    def _root(self, field: OutputField, collected: Collected) -> None:
        below = self._below(collected)
        arguments = self._arguments(field, collected)
        match field.meaning:
            case NamespaceField():
                self._root_object(below, _object_of(field))
            case RootListField(relation=relation):
                self._add(collected.key, self._select(relation, below, field, arguments), "select")
            case RootAggregateField(relation=relation):
                self._add(collected.key, self._aggregate(relation, below, field, arguments), "select_aggregate")
            case RootByKeyField(relation=relation, key=key):
                self._add(collected.key, self._by_key(relation, key, below, field, arguments), "select_by_pk")
            case _:
                raise AssertionError(f"no root is {field.meaning}")

    def _add(self, key: str, node: Node, access: Access) -> None:
        self.roots.append(Root(key, node, access))
        self.frame.append("")

    # ------------------------------------------------------------ fields and arguments

    def _fields(self, below: Below, type_: ObjectType) -> Iterable[Collected]:
        return self.expander.fields(below.sets, below.inside, type_.name, below.path)

    @staticmethod
    def _field(type_: ObjectType, collected: Collected) -> OutputField:
        field = type_.fields.get(collected.name)
        if field is None:
            raise Rejected(f"field '{collected.name}' not found in type: '{type_.name}'", path=collected.path)
        return field

    @staticmethod
    def _below(collected: Collected) -> Below:
        """The sub-selections of an object field."""
        sets = [node.selection_set for node in collected.nodes if node.selection_set is not None]
        if not sets:
            raise Rejected(f"missing selection set for '{collected.name}'", path=collected.path)
        return Below(sets, collected.inside, collected.path)

    def _typename(self, collected: Collected, type_: ObjectType) -> str:
        self._leaf(collected)
        for argument in collected.first.arguments or ():
            raise Rejected(f"'__typename' has no argument named '{argument.name.value}'", path=collected.path)
        return type_.name

    @staticmethod
    def _leaf(collected: Collected) -> None:
        if any(node.selection_set is not None for node in collected.nodes):
            raise Rejected("unexpected subselection set for non-object field", path=collected.path)

    def _arguments(self, field: OutputField, collected: Collected) -> Mapping[str, Given]:
        """The arguments given, variables opened; unknown and repeated ones are refused, required ones demanded."""
        found: dict[str, Given] = {}
        for node in collected.first.arguments or ():
            name = node.name.value
            argument = field.arguments.get(name)
            if argument is None:
                raise Rejected(f"'{field.name}' has no argument named '{name}'", path=collected.path)
            if name in found:
                raise Rejected(f"argument '{name}' is given more than once", path=collected.path)
            found[name] = self.values.opened(node.value, argument.type, f"{collected.path}.args.{name}")
        for argument in field.arguments.values():
            if isinstance(argument.type, NonNull) and argument.name not in found:
                place = f"{collected.path}.args.{argument.name}"
                raise Rejected(f"missing required field '{argument.name}'", path=place)
        return found

    # ------------------------------------------------------------ nodes

    def _select(self, relation: Ident, below: Below, field: OutputField, arguments: Mapping[str, Given]) -> Select:
        page = self._page(field, arguments, below.path)
        return Select(relation, self._object(below, _object_of(field)), **page)

    def _aggregate(
        self, relation: Ident, below: Below, field: OutputField, arguments: Mapping[str, Given]
    ) -> Aggregate:
        page = self._page(field, arguments, below.path)
        return Aggregate(relation, self._aggregate_object(below, _object_of(field)), **page)

    def _by_key(
        self,
        relation: Ident,
        key: tuple[Field, ...],
        below: Below,
        field: OutputField,
        arguments: Mapping[str, Given],
    ) -> Select:
        tests: list[Compare] = []
        for part in key:
            slot = self.values.slot(arguments[part.name], part.scalar.value_type(), f"{below.path}.args.{part.name}")
            tests.append(Compare(column(part), "_eq", slot))
        return Select(relation, self._object(below, _object_of(field)), where=both(*tests), single=True)

    def _page(self, field: OutputField, arguments: Mapping[str, Given], path: str) -> dict[str, Any]:
        """where, order, distinct, limit and offset of a list."""
        found: dict[str, Any] = {}
        for name, given in arguments.items():
            at, ref = f"{path}.args.{name}", field.arguments[name].type
            match name:
                case "where":
                    found["where"] = where(given, cast(InputObject, named(ref)), self.values, at)
                case "order_by" | "orderBy":
                    found["order"] = order_by(given, ref, self.values, at)
                case "distinct_on" | "distinctOn":
                    found["distinct"] = distinct_on(given, ref, self.values, at)
                case "limit":
                    found["limit"] = page_slot(given, LIMIT, self.values, at)
                case _:
                    found["offset"] = page_slot(given, OFFSET, self.values, at)
        check_distinct(found.get("distinct", ()), found.get("order", ()), f"{path}.args")
        return found

    # ------------------------------------------------------------ what is shown

    def _object(self, below: Below, type_: ObjectType) -> tuple[Show, ...]:
        shows: list[Show] = []
        for collected in self._fields(below, type_):
            if collected.name == "__typename":
                shows.append(ShowText(collected.key, self._typename(collected, type_)))
            else:
                shows.append(self._show(self._field(type_, collected), collected))
        return tuple(shows)

    def _show(self, field: OutputField, collected: Collected) -> Show:
        arguments = self._arguments(field, collected)
        match field.meaning:
            case ColumnField(field=shown):
                self._leaf(collected)
                return self._column(collected.key, shown, arguments, collected.path)
            case LinkField(link=link):
                below = self._below(collected)
                if link.kind == "array":
                    return ShowLink(collected.key, link.on, self._select(link.target, below, field, arguments))
                shown_below = self._object(below, _object_of(field))
                return ShowLink(collected.key, link.on, Select(link.target, shown_below, single=True))
            case LinkAggregateField(link=link):
                below = self._below(collected)
                return ShowLink(collected.key, link.on, self._aggregate(link.target, below, field, arguments))
            case _:
                raise AssertionError(f"a row has no {field.meaning}")

    def _column(self, key: str, field: Field, arguments: Mapping[str, Given], path: str) -> ShowColumn:
        as_text = self.schema.stringify and field.scalar.pg in STRINGIFIED
        given = arguments.get("path")
        if given is None or self.values.is_null(given):
            return ShowColumn(key, column(field), as_text)
        at = f"{path}.args.path"
        text = self.values.json(given)
        if not isinstance(text, str) or isinstance(given, EnumValueNode):
            raise Rejected(f"expected a string for type 'String', but found {found_in(given)}", path=at)
        keys = parse_json_path(text, at)
        slot = Slot("literal", (), TEXT_LIST, encode(list(keys), TEXT_LIST, at), at) if keys else None
        return ShowColumn(key, column(field), as_text, slot)

    def _aggregate_object(self, below: Below, type_: ObjectType) -> tuple[AggregateShow, ...]:
        shows: list[AggregateShow] = []
        for collected in self._fields(below, type_):
            if collected.name == "__typename":
                shows.append(ShowText(collected.key, self._typename(collected, type_)))
                continue
            field = self._field(type_, collected)
            self._arguments(field, collected)
            inner = self._below(collected)
            if isinstance(field.meaning, NodesField):
                shows.append(ShowNodes(collected.key, self._object(inner, _object_of(field))))
            else:
                assert isinstance(field.meaning, AggregateField)
                shows.append(self._functions(collected.key, inner, _object_of(field)))
        return tuple(shows)

    def _functions(self, key: str, below: Below, type_: ObjectType) -> ShowGroup:
        parts: list[ShowAggregate | ShowGroup | ShowText] = []
        for collected in self._fields(below, type_):
            if collected.name == "__typename":
                parts.append(ShowText(collected.key, self._typename(collected, type_)))
                continue
            field = self._field(type_, collected)
            arguments = self._arguments(field, collected)
            match field.meaning:
                case CountField():
                    self._leaf(collected)
                    parts.append(self._count(collected.key, field, arguments, collected.path))
                case FunctionField():
                    inner = self._below(collected)
                    parts.append(self._functions(collected.key, inner, _object_of(field)))
                case FunctionColumnField(function=function, field=shown, as_text=as_text):
                    self._leaf(collected)
                    parts.append(ShowAggregate(collected.key, function, (column(shown),), as_text=as_text))
                case _:
                    raise AssertionError(f"an aggregate has no {field.meaning}")
        return ShowGroup(key, tuple(parts))

    def _count(self, key: str, field: OutputField, arguments: Mapping[str, Given], path: str) -> ShowAggregate:
        columns: tuple[Any, ...] = ()
        distinct = False
        if (given := arguments.get("columns")) is not None and not self.values.is_null(given):
            ref = field.arguments["columns"].type
            at = f"{path}.args.columns"
            members = [
                self.values.member(item, cast(EnumType, named(ref)), place)
                for item, place in self.values.items(given, cast(ListOf, nullable(ref)).of, at)
            ]
            columns = tuple(column(cast(Field, member.meaning)) for member in members)
        if (given := arguments.get("distinct")) is not None and not self.values.is_null(given):
            distinct = self.values.boolean(given, f"{path}.args.distinct")
        return ShowAggregate(key, "count", columns, distinct and bool(columns))


def _object_of(field: OutputField) -> ObjectType:
    return cast(ObjectType, named(field.type))
