"""The comparison operators callers and rules may use: which types have them and what their operand is.

Names and meaning are Hasura v2's. How each is written in SQL stands in gql_gen.sql.operators; a test holds the two
tables together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import ValueType
from gql_gen.model.types import Scalar

Operand = Literal[
    "same", "list", "boolean", "text", "texts", "jsonb", "lquery", "lqueries", "ltxtquery", "ltree", "ltrees"
]
Group = Literal["equality", "order", "text", "jsonb", "array", "ltree"]


@dataclass(frozen=True, slots=True)
class OperatorSpec:
    name: str
    operand: Operand
    group: Group
    description: str | None = None


def _specs() -> Mapping[str, tuple[OperatorSpec, ...]]:
    rows: tuple[tuple[Group, str, Operand, str | None], ...] = (
        ("equality", "_eq", "same", None),
        ("order", "_gt", "same", None),
        ("order", "_gte", "same", None),
        ("equality", "_in", "list", None),
        ("order", "_lt", "same", None),
        ("order", "_lte", "same", None),
        ("equality", "_neq", "same", None),
        ("equality", "_nin", "list", None),
        ("text", "_like", "same", "does the column match the given pattern"),
        ("text", "_nlike", "same", "does the column NOT match the given pattern"),
        ("text", "_ilike", "same", "does the column match the given case-insensitive pattern"),
        ("text", "_nilike", "same", "does the column NOT match the given case-insensitive pattern"),
        ("text", "_similar", "same", "does the column match the given SQL regular expression"),
        ("text", "_nsimilar", "same", "does the column NOT match the given SQL regular expression"),
        ("text", "_regex", "same", "does the column match the given POSIX regular expression, case sensitive"),
        ("text", "_iregex", "same", "does the column match the given POSIX regular expression, case insensitive"),
        ("text", "_nregex", "same", "does the column NOT match the given POSIX regular expression, case sensitive"),
        ("text", "_niregex", "same", "does the column NOT match the given POSIX regular expression, case insensitive"),
        ("jsonb", "_contains", "same", "does the column contain the given json value at the top level"),
        ("jsonb", "_contained_in", "same", "is the column contained in the given json value"),
        ("jsonb", "_has_key", "text", "does the string exist as a top-level key in the column"),
        ("jsonb", "_has_keys_any", "texts", "do any of these strings exist as top-level keys in the column"),
        ("jsonb", "_has_keys_all", "texts", "do all of these strings exist as top-level keys in the column"),
        ("array", "_contains", "same", "does the array contain the given value"),
        ("array", "_contained_in", "same", "is the array contained in the given array value"),
        ("ltree", "_ancestor", "ltree", "is the left argument an ancestor of right (or equal)?"),
        ("ltree", "_ancestor_any", "ltrees", "does array contain an ancestor of `ltree`?"),
        ("ltree", "_descendant", "ltree", "is the left argument a descendant of right (or equal)?"),
        ("ltree", "_descendant_any", "ltrees", "does array contain a descendant of `ltree`?"),
        ("ltree", "_matches", "lquery", "does `ltree` match `lquery`?"),
        ("ltree", "_matches_any", "lqueries", "does `ltree` match any `lquery` in array?"),
        ("ltree", "_matches_fulltext", "ltxtquery", "does `ltree` match `ltxtquery`?"),
    )
    grouped: dict[str, tuple[OperatorSpec, ...]] = {}
    for group, name, operand, description in rows:
        grouped[group] = (*grouped.get(group, ()), OperatorSpec(name, operand, group, description))
    return MappingProxyType(grouped)


GROUPS = _specs()
_STRING = ValueType(Ident("pg_catalog", "text"), "String")
TEXT_TYPES = frozenset({"text", "varchar", "bpchar", "citext", "name"})
COLUMN_COMPARISONS: Mapping[str, str] = MappingProxyType(
    {"_ceq": "_eq", "_cne": "_neq", "_cneq": "_neq", "_cgt": "_gt", "_clt": "_lt", "_cgte": "_gte", "_clte": "_lte"}
)
"""Column-to-column operators of rules → the comparison they make."""


def operators_for(scalar: Scalar) -> tuple[OperatorSpec, ...]:
    """What a column of this type can be compared by, as the schema lists it. `_is_null` and `_cast` are apart."""
    found: list[OperatorSpec] = []
    if scalar.has_equality:
        found += GROUPS["equality"]
    if scalar.has_order:
        found += GROUPS["order"]
    if scalar.element is not None:
        return (*found, *(GROUPS["array"] if scalar.has_equality else ()))
    if scalar.values is not None:
        return tuple(spec for spec in found if spec.group == "equality")
    if scalar.pg.name in TEXT_TYPES:
        found += GROUPS["text"]
    if scalar.pg == Ident("pg_catalog", "jsonb"):
        found += GROUPS["jsonb"]
    if scalar.pg.name == "ltree":
        found += GROUPS["ltree"]
    return tuple(found)


def operand_type(spec: OperatorSpec, scalar: Scalar) -> ValueType:
    """How an operator's operand is checked and bound for a column of this type. A pattern is plain text, whatever kind
    of text it is held against, but for citext, whose operators take their own type."""
    own = scalar.value_type() if spec.group == "equality" else replace(scalar, values=None).value_type()
    beside = {name: ValueType(Ident(scalar.pg.schema, name), name) for name in ("lquery", "ltxtquery", "ltree")}
    match spec.operand:
        case "list" | "ltrees":
            return replace(own, is_list=True)
        case "text":
            return _STRING
        case "texts":
            return replace(_STRING, is_list=True)
        case "lqueries":
            return replace(beside["lquery"], is_list=True)
        case "lquery" | "ltxtquery":
            return beside[spec.operand]
    if spec.group == "text" and scalar.pg.name in TEXT_TYPES and scalar.pg.name != "citext":
        return replace(_STRING, graphql=scalar.name)
    return own
