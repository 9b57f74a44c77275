"""The shape of variables: what of them decides a plan's structure, as a cache key.

A scalar only fills a place, so it counts as present or null. Keys of input objects, the number of objects in a list,
enum members and conditions decide structure and count in full. The walk follows the types the variables were used as,
so that data which merely looks like structure (a jsonb value) is never mistaken for it.

Rows of an insert are many and alike: what counts is which keys all of them have and which some, not how many they are,
nor in which of them a value is null.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from gql_gen.dialects.document import ABSENT
from gql_gen.dialects.hasura.flat_rows import RelatedOf, RowsOf, related_structure, rows_structure
from gql_gen.dialects.hasura.given import frozen
from gql_gen.dialects.hasura.relay_ids import read_node_id
from gql_gen.dialects.hasura.relay_read import NodeIdOf
from gql_gen.dialects.hasura.typesystem import (
    CreatedRowsInput,
    EnumType,
    InputField,
    InputObject,
    ListOf,
    NonNull,
    ScalarType,
    TypeRef,
    named,
)
from gql_gen.errors import Rejected

_PRESENT = "."
_MALFORMED = "?"
_ABSENT = "-"


def shape_of(variables: Mapping[str, Any], used: Mapping[str, TypeRef], by_value: frozenset[str]) -> Hashable:
    """Equal shapes, equal plans."""
    parts: list[Hashable] = []
    for name in by_value:
        parts.append((name, frozen(variables.get(name, ABSENT))))
    for name, ref in used.items():
        parts.append(shape(variables.get(name, ABSENT), ref))
    return tuple(parts)


def shape(value: Any, ref: TypeRef) -> Hashable:
    if value is None:
        return None
    if value is ABSENT:
        return _ABSENT
    match ref:
        case NonNull():
            return shape(value, ref.of)
        case ScalarType():
            return value if ref.name == "Boolean" and isinstance(value, bool) else _PRESENT
        case EnumType():
            return value if isinstance(value, str) else _MALFORMED
        case NodeIdOf():
            return _named_table(value)
        case RowsOf() | RelatedOf():
            return _rows(value, ref)
        case ListOf():
            return _list(value, ref)
        case InputObject():
            return _object(value, ref)
        case _:
            return _MALFORMED


def _named_table(value: Any) -> Hashable:
    try:
        return read_node_id(value, "$")
    except Rejected:
        return _MALFORMED


def _rows(value: Any, ref: RowsOf | RelatedOf) -> Hashable:
    type_ = named(ref)
    assert isinstance(type_, InputObject)
    try:
        return rows_structure(value, type_) if isinstance(ref, RowsOf) else related_structure(value, type_)
    except Rejected:
        return _MALFORMED


def _list(value: Any, ref: ListOf) -> Hashable:
    inner = ref.of.of if isinstance(ref.of, NonNull) else ref.of
    if isinstance(inner, ScalarType):
        # Bound whole, as one array: neither its length nor what is in it matters here.
        return _PRESENT
    if not isinstance(value, list):
        return shape(value, inner)
    return ("[", *(shape(item, inner) for item in value))


def _object(value: Any, ref: InputObject) -> Hashable:
    if not isinstance(value, dict):
        return _MALFORMED
    fields = ref.fields
    return (
        "{",
        *((key, _field(item, fields[key]) if key in fields else _MALFORMED) for key, item in value.items()),
    )


def _field(value: Any, field: InputField) -> Hashable:
    return shape(value, RowsOf(field.type) if isinstance(field.meaning, CreatedRowsInput) else field.type)
