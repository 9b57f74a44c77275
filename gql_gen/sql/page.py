"""Order, distinct, limit, offset."""

from __future__ import annotations

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import Slot
from gql_gen.plan.nodes import Hop, SortKey
from gql_gen.sql.calls import called_rows
from gql_gen.sql.text import Sql, join, number, slot, sql
from gql_gen.sql.where import Writer, aggregate, condition, conditions, joined, source, value


def sort_value(key: SortKey, alias: str, base: Ident, writer: Writer) -> Sql:
    """What a key sorts by, seen from the row `alias` of `base`."""
    if not key.hops:
        assert key.column is not None
        return value(key.column, (alias,), (base,), writer)
    return _walk(key, key.hops, alias, base, writer)


def _walk(key: SortKey, hops: tuple[Hop, ...], alias: str, base: Ident, writer: Writer) -> Sql:
    hop, rest = hops[0], hops[1:]
    inner = writer.alias()
    made = source(hop.relation, inner) if hop.rows is None else called_rows(hop.rows, writer.row(alias), inner)
    where = conditions(
        joined(hop.on, (base, hop.relation), (alias, inner), writer),
        condition(hop.rule, (inner,), (hop.relation,), writer),
    )
    if rest:
        found = _walk(key, rest, inner, hop.relation, writer)
    elif key.function is not None:
        columns = () if key.column is None else (key.column,)
        found = aggregate(key.function, columns, inner, hop.relation, False, writer)
        return sql("(select {value} from {source}{where})", value=found, source=made, where=where)
    else:
        assert key.column is not None
        found = value(key.column, (inner,), (hop.relation,), writer)
    return sql("(select {value} from {source}{where} limit 1)", value=found, source=made, where=where)


def direction(key: SortKey) -> Sql:
    """The words after a sort expression."""
    words = sql(" desc") if key.direction == "desc" else sql("")
    match key.nulls:
        case "first":
            return Sql((*words.parts, " nulls first"))
        case "last":
            return Sql((*words.parts, " nulls last"))
        case _:
            return words


def order_by(values: list[Sql], keys: tuple[SortKey, ...]) -> Sql:
    """` order by …`, or nothing."""
    if not keys:
        return Sql(())
    terms = (sql("{value}{words}", value=value, words=direction(key)) for value, key in zip(values, keys, strict=True))
    return sql(" order by {terms}", terms=join(", ", terms))


def distinct_on(columns: list[Sql]) -> Sql:
    return sql("distinct on ({columns}) ", columns=join(", ", columns)) if columns else Sql(())


def limited(limit: Slot | None, offset: Slot | None, row_limit: int | None) -> Sql:
    """` limit … offset …`: the caller's limit within the role's."""
    words: list[Sql] = []
    if limit is not None and row_limit is not None:
        words.append(sql(" limit least({limit}, {role})", limit=slot(limit), role=number(row_limit)))
    elif limit is not None:
        words.append(sql(" limit {limit}", limit=slot(limit)))
    elif row_limit is not None:
        words.append(sql(" limit {role}", role=number(row_limit)))
    if offset is not None:
        words.append(sql(" offset {offset}", offset=slot(offset)))
    return join("", words)
