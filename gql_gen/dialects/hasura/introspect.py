"""A role's types as a graphql-core schema: for introspection and SDL alone, never on the path of a query."""

from __future__ import annotations

import gc
import json
import sys
import threading
from collections.abc import Mapping
from typing import Any, cast

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLDirective,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    execute_sync,
    lexicographic_sort_schema,
    print_schema,
    validate,
)
from graphql.language import (
    DirectiveLocation,
    DocumentNode,
    FieldNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from graphql.type import GraphQLDeprecatedDirective, GraphQLIncludeDirective, GraphQLSkipDirective
from graphql.validation import (
    FieldsOnCorrectTypeRule,
    KnownArgumentNamesRule,
    KnownDirectivesRule,
    KnownFragmentNamesRule,
    MaxIntrospectionDepthRule,
    NoFragmentCyclesRule,
    NoUndefinedVariablesRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
)

from gql_gen.dialects.document import ABSENT, Operation
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.dialects.hasura.typesystem import (
    EnumType,
    InputField,
    InputObject,
    InterfaceType,
    ListOf,
    NamedType,
    NonNull,
    ObjectType,
    OutputField,
    ScalarType,
    TypeRef,
)
from gql_gen.errors import Rejected

_BUILT_IN = {scalar.name: scalar for scalar in (GraphQLInt, GraphQLFloat, GraphQLString, GraphQLBoolean, GraphQLID)}
_RULES = (
    FieldsOnCorrectTypeRule,
    KnownArgumentNamesRule,
    KnownDirectivesRule,
    KnownFragmentNamesRule,
    MaxIntrospectionDepthRule,
    NoFragmentCyclesRule,
    NoUndefinedVariablesRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
)
"""What is linear in the document. MaxIntrospectionDepthRule keeps `fields { type { fields { …` from multiplying."""
_LOCK = threading.RLock()
_RECURSION = 20_000
"""graphql-core walks types recursively, along chains as long as the schema's chain of keys."""


class _Converter:
    """Our types → graphql-core's, each made once, fields on demand."""

    def __init__(self) -> None:
        self._made: dict[str, GraphQLNamedType] = {}

    def convert(self, ref: TypeRef) -> Any:
        match ref:
            case NonNull():
                return GraphQLNonNull(self.convert(ref.of))
            case ListOf():
                return GraphQLList(self.convert(ref.of))
            case _:
                return self._named(ref)

    def _named(self, type_: NamedType) -> GraphQLNamedType:
        known = _BUILT_IN.get(type_.name) or self._made.get(type_.name)
        if known is None:
            known = self._made[type_.name] = self._make(type_)
        return known

    def _make(self, type_: NamedType) -> GraphQLNamedType:
        match type_:
            case ScalarType():
                return GraphQLScalarType(type_.name, description=type_.description)
            case EnumType():
                values = {
                    name: GraphQLEnumValue(name, description=member.description)
                    for name, member in type_.members.items()
                }
                return GraphQLEnumType(type_.name, values, description=type_.description)
            case InputObject():
                return GraphQLInputObjectType(
                    type_.name, lambda: self._input_fields(type_), description=type_.description
                )
            case InterfaceType():
                return GraphQLInterfaceType(type_.name, lambda: self._fields(type_), description=type_.description)
            case ObjectType():
                interfaces = [cast(GraphQLInterfaceType, self._named(each)) for each in type_.interfaces]
                return GraphQLObjectType(
                    type_.name, lambda: self._fields(type_), interfaces, description=type_.description
                )

    def _input_fields(self, type_: InputObject) -> dict[str, GraphQLInputField]:
        return {name: self._input_field(field) for name, field in type_.fields.items()}

    def _input_field(self, field: InputField) -> GraphQLInputField:
        return GraphQLInputField(
            cast(GraphQLInputType, self.convert(field.type)),
            default_value=Undefined if field.default is ABSENT else field.default,
            description=field.description,
        )

    def _fields(self, type_: ObjectType) -> dict[str, GraphQLField]:
        return {name: self._field(field) for name, field in type_.fields.items()}

    def _field(self, field: OutputField) -> GraphQLField:
        arguments = {
            name: GraphQLArgument(cast(GraphQLInputType, self.convert(argument.type)), description=argument.description)
            for name, argument in field.arguments.items()
        }
        return GraphQLField(cast(GraphQLOutputType, self.convert(field.type)), arguments, description=field.description)


_CACHED = GraphQLDirective(
    "cached",
    [DirectiveLocation.QUERY],
    args={
        "ttl": GraphQLArgument(GraphQLNonNull(GraphQLInt), default_value=60, description="measured in seconds"),
        "refresh": GraphQLArgument(
            GraphQLNonNull(GraphQLBoolean), default_value=False, description="refresh the cache entry"
        ),
    },
    description="whether this query should be cached; accepted for clients written for it, without effect",
)


def graphql_schema(schema: RoleSchema) -> GraphQLSchema:
    """The whole of a role's types. Slow for large schemas (seconds for hundreds of tables): kept by the caller."""
    converter = _Converter()
    root = schema.query_root
    if not root.fields:
        query = GraphQLObjectType(
            "query_root", {"no_queries_available": GraphQLField(GraphQLString, description=_EMPTY)}
        )
    else:
        query = cast(GraphQLObjectType, converter.convert(root))
    with _deep_recursion():
        made = GraphQLSchema(
            query,
            mutation=None if schema.mutation_root is None else converter.convert(schema.mutation_root),
            types=[converter.convert(each) for each in schema.extra_types()],
            directives=[GraphQLIncludeDirective, GraphQLSkipDirective, GraphQLDeprecatedDirective, _CACHED],
            assume_valid=True,
        )
        return lexicographic_sort_schema(made)


_EMPTY = "There are no queries available to the current role. Either there are no tables, or the role has no rules."


def sdl(schema: RoleSchema) -> str:
    """The role's SDL in canonical order."""
    with _deep_recursion():
        return print_schema(_schema_of(schema)) + "\n"


def introspect(schema: RoleSchema, nodes: list[FieldNode], operation: Operation, variables: Mapping[str, Any]) -> str:
    """`__schema` or `__type` as JSON text. The caller has bounded what the fragments expand to."""
    path = f"$.selectionSet.{nodes[0].name.value}"
    definition = OperationDefinitionNode(
        operation=OperationType.QUERY,
        selection_set=SelectionSetNode(selections=tuple(nodes)),
        variable_definitions=operation.node.variable_definitions or (),
        directives=(),
    )
    document = DocumentNode(definitions=(definition, *operation.fragments.values()))
    with _deep_recursion():
        types = _schema_of(schema)
        if faults := validate(types, document, _RULES, max_errors=1):
            raise Rejected(faults[0].message, path=path)
        result = execute_sync(types, document, variable_values=dict(variables))
    if result.errors or result.data is None:
        raise Rejected(result.errors[0].message if result.errors else "introspection failed", path=path)
    return json.dumps(next(iter(result.data.values())), separators=(",", ":"))


_KEPT: dict[int, tuple[RoleSchema, GraphQLSchema]] = {}
"""The one that was asked last: each has tens of megabytes where there are hundreds of tables."""


def _schema_of(schema: RoleSchema) -> GraphQLSchema:
    known = _KEPT.get(id(schema))
    if known is not None and known[0] is schema:
        return known[1]
    _KEPT.clear()
    # From types of its own: those of the role are what its queries have met, a small part of all.
    made = graphql_schema(type(schema)(schema.role, stringify_numeric_types=schema.stringify))
    gc.collect()  # the schema before, and what this one was sorted from, point to each other in circles
    _KEPT[id(schema)] = (schema, made)
    return made


class _deep_recursion:
    """Raises the interpreter's recursion limit for graphql-core's recursive walks, and puts it back. The limit is the
    whole process's: one at a time."""

    def __enter__(self) -> None:
        _LOCK.acquire()
        self._before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(self._before, _RECURSION))

    def __exit__(self, *_: object) -> None:
        sys.setrecursionlimit(self._before)
        _LOCK.release()
