"""JSON objects and arrays, built by Postgres in the cheapest form that holds."""

from __future__ import annotations

from collections.abc import Sequence

from gql_gen.sql.text import Sql, ident, join, sql, string

_NAME_BYTES = 63
_ROW = Sql(('"~e"',))
_MANY = 1_000
_ARGUMENTS = 100
"""The most arguments a function call takes."""


def fits_a_row(aliases: Sequence[str]) -> bool:
    """Whether the keys can be column aliases: Postgres cuts names at 63 bytes, and a row holds 1,664 columns."""
    return len(aliases) <= _MANY and all(len(alias.encode()) <= _NAME_BYTES for alias in aliases)


def selected(pairs: Sequence[tuple[str, Sql]]) -> Sql:
    """`value as "key", …` for a select list."""
    return join(", ", (sql("{value} as {alias}", value=value, alias=ident(alias)) for alias, value in pairs))


def json_object(pairs: Sequence[tuple[str, Sql]]) -> Sql:
    """A JSON object as one expression, keys in the order given."""
    if not pairs:
        return sql("'{left}{right}'::json", left=Sql(("{",)), right=Sql(("}",)))
    if fits_a_row([alias for alias, _ in pairs]):
        return sql("row_to_json((select {e} from (select {list}) as {e}))", e=_ROW, list=selected(pairs))
    return spelled_object(pairs)


def aggregate_object(pairs: Sequence[tuple[str, Sql]]) -> Sql:
    """A JSON object whose values are aggregate calls. They must stand in the query they aggregate over, which a
    sub-select is not: `count(*)` would count the sub-select's one row."""
    if not pairs or len(pairs) > _ARGUMENTS // 2:
        return spelled_object(pairs) if pairs else json_object(pairs)
    arguments = (sql("{key}, {value}", key=string(key), value=value) for key, value in pairs)
    return sql("json_build_object({arguments})", arguments=join(", ", arguments))


def spelled_object(pairs: Sequence[tuple[str, Sql]]) -> Sql:
    """The form without limits: the object's text put together, so that no key is cut and no argument list overflows."""
    pieces: list[Sql] = []
    for index, (alias, value) in enumerate(pairs):
        escaped = alias.replace("\\", "\\\\").replace('"', '\\"')
        pieces.append(string(("{" if index == 0 else ",") + '"' + escaped + '":'))
        pieces.append(sql("coalesce(to_json({value})::text, 'null')", value=value))
    return sql("array_to_string(array[{pieces}, {end}], '')::json", pieces=join(", ", pieces), end=string("}"))
