"""Which rows come after a cursor: comparisons of sort keys that know where nulls stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import LiteralString

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import ColumnRef
from gql_gen.plan.nodes import Connection, CursorKey, Nulls, SortKey
from gql_gen.sql.text import Sql, join, operator, slot, sql
from gql_gen.sql.where import Writer


@dataclass(frozen=True, slots=True)
class Compared:
    """A sort key's value beside a cursor's. `is_certain`: neither can be null in any row."""

    key: SortKey
    type: Ident
    value: Sql
    cursor: Sql
    is_certain: bool


def reversed_key(key: SortKey) -> SortKey:
    """The key for the opposite order."""
    opposite: Nulls = "last" if key.nulls == "first" else "first"
    return replace(
        key,
        direction="asc" if key.direction == "desc" else "desc",
        nulls=None if key.nulls is None else opposite,
    )


def compared(node: Connection, values: Sequence[Sql], writer: Writer, *, is_reversed: bool) -> list[Compared]:
    """The keys of a connection, whose values are written so, beside its cursor."""
    return [
        Compared(
            reversed_key(key.sort) if is_reversed else key.sort,
            key.type.pg,
            value,
            slot(given),
            _is_certain(node, key, writer),
        )
        for key, value, given in zip(node.order, values, node.cursor, strict=True)
    ]


def beyond(keys: Sequence[Compared], writer: Writer, *, inclusive: bool = False) -> Sql:
    """True for the rows that come after the cursor in the order of the keys, or, with `inclusive`, not before it; false
    or null for all others."""
    if _is_plain(keys, writer):
        return _by_row(keys, inclusive, writer)
    test = _after(keys, inclusive, writer)
    if len(keys) == 1 or not keys[0].is_certain:
        return test
    # Said once more, so that an index of the first key leads to the place.
    return sql("({first} and {test})", first=_strictly(keys[0], writer, inclusive=True), test=test)


def _is_certain(node: Connection, key: CursorKey, writer: Writer) -> bool:
    """A function may make rows with nulls where its relation's cannot have them."""
    column, sort = key.sort.column, key.sort
    if node.rows is not None or sort.hops or not isinstance(column, ColumnRef) or column.guard is not None:
        return False
    return not writer.catalog.relations[node.relation].columns[column.column].nullable


def _is_plain(keys: Sequence[Compared], writer: Writer) -> bool:
    """Whether rows can be compared as wholes, as an index of all keys is read best."""
    return len({key.key.direction for key in keys}) == 1 and all(
        key.is_certain and writer.operator_schema(key.type) is None for key in keys
    )


def _by_row(keys: Sequence[Compared], inclusive: bool, writer: Writer) -> Sql:
    if len(keys) == 1:
        return _strictly(keys[0], writer, inclusive=inclusive)
    return sql(
        "(({values}) {symbol} ({cursor}))",
        values=join(", ", (key.value for key in keys)),
        symbol=Sql((_symbol(keys[0], inclusive),)),
        cursor=join(", ", (key.cursor for key in keys)),
    )


def _after(keys: Sequence[Compared], inclusive: bool, writer: Writer) -> Sql:
    """`a after or (a same and (b after or (…)))`."""
    key, rest = keys[0], keys[1:]
    if not rest and (key.is_certain or not inclusive):
        return _strictly(key, writer, inclusive=True) if inclusive else _past(key, writer)
    if not rest:
        return sql("({after} or {same})", after=_past(key, writer), same=_same(key, writer))
    return sql(
        "({after} or ({same} and {rest}))",
        after=_past(key, writer),
        same=_same(key, writer),
        rest=_after(rest, inclusive, writer),
    )


def _past(key: Compared, writer: Writer) -> Sql:
    """Strictly after in the order of one key, nulls at their end of it."""
    strictly = _strictly(key, writer)
    if key.is_certain:
        return strictly
    if _nulls_last(key.key):
        return sql(
            "({cursor} is not null and ({value} is null or {strictly}))",
            cursor=key.cursor,
            value=key.value,
            strictly=strictly,
        )
    return sql(
        "(({cursor} is null and {value} is not null) or {strictly})",
        cursor=key.cursor,
        value=key.value,
        strictly=strictly,
    )


def _same(key: Compared, writer: Writer) -> Sql:
    equal = sql("{value} {symbol} {cursor}", value=key.value, symbol=_operator("=", key, writer), cursor=key.cursor)
    if key.is_certain:
        return sql("({equal})", equal=equal)
    return sql("({equal} or ({value} is null and {cursor} is null))", equal=equal, value=key.value, cursor=key.cursor)


def _strictly(key: Compared, writer: Writer, *, inclusive: bool = False) -> Sql:
    symbol = _operator(_symbol(key, inclusive), key, writer)
    return sql("({value} {symbol} {cursor})", value=key.value, symbol=symbol, cursor=key.cursor)


def _operator(symbol: LiteralString, key: Compared, writer: Writer) -> Sql:
    return operator(symbol, writer.operator_schema(key.type))


def _symbol(key: Compared, inclusive: bool) -> LiteralString:
    if key.key.direction == "asc":
        return ">=" if inclusive else ">"
    return "<=" if inclusive else "<"


def _nulls_last(key: SortKey) -> bool:
    return key.nulls == "last" if key.nulls is not None else key.direction == "asc"
