"""One operation × a role's types → Plan, in one linear pass, with Hasura's messages and paths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql.language import FieldNode, OperationType, SelectionSetNode, StringValueNode

from gql_gen.catalog.types import Ident
from gql_gen.dialects.document import Collected, Expander, Limits, Operation
from gql_gen.dialects.hasura.given import Given, Values
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
from gql_gen.dialects.hasura.schema import STRINGIFIED, RoleSchema
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

Sets = list[tuple[SelectionSetNode, tuple[str, ...]]]
TEXT_LIST = ValueType(Ident("pg_catalog", "text"), "String", is_list=True)


@dataclass(frozen=True, slots=True)
class Read:
    """`frame` is the answer's JSON around the roots' values: piece, value 0, piece, value 1, …, piece.
    `used` and `by_value` say which variables shape the plan; `plan` is None when nothing needs the database."""

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
        self.values = Values(operation, variables)
        self.expander = Expander(operation, variables, limits)
        self.roots: list[Root] = []
        self.frame: list[str] = ['{"data":']

    def read(self) -> Read:
        self._root_object([(self.operation.node.selection_set, ())], self.schema.query_root, "$", is_top=True)
        self.frame[-1] += "}"
        frame = tuple(piece.encode() for piece in self.frame)
        by_value = self.values.by_value | self._conditions()
        return Read(Plan("read", tuple(self.roots)), frame, self.values.used, frozenset(by_value))

    def _conditions(self) -> set[str]:
        """Boolean variables decide what is included wherever they stand, so they always count by value."""
        return {name for name, definition in self.operation.variables.items() if definition.type.startswith("Boolean")}

    # ------------------------------------------------------------ roots

    def _root_object(self, sets: Sets, type_: ObjectType, path: str, *, is_top: bool = False) -> None:
        self.frame[-1] += "{"
        fields = self.expander.fields(sets, type_.name, path)
        for index, (collected, inside) in enumerate(fields.values()):
            name = collected.first.name.value
            self.frame[-1] += ("," if index else "") + json.dumps(collected.key) + ":"
            if name == "__typename":
                self._leaf(collected, path)
                self.frame[-1] += json.dumps(type_.name)
            elif is_top and name in ("__schema", "__type"):
                self.frame[-1] += self._introspection(collected)
            else:
                field = self._field(type_, name, path)
                self._root(field, collected, inside, f"{path}.selectionSet.{name}")
        self.frame[-1] += "}"

    def _introspection(self, collected: Collected) -> str:
        values = self.values
        for node in collected.nodes:
            for name in introspection_variables(node, self.operation):
                values.by_value.add(name)
        return introspect(self.schema, collected.nodes, self.operation, values.variables)

    def _root(self, field: OutputField, collected: Collected, inside: tuple[str, ...], path: str) -> None:
        sets = self._sets(collected, inside, field, path)
        arguments = self._arguments(field, collected, path)
        match field.meaning:
            case NamespaceField():
                self._root_object(sets, cast(ObjectType, named(field.type)), path)
            case RootListField(relation=relation):
                node: Node = self._select(relation, sets, field, arguments, path)
                self._add(collected.key, node, "select")
            case RootAggregateField(relation=relation):
                self._add(collected.key, self._aggregate(relation, sets, field, arguments, path), "select_aggregate")
            case RootByKeyField(relation=relation, key=key):
                self._add(collected.key, self._by_key(relation, key, sets, field, arguments, path), "select_by_pk")
            case _:
                raise AssertionError(f"no root is {field.meaning}")

    def _add(self, key: str, node: Node, access: Access) -> None:
        self.roots.append(Root(key, node, access))
        self.frame.append("")

    # ------------------------------------------------------------ fields and arguments

    @staticmethod
    def _field(type_: ObjectType, name: str, path: str) -> OutputField:
        field = type_.fields.get(name)
        if field is None:
            raise Rejected(f"field '{name}' not found in type: '{type_.name}'", path=f"{path}.selectionSet.{name}")
        return field

    @staticmethod
    def _sets(collected: Collected, inside: tuple[str, ...], field: OutputField, path: str) -> Sets:
        """The sub-selections of an object field."""
        sets = [(node.selection_set, inside) for node in collected.nodes if node.selection_set is not None]
        if not sets:
            raise Rejected(f"missing selection set for '{field.name}'", path=path)
        return sets

    @staticmethod
    def _leaf(collected: Collected, path: str) -> None:
        if any(node.selection_set is not None for node in collected.nodes):
            raise Rejected(
                "unexpected subselection set for non-object field",
                path=f"{path}.selectionSet.{collected.first.name.value}",
            )

    def _arguments(self, field: OutputField, collected: Collected, path: str) -> Mapping[str, Given]:
        """The arguments given, variables opened; unknown and repeated ones are refused, required ones demanded."""
        found: dict[str, Given] = {}
        for node in collected.first.arguments or ():
            name = node.name.value
            argument = field.arguments.get(name)
            if argument is None:
                raise Rejected(f"'{field.name}' has no argument named '{name}'", path=path)
            if name in found:
                raise Rejected(f"argument '{name}' is given more than once", path=path)
            found[name] = self.values.opened(node.value, argument.type, f"{path}.args.{name}")
        for argument in field.arguments.values():
            if isinstance(argument.type, NonNull) and argument.name not in found:
                raise Rejected(f"missing required field '{argument.name}'", path=f"{path}.args.{argument.name}")
        return found

    # ------------------------------------------------------------ nodes

    def _select(
        self, relation: Ident, sets: Sets, field: OutputField, arguments: Mapping[str, Given], path: str
    ) -> Select:
        return Select(relation, self._object(sets, _object_of(field), path), **self._page(field, arguments, path))

    def _aggregate(
        self, relation: Ident, sets: Sets, field: OutputField, arguments: Mapping[str, Given], path: str
    ) -> Aggregate:
        type_ = _object_of(field)
        return Aggregate(relation, self._aggregate_object(sets, type_, path), **self._page(field, arguments, path))

    def _by_key(
        self,
        relation: Ident,
        key: tuple[Field, ...],
        sets: Sets,
        field: OutputField,
        arguments: Mapping[str, Given],
        path: str,
    ) -> Select:
        tests = [
            Compare(
                column(part),
                "_eq",
                self.values.slot(arguments[part.name], part.scalar.value_type(), f"{path}.args.{part.name}"),
            )
            for part in key
        ]
        return Select(relation, self._object(sets, _object_of(field), path), where=both(*tests), single=True)

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

    def _object(self, sets: Sets, type_: ObjectType, path: str) -> tuple[Show, ...]:
        shows: list[Show] = []
        for collected, inside in self.expander.fields(sets, type_.name, path).values():
            name = collected.first.name.value
            if name == "__typename":
                self._leaf(collected, path)
                shows.append(ShowText(collected.key, type_.name))
                continue
            field = self._field(type_, name, path)
            shows.append(self._show(field, collected, inside, path))
        return tuple(shows)

    def _show(self, field: OutputField, collected: Collected, inside: tuple[str, ...], parent: str) -> Show:
        path = f"{parent}.selectionSet.{field.name}"
        arguments = self._arguments(field, collected, path)
        match field.meaning:
            case ColumnField(field=shown):
                self._leaf(collected, parent)
                return self._column(collected.key, shown, arguments, path)
            case LinkField(link=link):
                sets = self._sets(collected, inside, field, path)
                if link.kind == "array":
                    return ShowLink(collected.key, link.on, self._select(link.target, sets, field, arguments, path))
                below = self._object(sets, _object_of(field), path)
                return ShowLink(collected.key, link.on, Select(link.target, below, single=True))
            case LinkAggregateField(link=link):
                sets = self._sets(collected, inside, field, path)
                return ShowLink(collected.key, link.on, self._aggregate(link.target, sets, field, arguments, path))
            case _:
                raise AssertionError(f"a row has no {field.meaning}")

    def _column(self, key: str, field: Field, arguments: Mapping[str, Given], path: str) -> ShowColumn:
        as_text = self.schema.stringify and field.scalar.pg in STRINGIFIED
        given = arguments.get("path")
        if given is None or self.values.is_null(given):
            return ShowColumn(key, column(field), as_text)
        at = f"{path}.args.path"
        text = self.values.json(given)
        if not isinstance(text, str) or not (isinstance(given, StringValueNode) or hasattr(given, "path")):
            raise Rejected("expected a string for type 'String'", path=at)
        keys = parse_json_path(text, at)
        slot = Slot("literal", (), TEXT_LIST, encode(list(keys), TEXT_LIST, at), at) if keys else None
        return ShowColumn(key, column(field), as_text, slot)

    def _aggregate_object(self, sets: Sets, type_: ObjectType, path: str) -> tuple[AggregateShow, ...]:
        shows: list[AggregateShow] = []
        for collected, inside in self.expander.fields(sets, type_.name, path).values():
            name = collected.first.name.value
            if name == "__typename":
                self._leaf(collected, path)
                shows.append(ShowText(collected.key, type_.name))
                continue
            field = self._field(type_, name, path)
            place = f"{path}.selectionSet.{name}"
            below = self._sets(collected, inside, field, place)
            self._arguments(field, collected, place)
            if isinstance(field.meaning, NodesField):
                shows.append(ShowNodes(collected.key, self._object(below, _object_of(field), place)))
            else:
                assert isinstance(field.meaning, AggregateField)
                shows.append(self._functions(collected.key, below, _object_of(field), place))
        return tuple(shows)

    def _functions(self, key: str, sets: Sets, type_: ObjectType, path: str) -> ShowGroup:
        parts: list[ShowAggregate | ShowGroup | ShowText] = []
        for collected, inside in self.expander.fields(sets, type_.name, path).values():
            name = collected.first.name.value
            if name == "__typename":
                self._leaf(collected, path)
                parts.append(ShowText(collected.key, type_.name))
                continue
            field = self._field(type_, name, path)
            place = f"{path}.selectionSet.{name}"
            arguments = self._arguments(field, collected, place)
            match field.meaning:
                case CountField():
                    self._leaf(collected, path)
                    parts.append(self._count(collected.key, field, arguments, place))
                case FunctionField():
                    below = self._sets(collected, inside, field, place)
                    parts.append(self._functions(collected.key, below, _object_of(field), place))
                case FunctionColumnField(function=function, field=shown, as_text=as_text):
                    self._leaf(collected, path)
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


def introspection_variables(node: FieldNode, operation: Operation) -> set[str]:
    """Every declared variable: introspection is answered for the values given, rarely and outside the hot path."""
    del node
    return set(operation.variables)
