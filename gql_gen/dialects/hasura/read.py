"""One operation × a role's types → Plan or WritePlan, in one linear pass, with Hasura's messages and paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql.language import OperationType

from gql_gen.dialects.document import Collected, Expander, Limits, Operation
from gql_gen.dialects.hasura.calls import called
from gql_gen.dialects.hasura.introspect import introspect
from gql_gen.dialects.hasura.rows import RowSource
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.dialects.hasura.selections import Below, Walker
from gql_gen.dialects.hasura.shows import RowReader
from gql_gen.dialects.hasura.typesystem import (
    OutputField,
    RootAggregateField,
    RootByKeyField,
    RootCallField,
    RootConnectionField,
    RootListField,
    RootNodeField,
    TypeRef,
)
from gql_gen.dialects.hasura.write import MutationReader
from gql_gen.dialects.measure import INTROSPECTION
from gql_gen.errors import Rejected
from gql_gen.model.types import TrackedFunction
from gql_gen.plan.nodes import Access, CallValue, Node, Plan, Root
from gql_gen.plan.writes import Invoke, WritePlan, WriteRoot

_LISTS = frozenset(
    {"types", "fields", "args", "inputFields", "enumValues", "possibleTypes", "interfaces", "directives"}
)
_INTROSPECTED_LISTS = 50


@dataclass(frozen=True, slots=True)
class Read:
    """`frame` is the answer's JSON around the roots' values: piece, value 0, piece, value 1, …, piece.
    `used` and `by_value` say which variables shape the plan. `rows` are what an insert's slots are filled from, None
    where there is none."""

    plan: Plan | WritePlan
    frame: tuple[bytes, ...]
    used: Mapping[str, TypeRef]
    by_value: frozenset[str]
    rows: RowSource | None = None


def read(operation: Operation, variables: Mapping[str, Any], schema: RoleSchema, limits: Limits) -> Read:
    """The plan of a query or a mutation. Raises Rejected with Hasura's wording."""
    match operation.kind:
        case OperationType.QUERY:
            return _query(operation, variables, schema, limits)
        case OperationType.MUTATION if schema.mutation_root is not None:
            return _mutation(operation, variables, schema, limits)
        case kind:
            raise Rejected(f"no {kind.value}s exist")


def _query(operation: Operation, variables: Mapping[str, Any], schema: RoleSchema, limits: Limits) -> Read:
    _check_directives(operation, frozenset({"cached"}))
    reader = _QueryReader(operation, variables, schema, limits)
    reader.read()
    if any(map(_may_write, reader.roots)):
        # What may write runs as writes do, and what stands beside it in its turn.
        invoked = tuple(WriteRoot(root.alias, Invoke(root), "invoke") for root in reader.roots)
        return _found(reader, WritePlan(invoked), None)
    return _found(reader, Plan("read", tuple(reader.roots)), None)


def _may_write(root: Root) -> bool:
    call = root.node.call if isinstance(root.node, CallValue) else root.node.rows
    return call is not None and call.routine.is_volatile


def _mutation(operation: Operation, variables: Mapping[str, Any], schema: RoleSchema, limits: Limits) -> Read:
    _check_directives(operation, frozenset())
    reader = MutationReader(operation, variables, schema, limits)
    rows = reader.read()
    return _found(reader, WritePlan(tuple(reader.roots)), rows)


def _found(reader: Walker, plan: Plan | WritePlan, rows: RowSource | None) -> Read:
    frame = tuple(piece.encode() for piece in reader.frame)
    by_value = reader.values.by_value | reader.conditions()
    return Read(plan, frame, reader.values.used, frozenset(by_value), rows)


def _check_directives(operation: Operation, allowed: frozenset[str]) -> None:
    for directive in operation.node.directives or ():
        name = directive.name.value
        if name in allowed:
            continue
        if name in ("include", "skip", "cached"):
            raise Rejected(f"directive '{name}' is not allowed on a {operation.kind.value}")
        raise Rejected(f"directive '{name}' is not defined in the schema")


class _QueryReader(RowReader):
    def __init__(self, operation: Operation, variables: Mapping[str, Any], schema: RoleSchema, limits: Limits) -> None:
        super().__init__(operation, variables, schema, limits)
        self.roots: list[Root] = []

    def read(self) -> None:
        self._bound_introspection()
        self.walk(self.schema.query_root)

    def root(self, field: OutputField, collected: Collected) -> None:
        if isinstance(field.meaning, RootCallField):
            access: Access = "call_aggregate" if field.meaning.is_aggregate else "call"
            self._add(collected.key, self.called_node(field.meaning, field, collected), access)
            return
        if isinstance(field.meaning, RootNodeField):
            self._add(collected.key, self.node(field, collected), "node")
            return
        below = self.below(collected)
        arguments = self.arguments(field, collected)
        match field.meaning:
            case RootListField(relation=relation):
                self._add(collected.key, self.select(relation, below, field, arguments), "select")
            case RootConnectionField(relation=relation, function=None):
                self._add(collected.key, self.connection(relation, below, field, arguments), "select")
            case RootConnectionField(relation=relation, function=TrackedFunction() as function):
                call = called(function.routine, field, arguments, self.values, collected.path)
                page = self.connection(relation, below, field, arguments)
                self._add(collected.key, replace(page, rows=call), "call")
            case RootAggregateField(relation=relation):
                self._add(collected.key, self.aggregate(relation, below, field, arguments), "select_aggregate")
            case RootByKeyField(relation=relation, key=key):
                self._add(collected.key, self.by_key(relation, key, below, field, arguments), "select_by_pk")
            case _:
                raise AssertionError(f"no root is {field.meaning}")

    def _add(self, key: str, node: Node, access: Access) -> None:
        self.roots.append(Root(key, node, access))

    # ------------------------------------------------------------ introspection

    def special(self, collected: Collected) -> str | None:
        if collected.name not in INTROSPECTION or not self.limits.introspection:
            return None
        # Answered for the very values given: rare, and outside the hot path.
        self.values.by_value.update(self.operation.variables)
        return introspect(self.schema, collected.nodes, self.operation, self.values.variables)

    def _bound_introspection(self) -> None:
        """Counts what all introspection of the operation asks for, fragments expanded, before any of it is executed.
        Each list multiplies the answer by the size of the schema; the usual tools ask for about ten."""
        scout = Expander(self.operation, self.values.variables, self.limits)
        lists = 0
        for collected in scout.fields([self.operation.node.selection_set], (), self.schema.query_root.name, "$"):
            if collected.name in INTROSPECTION:
                lists += self._lists(scout, self.below(collected))
        if lists > _INTROSPECTED_LISTS:
            raise Rejected("the introspection query asks for too much", path="$.query")

    def _lists(self, scout: Expander, below: Below) -> int:
        found = 0
        for collected in scout.fields(below.sets, below.inside, "", below.path):
            found += collected.name in _LISTS
            if any(node.selection_set for node in collected.nodes):
                found += self._lists(scout, self.below(collected))
        return found
