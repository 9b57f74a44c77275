"""RoleModel → the GraphQL types of one role, Hasura v2's shape in any of the three namings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from gql_gen.catalog.types import Ident
from gql_gen.dialects.hasura.typesystem import (
    AggregateField,
    AggregateOrder,
    AggregatePredicate,
    Argument,
    CastInput,
    ColumnField,
    Connective,
    CountField,
    EachInput,
    EnumMember,
    EnumType,
    FieldInput,
    FunctionColumnField,
    FunctionField,
    InputField,
    InputObject,
    LinkAggregateField,
    LinkAggregateInput,
    LinkField,
    LinkInput,
    ListOf,
    NamedType,
    NamespaceField,
    NodesField,
    NonNull,
    NullInput,
    ObjectType,
    OperatorInput,
    OutputField,
    Plain,
    RootAggregateField,
    RootByKeyField,
    RootListField,
    ScalarType,
    TypeRef,
)
from gql_gen.model.operators import OperatorSpec, operand_type, operators_for
from gql_gen.model.predicates import TRUE
from gql_gen.model.types import Field, Link, RoleEntity, RoleModel, Scalar
from gql_gen.names import (
    aggregate_field_name,
    argument_name,
    enum_value_name,
    scalar_type_name,
    shared_type_name,
    type_name,
)
from gql_gen.plan.nodes import AggregateFunction, Direction, Nulls

PG = "pg_catalog"
TEXT = Ident(PG, "text")
JSON_TYPES = frozenset({Ident(PG, "json"), Ident(PG, "jsonb")})
NUMERIC = frozenset(Ident(PG, name) for name in ("int2", "int4", "int8", "float4", "float8", "numeric"))
STRINGIFIED = frozenset(Ident(PG, name) for name in ("int8", "float8", "numeric"))
"""What stringify_numeric_types prints as JSON strings: numbers that JavaScript would round."""
SUMMED = NUMERIC | {Ident(PG, "money")}
COMPARED = SUMMED | {
    Ident(PG, name)
    for name in ("text", "varchar", "bpchar", "date", "time", "timetz", "timestamp", "timestamptz", "interval", "inet")
}
"""Types with min and max in every supported Postgres; citext is compared too, wherever it lives."""
FLOAT_FUNCTIONS: tuple[AggregateFunction, ...] = (
    "avg",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "var_pop",
    "var_samp",
    "variance",
)
ORDERS: tuple[tuple[str, Direction, Nulls | None, str], ...] = (
    ("asc", "asc", None, "smallest first, nulls last"),
    ("asc_nulls_first", "asc", "first", "smallest first, nulls before"),
    ("asc_nulls_last", "asc", "last", "smallest first, nulls last"),
    ("desc", "desc", None, "largest first, nulls before"),
    ("desc_nulls_first", "desc", "first", "largest first, nulls before"),
    ("desc_nulls_last", "desc", "last", "largest first, nulls last"),
)
T = TypeVar("T", ScalarType, EnumType, InputObject, ObjectType)


class RoleSchema:
    """The types of one role. Nothing is made before it is looked at; what was made is kept."""

    def __init__(self, role: RoleModel, *, stringify_numeric_types: bool = False) -> None:
        self.role = role
        self.naming = role.model.naming
        self.stringify = stringify_numeric_types
        self._types: dict[str, NamedType] = {}
        self.query_root = ObjectType("query_root", self._query_root)

    # ------------------------------------------------------------ names

    def _entity_type(self, entity: RoleEntity, suffix: str) -> str:
        return type_name(entity.entity.type_name, suffix, self.naming)

    def _argument(self, name: str) -> str:
        return argument_name(name, self.naming)

    def _made(self, name: str, kind: type[T], make: Callable[[], T]) -> T:
        known = self._types.get(name)
        if known is None:
            known = self._types[name] = make()
        assert isinstance(known, kind), f"two types called {name}"
        return known

    # ------------------------------------------------------------ roots

    def _query_root(self) -> Mapping[str, OutputField]:
        fields = {field.name: field for entity in self.role.entities.values() for field in self._roots(entity)}
        namespace = self.role.model.customization.root_fields_namespace
        if not namespace or not fields:
            return fields
        below = ObjectType(f"{namespace}_query", lambda: fields)
        return {namespace: OutputField(namespace, NonNull(below), NamespaceField(), {})}

    def _roots(self, entity: RoleEntity) -> Iterable[OutputField]:
        names = entity.entity.root_fields
        relation = entity.entity.ident
        shown = entity.entity.ident.name
        if "select" in entity.query_roots and "select" in names and self.is_shown(entity):
            yield OutputField(
                names["select"].name,
                NonNull(ListOf(NonNull(self.object(entity)))),
                RootListField(relation),
                self.list_arguments(entity),
                _described(names["select"].comment, f'fetch data from the table: "{shown}"'),
            )
        if "select_by_pk" in entity.query_roots and entity.by_primary_key and "select_by_pk" in names:
            key = tuple(self._key(entity))
            yield OutputField(
                names["select_by_pk"].name,
                self.object(entity),
                RootByKeyField(relation, key),
                {part.name: Argument(part.name, NonNull(self.scalar(part.scalar)), part.comment) for part in key},
                _described(
                    names["select_by_pk"].comment, f'fetch data from the table: "{shown}" using primary key columns'
                ),
            )
        if "select_aggregate" in entity.query_roots and entity.allow_aggregations and "select_aggregate" in names:
            yield OutputField(
                names["select_aggregate"].name,
                NonNull(self.aggregate(entity)),
                RootAggregateField(relation),
                self.list_arguments(entity),
                _described(names["select_aggregate"].comment, f'fetch aggregated fields from the table: "{shown}"'),
            )

    @staticmethod
    def _key(entity: RoleEntity) -> Iterable[Field]:
        for column in entity.entity.primary_key:
            yield next(field for field in entity.fields.values() if field.sql == column)

    @staticmethod
    def is_shown(entity: RoleEntity) -> bool:
        """Whether the role has anything to select from a row: an object type needs a field."""
        return bool(entity.fields or entity.links)

    # ------------------------------------------------------------ output types

    def scalar(self, scalar: Scalar) -> TypeRef:
        """A column's type, without nullability."""
        if scalar.element is not None:
            return ListOf(NonNull(self.scalar(scalar.element)))
        values = scalar.values
        if values is not None:
            members = {name: EnumMember(None, comment) for name, comment in values}
            return self._made(scalar.name, EnumType, lambda: EnumType(scalar.name, members))
        return self.plain(scalar.name)

    def plain(self, name: str) -> ScalarType:
        return self._made(name, ScalarType, lambda: ScalarType(name))

    def object(self, entity: RoleEntity) -> ObjectType:
        name = entity.entity.type_name
        comment = entity.entity.comment
        description = comment if comment is not None else f'columns and relationships of "{entity.entity.ident.name}"'
        return self._made(
            name, ObjectType, lambda: ObjectType(name, lambda: self._object_fields(entity), description or None)
        )

    def _object_fields(self, entity: RoleEntity) -> Mapping[str, OutputField]:
        fields = {field.name: self._column(field) for field in entity.fields.values()}
        for link in entity.links.values():
            for made in self._link_fields(link):
                fields[made.name] = made
        return fields

    def _column(self, field: Field) -> OutputField:
        ref = self.scalar(field.scalar)
        arguments: dict[str, Argument] = {}
        if field.scalar.pg in JSON_TYPES and field.scalar.element is None:
            arguments["path"] = Argument("path", self.plain("String"), "where in the JSON, such as $.a[0]")
        return OutputField(
            field.name,
            ref if field.column.nullable else NonNull(ref),
            ColumnField(field),
            arguments,
            field.comment or None,
        )

    def _link_fields(self, link: Link) -> Iterable[OutputField]:
        target = self.role.entities[link.target]
        if link.kind == "object":
            if self.is_shown(target):
                always = not link.nullable and target.rule == TRUE
                ref: TypeRef = self.object(target)
                described = _described(link.comment, "An object relationship")
                yield OutputField(link.name, NonNull(ref) if always else ref, LinkField(link), {}, described)
            return
        arguments = self.list_arguments(target)
        if self.is_shown(target):
            ref = NonNull(ListOf(NonNull(self.object(target))))
            described = _described(link.comment, "An array relationship")
            yield OutputField(link.name, ref, LinkField(link), arguments, described)
        if target.allow_aggregations:
            name = aggregate_field_name(link.name, self.naming)
            yield OutputField(
                name, NonNull(self.aggregate(target)), LinkAggregateField(link), arguments, "An aggregate relationship"
            )

    def list_arguments(self, entity: RoleEntity) -> Mapping[str, Argument]:
        found = [
            Argument(self._argument("limit"), self.plain("Int"), "the most rows to return"),
            Argument(self._argument("offset"), self.plain("Int"), "how many rows to skip; of use with an order only"),
            Argument(self._argument("where"), self.bool_exp(entity), "which rows"),
        ]
        if entity.fields:
            found.append(
                Argument(
                    self._argument("distinct_on"),
                    ListOf(NonNull(self.select_column(entity))),
                    "one row for each combination of these columns, the first in order",
                )
            )
        if self.order_by(entity).fields:
            found.append(
                Argument(
                    self._argument("order_by"),
                    ListOf(NonNull(self.order_by(entity))),
                    "in which order",
                )
            )
        return {argument.name: argument for argument in sorted(found, key=lambda argument: argument.name)}

    # ------------------------------------------------------------ aggregates

    def aggregate(self, entity: RoleEntity) -> ObjectType:
        name = self._entity_type(entity, "aggregate")
        shown = entity.entity.ident.name
        return self._made(
            name,
            ObjectType,
            lambda: ObjectType(
                name, lambda: self._aggregate_root(entity), f'aggregates over rows of "{shown}", and the rows'
            ),
        )

    def _aggregate_root(self, entity: RoleEntity) -> Mapping[str, OutputField]:
        name = self._entity_type(entity, "aggregate_fields")
        fields = self._made(
            name,
            ObjectType,
            lambda: ObjectType(
                name, lambda: self._aggregate_fields(entity), f'aggregates over rows of "{entity.entity.ident.name}"'
            ),
        )
        found = {"aggregate": OutputField("aggregate", fields, AggregateField(), {})}
        if self.is_shown(entity):
            nodes = NonNull(ListOf(NonNull(self.object(entity))))
            found["nodes"] = OutputField("nodes", nodes, NodesField(entity.entity.ident), {})
        return found

    def _aggregate_fields(self, entity: RoleEntity) -> Mapping[str, OutputField]:
        arguments: dict[str, Argument] = {}
        if entity.fields:
            arguments["columns"] = Argument("columns", ListOf(NonNull(self.select_column(entity))))
            arguments["distinct"] = Argument("distinct", self.plain("Boolean"))
        found = {"count": OutputField("count", NonNull(self.plain("Int")), CountField(), arguments)}
        for function in self._functions(entity):
            name = self._argument(function)
            found[name] = OutputField(name, self._function_fields(entity, function), FunctionField(function), {})
        return found

    def _functions(self, entity: RoleEntity) -> Iterable[AggregateFunction]:
        for function in (*FLOAT_FUNCTIONS, "max", "min", "sum"):
            if aggregated(entity, function):
                yield function

    def _function_fields(self, entity: RoleEntity, function: AggregateFunction) -> ObjectType:
        name = self._entity_type(entity, f"{function}_fields")

        def make() -> Mapping[str, OutputField]:
            return {field.name: self._function_column(field, function) for field in aggregated(entity, function)}

        return self._made(name, ObjectType, lambda: ObjectType(name, make, f"{function} of a column"))

    def _function_column(self, field: Field, function: AggregateFunction) -> OutputField:
        ref = self.plain("Float") if function in FLOAT_FUNCTIONS else self.scalar(field.scalar)
        as_text = self.stringify and field.scalar.pg in STRINGIFIED
        return OutputField(field.name, ref, FunctionColumnField(function, field, as_text), {}, field.comment or None)

    # ------------------------------------------------------------ filters

    def bool_exp(self, entity: RoleEntity) -> InputObject:
        name = self._entity_type(entity, "bool_exp")
        description = f'A filter for rows of "{entity.entity.ident.name}": all of its fields must hold.'
        return self._made(
            name, InputObject, lambda: InputObject(name, lambda: self._bool_exp_fields(entity), description)
        )

    def _bool_exp_fields(self, entity: RoleEntity) -> Mapping[str, InputField]:
        own = self.bool_exp(entity)
        found = [
            InputField("_and", ListOf(NonNull(own)), Connective("_and")),
            InputField("_not", own, Connective("_not")),
            InputField("_or", ListOf(NonNull(own)), Connective("_or")),
        ]
        for field in entity.fields.values():
            found.append(InputField(field.name, self.comparison(field.scalar), FieldInput(field)))
        for link in entity.links.values():
            target = self.role.entities[link.target]
            found.append(InputField(link.name, self.bool_exp(target), LinkInput(link)))
            if link.kind == "array" and target.allow_aggregations:
                name = aggregate_field_name(link.name, self.naming)
                found.append(InputField(name, self.aggregate_bool_exp(target), LinkAggregateInput(link)))
        return {field.name: field for field in found}

    def comparison(self, scalar: Scalar) -> InputObject:
        suffix = "comparison_exp" if scalar.element is None else "array_comparison_exp"
        name = scalar_type_name(scalar.name, suffix, self.naming)
        description = f'A test of a value of type "{scalar.name}": all of its fields must hold.'
        return self._made(
            name, InputObject, lambda: InputObject(name, lambda: self._comparison_fields(scalar), description)
        )

    def _comparison_fields(self, scalar: Scalar) -> Mapping[str, InputField]:
        found = [self._operator(spec, scalar) for spec in operators_for(scalar)]
        found.append(InputField(self._argument("_is_null"), self.plain("Boolean"), NullInput()))
        if scalar.pg == Ident(PG, "jsonb") and scalar.element is None:
            found.append(InputField("_cast", self._cast(scalar), CastInput()))
        return {field.name: field for field in found}

    def _operator(self, spec: OperatorSpec, scalar: Scalar) -> InputField:
        own = self.scalar(scalar)
        same = operand_type(spec, scalar)
        match spec.operand:
            case "list":
                if scalar.element is not None:
                    each = EachInput("_eq" if spec.name == "_in" else "_neq", scalar.value_type())
                    return InputField(self._argument(spec.name), ListOf(NonNull(own)), each, spec.description)
                ref: TypeRef = ListOf(NonNull(own))
            case "text":
                ref = self.plain("String")
            case "texts":
                ref = ListOf(NonNull(self.plain("String")))
            case "ltree" | "lquery" | "ltxtquery":
                ref = self.plain(spec.operand)
            case "ltrees" | "lqueries":
                ref = ListOf(NonNull(self.plain("ltree" if spec.operand == "ltrees" else "lquery")))
            case _:
                ref = own
        return InputField(self._argument(spec.name), ref, OperatorInput(spec, same), spec.description)

    def _cast(self, scalar: Scalar) -> InputObject:
        name = scalar_type_name(scalar.name, "cast_exp", self.naming)
        text = Scalar("String", TEXT)
        fields = {"String": InputField("String", self.comparison(text), CastInput(text))}
        return self._made(name, InputObject, lambda: InputObject(name, lambda: fields))

    def aggregate_bool_exp(self, entity: RoleEntity) -> InputObject:
        name = self._entity_type(entity, "aggregate_bool_exp")
        return self._made(name, InputObject, lambda: InputObject(name, lambda: self._aggregate_predicates(entity)))

    def _aggregate_predicates(self, entity: RoleEntity) -> Mapping[str, InputField]:
        count = InputField("count", self._count_predicate(entity), AggregatePredicate("count"))
        found = {count.name: count}
        if any(field.scalar.pg == Ident(PG, "bool") and not field.scalar.element for field in entity.fields.values()):
            for function in ("bool_and", "bool_or"):
                field_name = self._argument(function)
                found[field_name] = InputField(
                    field_name,
                    self._bool_predicate(entity, function),
                    AggregatePredicate("bool_and" if function == "bool_and" else "bool_or"),
                )
        return found

    def _count_predicate(self, entity: RoleEntity) -> InputObject:
        name = self._entity_type(entity, "aggregate_bool_exp_count")

        def make() -> Mapping[str, InputField]:
            found = {
                "distinct": InputField("distinct", self.plain("Boolean"), Plain()),
                "filter": InputField("filter", self.bool_exp(entity), Plain()),
                "predicate": InputField(
                    "predicate", NonNull(self.comparison(Scalar("Int", Ident(PG, "int4")))), Plain()
                ),
            }
            if entity.fields:
                found["arguments"] = InputField("arguments", ListOf(NonNull(self.select_column(entity))), Plain())
            return found

        return self._made(name, InputObject, lambda: InputObject(name, make))

    def _bool_predicate(self, entity: RoleEntity, function: str) -> InputObject:
        name = self._entity_type(entity, f"aggregate_bool_exp_{function}")
        boolean = Scalar("Boolean", Ident(PG, "bool"))

        def make() -> Mapping[str, InputField]:
            return {
                "arguments": InputField("arguments", NonNull(self._boolean_column(entity, name)), Plain()),
                "distinct": InputField("distinct", self.plain("Boolean"), Plain()),
                "filter": InputField("filter", self.bool_exp(entity), Plain()),
                "predicate": InputField("predicate", NonNull(self.comparison(boolean)), Plain()),
            }

        return self._made(name, InputObject, lambda: InputObject(name, make))

    def _boolean_column(self, entity: RoleEntity, predicate: str) -> EnumType:
        name = f"{self._entity_type(entity, 'select_column')}_{predicate}_arguments_columns"
        if self.naming == "graphql-default":
            name = f"{self._entity_type(entity, 'select_column')}{predicate}ArgumentsColumns"
        members = {
            field.name: EnumMember(field)
            for field in entity.fields.values()
            if field.scalar.pg == Ident(PG, "bool") and not field.scalar.element
        }
        shown = entity.entity.ident.name
        description = f'boolean columns of "{shown}"'
        return self._made(name, EnumType, lambda: EnumType(name, members, description))

    # ------------------------------------------------------------ orders

    def select_column(self, entity: RoleEntity) -> EnumType:
        name = self._entity_type(entity, "select_column")
        members = {field.name: EnumMember(field) for field in entity.fields.values()}
        shown = entity.entity.ident.name
        return self._made(name, EnumType, lambda: EnumType(name, members, f'columns of "{shown}"'))

    def direction(self) -> EnumType:
        name = shared_type_name("order_by", self.naming)
        members = {
            enum_value_name(value, self.naming): EnumMember((direction, nulls), description)
            for value, direction, nulls, description in ORDERS
        }
        return self._made(name, EnumType, lambda: EnumType(name, members, "a direction and where nulls go"))

    def order_by(self, entity: RoleEntity) -> InputObject:
        name = self._entity_type(entity, "order_by")
        description = f'An order for rows of "{entity.entity.ident.name}".'
        return self._made(name, InputObject, lambda: InputObject(name, lambda: self._order_fields(entity), description))

    def _order_fields(self, entity: RoleEntity) -> Mapping[str, InputField]:
        found = [
            InputField(field.name, self.direction(), FieldInput(field))
            for field in entity.fields.values()
            if field.scalar.has_order
        ]
        for link in entity.links.values():
            target = self.role.entities[link.target]
            if link.kind == "object":
                if target.fields or target.links:
                    found.append(InputField(link.name, self.order_by(target), LinkInput(link)))
            elif target.allow_aggregations:
                name = aggregate_field_name(link.name, self.naming)
                found.append(InputField(name, self._aggregate_order(target), LinkAggregateInput(link)))
        return {field.name: field for field in found}

    def _aggregate_order(self, entity: RoleEntity) -> InputObject:
        name = self._entity_type(entity, "aggregate_order_by")
        shown = entity.entity.ident.name

        def make() -> Mapping[str, InputField]:
            found = {"count": InputField("count", self.direction(), AggregateOrder("count"))}
            for function in self._functions(entity):
                key = self._argument(function)
                found[key] = InputField(key, self._function_order(entity, function), AggregateOrder(function))
            return found

        return self._made(name, InputObject, lambda: InputObject(name, make, f'an order by aggregates over "{shown}"'))

    def _function_order(self, entity: RoleEntity, function: AggregateFunction) -> InputObject:
        name = self._entity_type(entity, f"{function}_order_by")
        shown = entity.entity.ident.name

        def make() -> Mapping[str, InputField]:
            return {
                field.name: InputField(field.name, self.direction(), FieldInput(field))
                for field in aggregated(entity, function)
            }

        return self._made(
            name, InputObject, lambda: InputObject(name, make, f'an order by {function} of a column of "{shown}"')
        )


def aggregated(entity: RoleEntity, function: AggregateFunction) -> tuple[Field, ...]:
    """The columns an aggregate function is offered for."""
    types = {"sum": SUMMED, "max": COMPARED, "min": COMPARED}.get(function, NUMERIC)
    return tuple(
        field
        for field in entity.fields.values()
        if field.scalar.element is None
        and field.scalar.values is None
        and (field.scalar.pg in types or (types is COMPARED and field.scalar.pg.name == "citext"))
    )


def _described(chosen: str | None, ours: str) -> str | None:
    """A chosen comment, "" meaning none, else our own words."""
    return ours if chosen is None else chosen or None
