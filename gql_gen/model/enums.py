"""Enum tables: a table whose rows are the members of a GraphQL enum, and the columns that refer to one."""

from __future__ import annotations

from gql_gen.catalog.types import Catalog, Ident, Relation
from gql_gen.model.operators import TEXT_TYPES
from gql_gen.model.scalars import is_enum_value
from gql_gen.rules.types import Rules

EnumRows = tuple[tuple[str, str | None], ...]
"""(value, comment) per row."""


def enum_fault(relation: Relation, catalog: Catalog, rows: EnumRows) -> str | None:
    """Why this table cannot be an enum; None when it can. An empty one cannot: its columns would have to become plain
    strings, which is wider than what was asked for."""
    key = relation.primary_key
    if key is None or len(key.columns) != 1:
        return "its primary key must be a single column"
    if len(relation.columns) > 2:
        return "it may have one column beside its key, for comments"
    if not all(catalog.base_type(column.type).ident.name in TEXT_TYPES for column in relation.columns.values()):
        return "its columns must be of type text"
    if not rows:
        return "it has no rows"
    bad = next((value for value, _ in rows if not is_enum_value(value)), None)
    return None if bad is None else f'its value "{bad}" is not a valid GraphQL enum value'


def enum_columns(relation: Relation, rules: Rules) -> dict[str, Ident]:
    """The columns that refer to an enum table by a key of their own → that table."""
    found: dict[str, Ident] = {}
    for key in relation.foreign_keys:
        target = rules.tables.get(key.target)
        if target is not None and target.is_enum and len(key.columns) == 1:
            found.setdefault(key.columns[0], key.target)
    return found
