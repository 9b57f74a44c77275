"""Cursors and global ids: JSON of a row's values, in base64."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from gql_gen.catalog.types import Ident
from gql_gen.model.tokens import is_spelled
from gql_gen.sql.text import Sql, join, sql, string

Tree = dict[str, "Sql | Tree"]


def global_id(relation: Ident, key: Iterable[tuple[Ident, Sql]]) -> Sql:
    """The token of a row, from the types and values of its key."""
    parts = [string(relation.schema), string(relation.name), *(_value(type_, value) for type_, value in key)]
    return _token(sql("json_build_array(1, {parts})", parts=join(", ", parts)))


def cursor(values: Sequence[tuple[tuple[str, ...], Ident, Sql]]) -> Sql:
    """The token of a row, from the paths, types and values of its sort keys."""
    tree: Tree = {}
    for path, type_, value in values:
        at = tree
        for key in path[:-1]:
            at = cast(Tree, at.setdefault(key, {}))
        at[path[-1]] = _value(type_, value)
    return _token(_object(tree))


def _object(tree: Mapping[str, Sql | Tree]) -> Sql:
    parts = (
        sql("{key}, {value}", key=string(key), value=value if isinstance(value, Sql) else _object(value))
        for key, value in tree.items()
    )
    return sql("json_build_object({parts})", parts=join(", ", parts))


def _value(type_: Ident, value: Sql) -> Sql:
    return sql("({value})::text", value=value) if is_spelled(type_) else value


def _token(json: Sql) -> Sql:
    # Postgres breaks lines of base64 after 76 characters.
    return sql("translate(encode(convert_to(({json})::text, 'UTF8'), 'base64'), E'\\n', '')", json=json)
