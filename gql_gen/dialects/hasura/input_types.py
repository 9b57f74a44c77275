"""The input types of a role's schema: filters, comparisons, orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from gql_gen.catalog.types import Ident
from gql_gen.dialects.hasura.offered import ORDERS, PG, TEXT, aggregated, aggregated_computed, functions
from gql_gen.dialects.hasura.typesystem import (
    AggregateOrder,
    AggregatePredicate,
    CastInput,
    ComputedInput,
    ComputedRowsInput,
    Connective,
    EachInput,
    EnumMember,
    EnumType,
    FieldInput,
    InputField,
    InputObject,
    LinkAggregateInput,
    LinkInput,
    ListOf,
    NamedType,
    NonNull,
    NullInput,
    ObjectType,
    OperatorInput,
    ParameterInput,
    Plain,
    ScalarType,
    TypeRef,
)
from gql_gen.model.operators import OperatorSpec, operand_type, operators_for
from gql_gen.model.types import RoleEntity, RoleModel, Routine, Scalar
from gql_gen.names import (
    aggregate_field_name,
    argument_name,
    enum_value_name,
    scalar_type_name,
    shared_type_name,
    type_name,
)
from gql_gen.plan.nodes import AggregateFunction

T = TypeVar("T", ScalarType, EnumType, InputObject, ObjectType)


class InputTypes:
    """The input types of one role, and the names and scalars they share with the output types. Nothing is made before
    it is looked at; what was made is kept."""

    def __init__(self, role: RoleModel) -> None:
        self.role = role
        self.naming = role.model.naming
        self._types: dict[str, NamedType] = {}

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

    @staticmethod
    def is_shown(entity: RoleEntity) -> bool:
        """Whether the role has anything to select from a row: an object type needs a field."""
        return bool(entity.fields or entity.links or entity.computed)

    # ------------------------------------------------------------ scalars

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
        found += self._computed_filters(entity)
        for link in entity.links.values():
            target = self.role.entities[link.target]
            found.append(InputField(link.name, self.bool_exp(target), LinkInput(link)))
            if link.kind == "array" and target.allow_aggregations:
                name = aggregate_field_name(link.name, self.naming)
                found.append(InputField(name, self.aggregate_bool_exp(target), LinkAggregateInput(link)))
        return {field.name: field for field in found}

    def _computed_filters(self, entity: RoleEntity) -> Iterable[InputField]:
        """Computed fields that take nothing from the caller: values are compared, rows filtered."""
        for field in entity.computed.values():
            if not field.is_plain:
                continue
            if isinstance(field.returns, Scalar):
                comparison = self.comparison(field.returns)
                yield InputField(field.name, comparison, ComputedInput(field, field.returns))
            else:
                rows = self.bool_exp(self.role.entities[field.returns])
                yield InputField(field.name, rows, ComputedRowsInput(field, field.returns))

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

    # ------------------------------------------------------------ functions

    def call_arguments(self, routine: Routine, name: str) -> InputObject | None:
        """What a caller may give to a function, the type being called `name`; None when there is nothing to give.
        Everything may be null, which is SQL's null; what has no default must be there."""
        given = [(place, each) for place, each in enumerate(routine.parameters) if each.filled_by == "caller"]
        fields = {
            each.name: InputField(each.name, self.scalar(each.scalar), ParameterInput(place, each))
            for place, each in given
            if each.scalar is not None
        }
        return self._made(name, InputObject, lambda: InputObject(name, lambda: fields)) if fields else None

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
        found += self._computed_orders(entity)
        for link in entity.links.values():
            target = self.role.entities[link.target]
            if link.kind == "object":
                if target.fields or target.links or any(True for _ in self._computed_orders(target)):
                    found.append(InputField(link.name, self.order_by(target), LinkInput(link)))
            elif target.allow_aggregations:
                name = aggregate_field_name(link.name, self.naming)
                found.append(InputField(name, self._aggregate_order(target), LinkAggregateInput(link)))
        return {field.name: field for field in found}

    def _computed_orders(self, entity: RoleEntity) -> Iterable[InputField]:
        for field in entity.computed.values():
            if not field.is_plain:
                continue
            if isinstance(field.returns, Scalar):
                if field.returns.has_order:
                    yield InputField(field.name, self.direction(), ComputedInput(field, field.returns))
                continue
            target = self.role.entities[field.returns]
            if target.allow_aggregations:
                name = aggregate_field_name(field.name, self.naming)
                yield InputField(name, self._aggregate_order(target), ComputedRowsInput(field, field.returns))

    def _aggregate_order(self, entity: RoleEntity) -> InputObject:
        name = self._entity_type(entity, "aggregate_order_by")
        shown = entity.entity.ident.name

        def make() -> Mapping[str, InputField]:
            found = {"count": InputField("count", self.direction(), AggregateOrder("count"))}
            for function in functions(entity):
                key = self._argument(function)
                columns = self._function_order(entity, function)
                if columns.fields:
                    found[key] = InputField(key, columns, AggregateOrder(function))
            return found

        return self._made(name, InputObject, lambda: InputObject(name, make, f'an order by aggregates over "{shown}"'))

    def _function_order(self, entity: RoleEntity, function: AggregateFunction) -> InputObject:
        name = self._entity_type(entity, f"{function}_order_by")
        shown = entity.entity.ident.name

        def make() -> Mapping[str, InputField]:
            columns = {
                field.name: InputField(field.name, self.direction(), FieldInput(field))
                for field in aggregated(entity, function)
            }
            computed = {
                field.name: InputField(field.name, self.direction(), ComputedInput(field, returns))
                for field, returns in aggregated_computed(entity, function)
                if field.is_plain
            }
            return columns | computed

        return self._made(
            name, InputObject, lambda: InputObject(name, make, f'an order by {function} of a column of "{shown}"')
        )
