"""What is shown: selections on rows and aggregates → Select and Aggregate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from graphql.language import EnumValueNode

from gql_gen.catalog.types import Ident
from gql_gen.dialects.document import Collected
from gql_gen.dialects.hasura.calls import called
from gql_gen.dialects.hasura.given import Given
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
from gql_gen.dialects.hasura.json_path import parse_json_path
from gql_gen.dialects.hasura.offered import STRINGIFIED
from gql_gen.dialects.hasura.relay_read import ConnectionReader
from gql_gen.dialects.hasura.selections import Below, object_of
from gql_gen.dialects.hasura.typesystem import (
    AggregateField,
    ColumnField,
    ComputedRowsField,
    ComputedValueField,
    CountField,
    EnumType,
    FunctionColumnField,
    FunctionComputedField,
    FunctionField,
    GlobalIdField,
    InputObject,
    LinkAggregateField,
    LinkConnectionField,
    LinkField,
    ListOf,
    NodesField,
    ObjectType,
    OutputField,
    RootCallField,
    named,
    nullable,
)
from gql_gen.errors import Rejected
from gql_gen.model.predicates import Compare, ComputedRef, Pred, Slot, ValueType, both
from gql_gen.model.types import Field, Scalar
from gql_gen.model.values import encode
from gql_gen.plan.nodes import (
    Aggregate,
    AggregateShow,
    CallValue,
    Node,
    Select,
    Show,
    ShowAggregate,
    ShowColumn,
    ShowComputed,
    ShowGlobalId,
    ShowGroup,
    ShowLink,
    ShowNodes,
    ShowRows,
)

TEXT_LIST = ValueType(Ident("pg_catalog", "text"), "String", is_list=True)


class RowReader(ConnectionReader):
    """Reads what is asked of rows."""

    # ------------------------------------------------------------ nodes

    def select(self, relation: Ident, below: Below, field: OutputField, arguments: Mapping[str, Given]) -> Select:
        page = self.filters(field, arguments, below.path)
        return Select(relation, self.object(below, object_of(field)), **page)

    def called_node(self, root: RootCallField, field: OutputField, collected: Collected) -> Node:
        """What a tracked function returns: rows, one row, aggregates over its rows, or a single value."""
        function, path = root.function, collected.path
        arguments = self.arguments(field, collected)
        call = called(function.routine, field, arguments, self.values, path)
        if isinstance(function.returns, Scalar):
            self.leaf(collected)
            return CallValue(call, self.schema.stringify and function.returns.pg in STRINGIFIED)
        below = self.below(collected)
        if root.is_aggregate:
            return replace(self.aggregate(function.returns, below, field, arguments), rows=call)
        if function.is_set:
            return replace(self.select(function.returns, below, field, arguments), rows=call)
        return Select(function.returns, self.object(below, object_of(field)), single=True, rows=call)

    def aggregate(self, relation: Ident, below: Below, field: OutputField, arguments: Mapping[str, Given]) -> Aggregate:
        page = self.filters(field, arguments, below.path)
        return Aggregate(relation, self._aggregate_object(below, object_of(field)), **page)

    def by_key(
        self,
        relation: Ident,
        key: tuple[Field, ...],
        below: Below,
        field: OutputField,
        arguments: Mapping[str, Given],
    ) -> Select:
        test = self.key_test(key, arguments, below.path)
        return Select(relation, self.object(below, object_of(field)), where=test, single=True)

    def key_test(self, key: tuple[Field, ...], arguments: Mapping[str, Given], path: str) -> Pred:
        """Arguments named as the parts of a key."""
        tests: list[Compare] = []
        for part in key:
            slot = self.values.slot(arguments[part.name], part.scalar.value_type(), f"{path}.args.{part.name}")
            tests.append(Compare(column(part), "_eq", slot))
        return both(*tests)

    def filters(self, field: OutputField, arguments: Mapping[str, Given], path: str) -> dict[str, Any]:
        """where, order, distinct, limit and offset of a list."""
        found: dict[str, Any] = {}
        for name, given in arguments.items():
            at, ref = f"{path}.args.{name}", field.arguments[name].type
            match name:
                case "args" | "after" | "before" | "first" | "last":
                    continue
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

    def object(self, below: Below, type_: ObjectType) -> tuple[Show, ...]:
        return self.shown(below, type_, self._show)

    def _show(self, field: OutputField, collected: Collected) -> Show:
        arguments = self.arguments(field, collected)
        match field.meaning:
            case ColumnField(field=shown):
                self.leaf(collected)
                return self._column(collected.key, shown, arguments, collected.path)
            case LinkField(link=link):
                below = self.below(collected)
                if link.kind == "array":
                    return ShowLink(collected.key, link.on, self.select(link.target, below, field, arguments))
                shown_below = self.object(below, object_of(field))
                return ShowLink(collected.key, link.on, Select(link.target, shown_below, single=True))
            case LinkAggregateField(link=link):
                below = self.below(collected)
                return ShowLink(collected.key, link.on, self.aggregate(link.target, below, field, arguments))
            case LinkConnectionField(link=link):
                below = self.below(collected)
                return ShowLink(collected.key, link.on, self.connection(link.target, below, field, arguments))
            case GlobalIdField(relation=relation, key=key):
                self.leaf(collected)
                return ShowGlobalId(collected.key, relation, key)
            case ComputedValueField(field=computed, returns=returns):
                self.leaf(collected)
                call = called(computed.routine, field, arguments, self.values, collected.path)
                as_text = self.schema.stringify and returns.pg in STRINGIFIED
                value = ComputedRef(call, returns.pg)
                return ShowComputed(collected.key, value, as_text, self._json_path(arguments, collected.path))
            case ComputedRowsField(field=computed, relation=relation):
                call = called(computed.routine, field, arguments, self.values, collected.path)
                node = self.select(relation, self.below(collected), field, arguments)
                return ShowRows(collected.key, replace(node, rows=call))
            case _:
                raise AssertionError(f"a row has no {field.meaning}")

    def _column(self, key: str, field: Field, arguments: Mapping[str, Given], path: str) -> ShowColumn:
        as_text = self.schema.stringify and field.scalar.pg in STRINGIFIED
        return ShowColumn(key, column(field), as_text, self._json_path(arguments, path))

    def _json_path(self, arguments: Mapping[str, Given], path: str) -> Slot | None:
        """Keys and indexes into a JSON value; None for all of it."""
        given = arguments.get("path")
        if given is None or self.values.is_null(given):
            return None
        at = f"{path}.args.path"
        text = self.values.json(given)
        if not isinstance(text, str) or isinstance(given, EnumValueNode):
            raise Rejected(f"expected a string for type 'String', but found {found_in(given)}", path=at)
        keys = parse_json_path(text, at)
        return Slot("literal", (), TEXT_LIST, encode(list(keys), TEXT_LIST, at), at) if keys else None

    def _aggregate_object(self, below: Below, type_: ObjectType) -> tuple[AggregateShow, ...]:
        return self.shown(below, type_, self._aggregate_part)

    def _aggregate_part(self, field: OutputField, collected: Collected) -> AggregateShow:
        self.arguments(field, collected)
        inner = self.below(collected)
        if isinstance(field.meaning, NodesField):
            return ShowNodes(collected.key, self.object(inner, object_of(field)))
        assert isinstance(field.meaning, AggregateField)
        return self._functions(collected.key, inner, object_of(field))

    def _functions(self, key: str, below: Below, type_: ObjectType) -> ShowGroup:
        return ShowGroup(key, self.shown(below, type_, self._function))

    def _function(self, field: OutputField, collected: Collected) -> ShowAggregate | ShowGroup:
        arguments = self.arguments(field, collected)
        match field.meaning:
            case CountField():
                self.leaf(collected)
                return self._count(collected.key, field, arguments, collected.path)
            case FunctionField():
                return self._functions(collected.key, self.below(collected), object_of(field))
            case FunctionColumnField(function=function, field=shown, as_text=as_text):
                self.leaf(collected)
                return ShowAggregate(collected.key, function, (column(shown),), as_text=as_text)
            case FunctionComputedField(function=function, field=computed, returns=returns, as_text=as_text):
                self.leaf(collected)
                call = called(computed.routine, field, arguments, self.values, collected.path)
                value = ComputedRef(call, returns.pg)
                return ShowAggregate(collected.key, function, (value,), as_text=as_text)
            case _:
                raise AssertionError(f"an aggregate has no {field.meaning}")

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
