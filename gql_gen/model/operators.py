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
        ("text", "_like", "same", "LIKE"),
        ("text", "_nlike", "same", "NOT LIKE"),
        ("text", "_ilike", "same", "ILIKE: LIKE whatever the case"),
        ("text", "_nilike", "same", "NOT ILIKE"),
        ("text", "_similar", "same", "SIMILAR TO"),
        ("text", "_nsimilar", "same", "NOT SIMILAR TO"),
        ("text", "_regex", "same", "~: a POSIX regular expression"),
        ("text", "_iregex", "same", "~*: a POSIX regular expression, whatever the case"),
        ("text", "_nregex", "same", "!~: not a POSIX regular expression"),
        ("text", "_niregex", "same", "!~*: not a POSIX regular expression, whatever the case"),
        ("jsonb", "_contains", "same", "@>: the column's JSON contains this"),
        ("jsonb", "_contained_in", "same", "<@: this contains the column's JSON"),
        ("jsonb", "_has_key", "text", "?: this is a top-level key"),
        ("jsonb", "_has_keys_any", "texts", "?|: one of these is a top-level key"),
        ("jsonb", "_has_keys_all", "texts", "?&: all of these are top-level keys"),
        ("array", "_contains", "same", "@>: the column's array has all of these"),
        ("array", "_contained_in", "same", "<@: these have all of the column's array"),
        ("ltree", "_ancestor", "ltree", "@>: the column's path leads to this one, or is it"),
        ("ltree", "_ancestor_any", "ltrees", "@>: the column's path leads to one of these, or is one"),
        ("ltree", "_descendant", "ltree", "<@: the column's path lies below this one, or is it"),
        ("ltree", "_descendant_any", "ltrees", "<@: the column's path lies below one of these, or is one"),
        ("ltree", "_matches", "lquery", "~: an lquery"),
        ("ltree", "_matches_any", "lqueries", "?: one of these lqueries"),
        ("ltree", "_matches_fulltext", "ltxtquery", "@: an ltxtquery"),
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
