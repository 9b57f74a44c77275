"""The form of catalog.sql's answer: the rows of each section, place by place, and Postgres' letters for kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from gql_gen.catalog.types import RelationKind, TypeKind, Volatility

# Postgres' letters, spelt out.
RELATION_KINDS: Final[Mapping[str, RelationKind]] = {
    "r": "table",
    "p": "partitioned",
    "f": "foreign",
    "v": "view",
    "m": "materialized",
}
TYPE_KINDS: Final[Mapping[str, TypeKind]] = {
    "b": "base",
    "d": "domain",
    "e": "enum",
    "a": "array",
    "c": "composite",
    "r": "range",
    "m": "multirange",
    "p": "pseudo",
}
IDENTITIES: Final[Mapping[str, Literal["always", "by default"]]] = {"a": "always", "d": "by default"}
VOLATILITIES: Final[Mapping[str, Volatility]] = {"i": "immutable", "s": "stable", "v": "volatile"}
FUNCTION_KINDS: Final[Mapping[str, Literal["function", "procedure", "aggregate", "window"]]] = {
    "f": "function",
    "p": "procedure",
    "a": "aggregate",
    "w": "window",
}
MODES: Final[Mapping[str, Literal["in", "out", "inout", "variadic", "table"]]] = {
    "i": "in",
    "o": "out",
    "b": "inout",
    "v": "variadic",
    "t": "table",
}
UPDATE, INSERT, DELETE = 4, 8, 16
"""The parts of `writes`."""


class RelationRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    oid: str
    schema: str
    name: str
    kind: str
    writes: int
    by_hand: bool
    is_partition: bool
    parent: str | None
    row_security: bool
    security_invoker: bool
    definition: str | None
    comment: str | None


class ColumnRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    relation: str
    number: int
    name: str
    type: str
    declared: str
    not_null: bool
    default: str | None
    identity: str
    generated: bool
    updatable: bool
    comment: str | None


class ConstraintRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    oid: str
    relation: str
    kind: str
    name: str
    columns: tuple[int, ...] | None
    deferrable: bool
    by_period: bool
    mentions: tuple[int, ...]
    target: str
    target_columns: tuple[int, ...] | None
    copy_of: str | None
    gives_way: bool


class IndexRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    relation: str
    name: str
    columns: tuple[int, ...]
    expressions: tuple[str | None, ...]
    predicate: str | None
    mentions: tuple[int, ...]


class FunctionRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    schema: str
    name: str
    argument_types: tuple[str, ...]
    modes: tuple[str, ...] | None
    names: tuple[str, ...] | None
    default_count: int
    returns: str
    returns_set: bool
    volatility: str
    kind: str
    security_definer: bool
    comment: str | None


class TypeRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    oid: str
    schema: str
    name: str
    kind: str
    base: str | None
    array: str | None
    relation: str | None
    not_null: bool
    has_equality: bool
    has_order: bool
    labels: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    comment: str | None
