"""Cursors as arguments: which sort keys they hold, where, and the slots filled from them."""

from __future__ import annotations

from dataclasses import replace

from gql_gen.catalog.types import Ident
from gql_gen.dialects.hasura.given import Given, Sent, Settled, Values, check_spelling
from gql_gen.dialects.hasura.inputs import TEXT
from gql_gen.model.node_keys import node_fields
from gql_gen.model.predicates import ColumnRef, Slot, ValueType
from gql_gen.model.slots import Inside
from gql_gen.model.tokens import token_text
from gql_gen.model.types import ComputedField, RoleEntity, RoleModel, Scalar
from gql_gen.plan.nodes import AggregateFunction, CursorKey, SortKey

_STRING = ValueType(TEXT, "String")
_FLOATS = frozenset({"float4", "float8"})
_SUMS = {"int2": "int8", "int4": "int8", "int8": "numeric"}


def cursor_keys(order: tuple[SortKey, ...], relation: Ident, role: RoleModel) -> tuple[CursorKey, ...]:
    """The keys of a complete order: those given, each once, and the parts of the relation's key that are not among
    them."""
    entity = role.entities[relation]
    found: dict[tuple[str, ...], CursorKey] = {}
    for key in order:
        path = _path(key, entity, role)
        found.setdefault(path, CursorKey(key, path, _in_token(_type(key, entity, role), Inside(path))))
    for field in node_fields(entity, role.model):
        path, column = (field.sql,), ColumnRef(field.sql, field.scalar.pg)
        type_ = _in_token(field.scalar.value_type(), Inside(path))
        found.setdefault(path, CursorKey(SortKey("asc", None, column), path, type_))
    return tuple(found.values())


def token_slot(given: Given, type_: ValueType, values: Values, at: str, *, place: str) -> Slot:
    """A value that stands inside a token. `at` is the path of what is told about it, `place` that of the argument."""
    if isinstance(given, Sent) and not isinstance(given, Settled):
        token_text(given.value, type_, at)
        return Slot("variable", given.path, type_, at=at)
    if not isinstance(given, Sent):
        check_spelling(given, _STRING, place)
    return Slot("literal", (), type_, token_text(values.json(given), type_, at), at)


def _in_token(type_: ValueType, inside: Inside) -> ValueType:
    # A token may be older than what an enum allows today.
    return replace(type_, labels=None, inside=inside)


# ---------------------------------------------------------------- the place and the type of a key


def _path(key: SortKey, entity: RoleEntity, role: RoleModel) -> tuple[str, ...]:
    """Nested as the order is: relationships and functions by their names, columns by those of SQL, as in Hasura."""
    names: list[str] = []
    for hop in key.hops:
        if hop.rows is None:
            found = (link.name for link in entity.links.values() if (link.target, link.on) == (hop.relation, hop.on))
        else:
            routine = hop.rows.routine
            found = (field.name for field in entity.computed.values() if field.routine == routine)
        names.append(next(found))
        entity = role.entities[hop.relation]
    if key.function is not None:
        names[-1] += "_aggregate"
        names.append(key.function)
    return (*names, *_leaf(key, entity))


def _leaf(key: SortKey, entity: RoleEntity) -> tuple[str, ...]:
    if isinstance(key.column, ColumnRef):
        return (key.column.column,)
    field = _computed(key, entity)
    return () if field is None else (field.name,)


def _computed(key: SortKey, entity: RoleEntity) -> ComputedField | None:
    if key.column is None or isinstance(key.column, ColumnRef):
        return None
    routine = key.column.call.routine
    return next(field for field in entity.computed.values() if field.routine == routine)


def _type(key: SortKey, entity: RoleEntity, role: RoleModel) -> ValueType:
    target = role.entities[key.hops[-1].relation] if key.hops else entity
    plain = _value_type(key, target)
    return plain if key.function is None else _aggregated(key.function, plain)


def _value_type(key: SortKey, entity: RoleEntity) -> ValueType:
    if key.column is None:
        return ValueType(Ident("pg_catalog", "int8"), "bigint")
    if isinstance(key.column, ColumnRef):
        field = entity.entity.field_of(key.column.column)
        assert field is not None, "what is sorted by is a field"
        return field.scalar.value_type()
    computed = _computed(key, entity)
    returns = None if computed is None else computed.returns
    assert isinstance(returns, Scalar), "what is sorted by is a single value"
    return returns.value_type()


def _aggregated(function: AggregateFunction, plain: ValueType) -> ValueType:
    """What Postgres makes of values of the type."""
    name = plain.pg.name
    match function:
        case "count" | "min" | "max":
            return plain
        case "sum":
            name = _SUMS.get(name, name)
        case _:
            name = "float8" if name in _FLOATS else "numeric"
    return ValueType(Ident("pg_catalog", name), name)
