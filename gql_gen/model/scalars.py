"""Postgres types as GraphQL scalars and enums, under Hasura's names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from gql_gen.catalog.types import Catalog, Ident, PgType
from gql_gen.model.operators import TEXT_TYPES
from gql_gen.model.types import Scalar
from gql_gen.names import RESERVED_TYPES, is_graphql_name, valid_graphql_name

PG_CATALOG = "pg_catalog"
JSON_TYPES = frozenset({Ident(PG_CATALOG, "json"), Ident(PG_CATALOG, "jsonb")})
BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "int2": "smallint",
        "int4": "Int",
        "int8": "bigint",
        "float4": "Float",
        "bool": "Boolean",
        "text": "String",
        "varchar": "String",
    }
)
"""pg_catalog's types that GraphQL calls otherwise; every other type keeps its own name."""

_NO_ENUM_VALUES = frozenset({"true", "false", "null"})

_FAMILIES = (
    TEXT_TYPES,
    frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"}),
    frozenset({"date", "timestamp", "timestamptz"}),
)

Names = Mapping[Ident, str]
"""Type below domains and arrays → the name of its scalar."""


def scalar_names(catalog: Catalog, types: Iterable[Ident]) -> Names:
    """One name for each type in use. Where types of several schemas share a name, one keeps it (pg_catalog's, else
    public's) and the others take their schema's name as a prefix."""
    rivals: dict[str, set[Ident]] = defaultdict(set)
    for ident in {_innermost(catalog, type) for type in types}:
        rivals[_plain_name(ident)].add(ident)
    return MappingProxyType({ident: _told_apart(ident, rivals[_plain_name(ident)]) for ident in _flat(rivals)})


def scalar_of(type: Ident, catalog: Catalog, names: Names | None = None) -> Scalar:
    """A type as GraphQL shows it: domains show their base type, arrays their element."""
    found = catalog.base_type(type)
    if found.kind == "array" and found.base is not None:
        element = scalar_of(found.base, catalog, names)
        return Scalar(element.name, found.ident, element, None, found.has_equality, found.has_order)
    name = (names or {}).get(found.ident) or _plain_name(found.ident)
    return Scalar(name, found.ident, None, _enum_values(found), found.has_equality, found.has_order)


def _innermost(catalog: Catalog, type: Ident) -> Ident:
    found = catalog.base_type(type)
    while found.kind == "array" and found.base is not None:
        found = catalog.base_type(found.base)
    return found.ident


def _plain_name(ident: Ident) -> str:
    name = BUILT_IN.get(ident.name) if ident.schema == PG_CATALOG else None
    return name or valid_graphql_name(ident.name)


def _told_apart(ident: Ident, rivals: set[Ident]) -> str:
    name = _plain_name(ident)
    if ident.schema == PG_CATALOG:
        return name
    stands_first = ident.schema == "public" and all(rival.schema != PG_CATALOG for rival in rivals)
    if name not in RESERVED_TYPES and (len(rivals) == 1 or stands_first):
        return name
    return valid_graphql_name(f"{ident.schema}_{ident.name}")


def _flat(rivals: Mapping[str, set[Ident]]) -> Iterable[Ident]:
    return (ident for group in rivals.values() for ident in group)


def _enum_values(found: PgType) -> tuple[tuple[str, str | None], ...] | None:
    """A native enum's members, in the database's order; None when GraphQL could not spell one of them."""
    if found.kind != "enum" or not found.labels or not all(map(is_enum_value, found.labels)):
        return None
    return tuple((label, None) for label in found.labels)


def is_enum_value(label: str) -> bool:
    """True for what GraphQL can spell as an enum's member."""
    return is_graphql_name(label) and label not in _NO_ENUM_VALUES


def are_comparable(left: Ident, right: Ident) -> bool:
    """True when `=` and `<` are known to work between two types below domains: equal ones, or of one family."""
    return left == right or any(left.name in family and right.name in family for family in _FAMILIES)
