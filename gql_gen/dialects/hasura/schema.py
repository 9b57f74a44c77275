"""RoleModel → the GraphQL types of one role, Hasura v2's shape in any of the three namings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from gql_gen.dialects.hasura.offered import (
    FLOAT_FUNCTIONS,
    STRINGIFIED,
    aggregated,
    aggregated_computed,
    described,
    functions,
    key_fields,
)
from gql_gen.dialects.hasura.relay_types import ConnectionTypes
from gql_gen.dialects.hasura.typesystem import (
    AggregateField,
    Argument,
    ColumnField,
    ComputedRowsField,
    ComputedValueField,
    CountField,
    FunctionColumnField,
    FunctionComputedField,
    FunctionField,
    InterfaceType,
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
    RootCallField,
    RootListField,
    TypeRef,
)
from gql_gen.model.predicates import TRUE
from gql_gen.model.scalars import JSON_TYPES
from gql_gen.model.types import (
    ComputedField,
    Field,
    Link,
    RoleEntity,
    RoleModel,
    RootName,
    Routine,
    Scalar,
    TrackedFunction,
)
from gql_gen.names import aggregate_field_name
from gql_gen.plan.nodes import AggregateFunction


class RoleSchema(ConnectionTypes):
    """All types of one role, from `query_root` and `mutation_root` down; the latter is None where the role may write
    nothing. Nothing is made before it is looked at; what was made is kept."""

    def __init__(self, role: RoleModel, *, stringify_numeric_types: bool = False) -> None:
        super().__init__(role)
        self.stringify = stringify_numeric_types
        writes = any(self.served_writes(entity) for entity in role.entities.values()) or any(self._calls("mutation"))
        self.query_root = ObjectType("query_root", self._query_root)
        self.mutation_root = ObjectType("mutation_root", self._mutation_root, "mutation root") if writes else None

    # ------------------------------------------------------------ roots

    def _query_root(self) -> Mapping[str, OutputField]:
        entities = self.role.entities.values()
        tables = [field for entity in entities for field in self._roots(entity)]
        # Where two are called alike, a connection gives way.
        return self._in_namespace("query", [*self.connection_roots(), *self._served([*tables, *self._calls("query")])])

    def _served(self, found: Iterable[OutputField]) -> Iterable[OutputField]:
        """Of the root fields of a query, those that there are."""
        return found

    def extra_types(self) -> Iterable[ObjectType]:
        """Types that no field leads to."""
        return ()

    def _mutation_root(self) -> Mapping[str, OutputField]:
        entities = self.role.entities.values()
        side = "backend" if self.role.is_backend else "frontend"
        tables = [field for entity in entities for field in self.writes(entity)]
        return self._in_namespace(f"mutation_{side}", [*tables, *self._calls("mutation")])

    def _in_namespace(self, suffix: str, found: Iterable[OutputField]) -> Mapping[str, OutputField]:
        """The root fields, below one field where the customization says so."""
        fields = {field.name: field for field in found}
        namespace = self.role.model.customization.root_fields_namespace
        if not namespace or not fields:
            return fields
        below = ObjectType(f"{namespace}_{suffix}", lambda: fields)
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
                described(names["select"].comment, f'fetch data from the table: "{shown}"'),
            )
        if "select_by_pk" in entity.query_roots and entity.by_primary_key and "select_by_pk" in names:
            key = key_fields(entity)
            yield OutputField(
                names["select_by_pk"].name,
                self.object(entity),
                RootByKeyField(relation, key),
                {part.name: Argument(part.name, NonNull(self.scalar(part.scalar)), part.comment) for part in key},
                described(
                    names["select_by_pk"].comment, f'fetch data from the table: "{shown}" using primary key columns'
                ),
            )
        if "select_aggregate" in entity.query_roots and entity.allow_aggregations and "select_aggregate" in names:
            yield OutputField(
                names["select_aggregate"].name,
                NonNull(self.aggregate(entity)),
                RootAggregateField(relation),
                self.list_arguments(entity),
                described(names["select_aggregate"].comment, f'fetch aggregated fields from the table: "{shown}"'),
            )

    def _calls(self, kind: Literal["query", "mutation"]) -> Iterable[OutputField]:
        """The functions that the role may call; what has nothing to show is not there."""
        for function in self.role.functions.values():
            if function.exposed_as != kind:
                continue
            for root, name in function.root_fields.items():
                made = self._call(function, name, is_aggregate=root == "function_aggregate")
                if made is not None:
                    yield made

    def _call(self, function: TrackedFunction, name: RootName, *, is_aggregate: bool) -> OutputField | None:
        arguments = self.function_arguments(function)
        ours = f'execute function "{function.ident.name}"'
        ref: TypeRef
        if isinstance(function.returns, Scalar):
            ref = self.scalar(function.returns)
        else:
            target = self.role.entities[function.returns]
            if function.is_set:
                arguments |= self.list_arguments(target)
            if is_aggregate:
                if not target.allow_aggregations:
                    return None
                ref, ours = NonNull(self.aggregate(target)), f"{ours} and query aggregates on its result"
            elif not self.is_shown(target):
                return None
            else:
                ref = NonNull(ListOf(NonNull(self.object(target)))) if function.is_set else self.object(target)
                ours += f' which returns "{function.returns.name}"'
        about = described(name.comment if name.comment is not None else function.comment, ours)
        return OutputField(name.name, ref, RootCallField(function, is_aggregate), arguments, about)

    def function_arguments(self, function: TrackedFunction) -> dict[str, Argument]:
        said = f'function "{function.ident.name}"'
        return self._call_arguments(function.routine, function.arguments_type, said)

    # ------------------------------------------------------------ output types

    def object(self, entity: RoleEntity) -> ObjectType:
        name = entity.entity.type_name
        comment = entity.entity.comment
        description = comment if comment is not None else f'columns and relationships of "{entity.entity.ident.name}"'
        return self._made(
            name,
            ObjectType,
            lambda: ObjectType(
                name, lambda: self._object_fields(entity), description or None, self._interfaces(entity)
            ),
        )

    def _interfaces(self, entity: RoleEntity) -> tuple[InterfaceType, ...]:
        """What a row's type implements."""
        return ()

    def _object_fields(self, entity: RoleEntity) -> Mapping[str, OutputField]:
        guards = entity.guards
        fields = {
            field.name: self._column(field, is_always=field.sql not in guards) for field in entity.fields.values()
        }
        for link in entity.links.values():
            for made in self._link_fields(link):
                fields[made.name] = made
        for computed in entity.computed.values():
            fields |= self._computed(computed)
        for link in entity.links.values():
            for made in self.connection_link(link):
                fields.setdefault(made.name, made)
        return fields

    def _column(self, field: Field, *, is_always: bool) -> OutputField:
        """`is_always`: the role may read the column in every row that it sees."""
        ref = self.scalar(field.scalar)
        return OutputField(
            field.name,
            NonNull(ref) if is_always and not field.column.nullable else ref,
            ColumnField(field),
            self._scalar_arguments(field.scalar),
            field.comment or None,
        )

    def _scalar_arguments(self, scalar: Scalar) -> dict[str, Argument]:
        if scalar.pg not in JSON_TYPES or scalar.element is not None:
            return {}
        return {"path": Argument("path", self.plain("String"), "where in the JSON, such as $.a[0]")}

    def _computed(self, field: ComputedField) -> Mapping[str, OutputField]:
        """One field; none where rows have nothing that the role may select."""
        about = described(field.comment, f'A computed field, executes function "{field.routine.ident.name}"')
        table = "" if field.routine.relation is None else field.routine.relation.name
        said = f'computed field "{field.name}" defined on table "{table}"'
        arguments = self._call_arguments(field.routine, field.arguments_type, said)
        if isinstance(field.returns, Scalar):
            arguments |= self._scalar_arguments(field.returns)
            made = OutputField(
                field.name, self.scalar(field.returns), ComputedValueField(field, field.returns), arguments, about
            )
            return {field.name: made}
        target = self.role.entities[field.returns]
        if not self.is_shown(target):
            return {}
        arguments |= self.list_arguments(target)
        rows = ListOf(NonNull(self.object(target)))
        return {field.name: OutputField(field.name, rows, ComputedRowsField(field, field.returns), arguments, about)}

    def _call_arguments(self, routine: Routine, type_name: str, said: str) -> dict[str, Argument]:
        type_ = self.call_arguments(routine, type_name)
        if type_ is None:
            return {}
        is_needed = any(each.filled_by == "caller" and not each.has_default for each in routine.parameters)
        return {"args": Argument("args", NonNull(type_) if is_needed else type_, f"input parameters for {said}")}

    def _link_fields(self, link: Link) -> Iterable[OutputField]:
        target = self.role.entities[link.target]
        if link.kind == "object":
            if self.is_shown(target):
                always = not link.nullable and target.rule == TRUE and target.limit != 0
                ref: TypeRef = self.object(target)
                description = described(link.comment, "An object relationship")
                yield OutputField(link.name, NonNull(ref) if always else ref, LinkField(link), {}, description)
            return
        arguments = self.list_arguments(target)
        if self.is_shown(target):
            ref = NonNull(ListOf(NonNull(self.object(target))))
            description = described(link.comment, "An array relationship")
            yield OutputField(link.name, ref, LinkField(link), arguments, description)
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
        for function in functions(entity):
            name = self._argument(function)
            found[name] = OutputField(name, self._function_fields(entity, function), FunctionField(function), {})
        return found

    def _function_fields(self, entity: RoleEntity, function: AggregateFunction) -> ObjectType:
        name = self._entity_type(entity, f"{function}_fields")

        def make() -> Mapping[str, OutputField]:
            columns = {field.name: self._function_column(field, function) for field in aggregated(entity, function)}
            computed = {
                field.name: self._function_computed(field, returns, function)
                for field, returns in aggregated_computed(entity, function)
            }
            return columns | computed

        return self._made(name, ObjectType, lambda: ObjectType(name, make, f"{function} of a column"))

    def _function_column(self, field: Field, function: AggregateFunction) -> OutputField:
        ref = self.plain("Float") if function in FLOAT_FUNCTIONS else self.scalar(field.scalar)
        as_text = self.stringify and field.scalar.pg in STRINGIFIED
        return OutputField(field.name, ref, FunctionColumnField(function, field, as_text), {}, field.comment or None)

    def _function_computed(self, field: ComputedField, returns: Scalar, function: AggregateFunction) -> OutputField:
        ref = self.plain("Float") if function in FLOAT_FUNCTIONS else self.scalar(returns)
        arguments = self._call_arguments(field.routine, field.arguments_type, f'computed field "{field.name}"')
        meaning = FunctionComputedField(function, field, returns, self.stringify and returns.pg in STRINGIFIED)
        return OutputField(field.name, ref, meaning, arguments, field.comment or None)
