"""Select, Link and Aggregate → SQL that answers with ready JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.gate.types import Permitted
from gql_gen.model.calls import Call
from gql_gen.model.predicates import ColumnRef, Value
from gql_gen.plan.nodes import (
    Aggregate,
    AggregateShow,
    CallValue,
    Connection,
    Node,
    Plan,
    Select,
    Show,
    ShowAggregate,
    ShowColumn,
    ShowComputed,
    ShowGlobalId,
    ShowGroup,
    ShowLink,
    ShowNodes,
    ShowRows,
    ShowText,
    SortKey,
)
from gql_gen.sql.calls import Row, called, called_rows
from gql_gen.sql.connection import connection
from gql_gen.sql.needed import group_columns, shown_columns
from gql_gen.sql.nested import Base, Outer, tests_of
from gql_gen.sql.page import distinct_on, limited, order_by, sort_value
from gql_gen.sql.shape import aggregate_object, fits_a_row, json_object, selected, spelled_object
from gql_gen.sql.statement import Statement, place
from gql_gen.sql.text import Sql, column, concat, ident, join, number, slot, sql, string
from gql_gen.sql.tokens import global_id
from gql_gen.sql.where import Writer, aggregate, conditions, source, value

_SORT_KEY = "~k{}"
"""Names of sort keys beside the shown columns; `~` cannot occur in a GraphQL alias."""
_WHOLE = "~w"
_NUMBER = "~n"
_COLUMNS = 1_000


def render(permitted: Permitted[Plan], catalog: Catalog) -> Statement:
    """One statement for all roots of a read: one snapshot, one JSON column a root (or one in all beyond a thousand)."""
    writer = Writer(catalog)
    values = [node_value(root.node, None, writer) for root in permitted.plan.roots]
    if len(values) > _COLUMNS:
        written = sql("select {all}", all=_json_array(values))
        return place(written, writer.patterns, 1)
    return place(sql("select {values}", values=join(", ", values)), writer.patterns, len(values))


def _json_array(values: list[Sql]) -> Sql:
    """Beyond what a row can hold: one JSON array with a value a root."""
    texts = (sql("coalesce(({value})::text, 'null')", value=value) for value in values)
    return sql("('[' || array_to_string(array[{texts}], ',') || ']')::json", texts=join(", ", texts))


def node_value(node: Node, outer: Outer | None, writer: Writer) -> Sql:
    """A node as one parenthesised expression of type json. How a link is rendered is decided here alone."""
    match node:
        case Select():
            written = _single if node.single else _list
            return written(node, outer, writer, _rows_of(node.rows, None))
        case Aggregate():
            return _aggregate(node, outer, writer, _rows_of(node.rows, None))
        case Connection():
            return connection(node, outer, writer, _rows_of(node.rows, None), _shown)
        case CallValue():
            value = called(node.call, None)
            return sql("to_json(({value})::text)" if node.as_text else "to_json({value})", value=value)
        case _:
            assert_never(node)


def _rows_of(rows: Call | None, row: Row | None) -> Base:
    """What a function returns, or else the relation itself."""
    return source if rows is None else lambda _, alias: called_rows(rows, row, alias)


def select_over(node: Select, base: Base, writer: Writer) -> Sql:
    """A select over rows at hand, which have columns of its relation and are not of its row type."""
    written = _single if node.single else _list
    return written(node, None, writer, base, is_whole=False)


def _where(node: Select | Aggregate, alias: str, outer: Outer | None, writer: Writer) -> Sql:
    return conditions(*tests_of(node, alias, outer, writer))


# ---------------------------------------------------------------- rows


def _single(node: Select, outer: Outer | None, writer: Writer, base: Base, *, is_whole: bool = True) -> Sql:
    alias = writer.alias() if is_whole else writer.partial()
    pairs = _shown(node.show, alias, node.relation, writer)
    most = 1 if node.row_limit is None else min(1, node.row_limit)
    where = _where(node, alias, outer, writer)
    if node.rows is not None:
        # A function that returns no row returns one of nulls.
        there = sql("not ({row} is null)", row=Sql((alias,)))
        where = concat(where, sql(" and {there}" if where else " where {there}", there=there))
    tail = concat(where, limited(None, None, most))
    if fits_a_row([key for key, _ in pairs]):
        return sql(
            "(select row_to_json({row}) from (select {list} from {source}{tail}) as {row})",
            row=Sql((writer.alias(),)),
            list=selected(pairs),
            source=base(node.relation, alias),
            tail=tail,
        )
    return sql(
        "(select {object} from {source}{tail})",
        object=spelled_object(pairs),
        source=base(node.relation, alias),
        tail=tail,
    )


def _list(node: Select, outer: Outer | None, writer: Writer, base: Base, *, is_whole: bool = True) -> Sql:
    """`is_whole`: the base's rows are of the relation's own row type."""
    alias, row = writer.alias() if is_whole else writer.partial(), writer.alias()
    pairs = _shown(node.show, alias, node.relation, writer)
    whole = not fits_a_row([key for key, _ in pairs])
    if whole:
        pairs = [(_WHOLE, spelled_object(pairs))]
    keys = _sort_keys(node)
    beside = _beside(node, keys, alias, whole, writer)
    tail = concat(
        _where(node, alias, outer, writer),
        order_by(beside.inside, keys),
        limited(node.limit, node.offset, node.row_limit),
    )
    return sql(
        "(select coalesce(json_agg({row}{order}), '[]') from (select {distinct}{list} from {source}{tail}) as {alias})",
        row=_row(pairs, row, whole=whole, alone=not beside.extra),
        order=order_by([column(row, name) for name in beside.names], keys),
        distinct=distinct_on(_distinct_values(node, keys, beside.inside, alias, writer)),
        list=selected([*pairs, *beside.extra]),
        source=base(node.relation, alias),
        tail=tail,
        alias=Sql((row,)),
    )


def _row(pairs: list[tuple[str, Sql]], row: str, *, whole: bool, alone: bool) -> Sql:
    """The JSON object of one row of the sub-select `row`."""
    if whole:
        return column(row, _WHOLE)
    if alone:
        return sql("row_to_json({row})", row=Sql((row,)))
    return json_object([(key, column(row, key)) for key, _ in pairs])


@dataclass(frozen=True, slots=True)
class _Beside:
    """Sort keys of a list: what to sort by inside the sub-select, the name each is found under outside it, and the
    columns added for those not shown anyway."""

    inside: list[Sql]
    names: list[str]
    extra: list[tuple[str, Sql]]


def _beside(node: Select, keys: tuple[SortKey, ...], alias: str, whole: bool, writer: Writer) -> _Beside:
    shown: dict[Value, str] = {
        show.column: show.alias
        for show in node.show
        if isinstance(show, ShowColumn) and not show.as_text and show.json_path is None and not whole
    }
    found = _Beside([], [], [])
    for index, key in enumerate(keys):
        value = sort_value(key, alias, node.relation, writer)
        name = shown.get(key.column) if key.column is not None and not key.hops else None
        if name is None:
            name = _SORT_KEY.format(index)
            found.extra.append((name, value))
        # Sorted by its output name, so that what is more than a column is written, and run, once.
        found.inside.append(value if _is_plain(key) else ident(name))
        found.names.append(name)
    return found


def _is_plain(key: SortKey) -> bool:
    return not key.hops and isinstance(key.column, ColumnRef) and key.column.guard is None


def _distinct_values(
    node: Select | Aggregate, keys: tuple[SortKey, ...], inside: list[Sql], alias: str, writer: Writer
) -> list[Sql]:
    """Written as in the order, which begins with the same columns: Postgres compares the expressions."""
    known = {key.column: value for key, value in zip(keys, inside, strict=True) if not key.hops}
    return [known.get(ref) or value(ref, (alias,), (node.relation,), writer) for ref in node.distinct]


def _sort_keys(node: Select | Aggregate) -> tuple[SortKey, ...]:
    """The caller's order; `distinct on` without one orders by its own columns, so that the rows chosen are stable."""
    if node.order or not node.distinct:
        return node.order
    return tuple(SortKey("asc", None, ref) for ref in node.distinct)


def _shown(shows: tuple[Show, ...], alias: str, relation: Ident, writer: Writer) -> list[tuple[str, Sql]]:
    return [(show.alias, _shown_value(show, alias, relation, writer)) for show in shows]


def _shown_value(show: Show, alias: str, relation: Ident, writer: Writer) -> Sql:
    match show:
        case ShowColumn() | ShowComputed():
            ref = show.column if isinstance(show, ShowColumn) else show.value
            found = value(ref, (alias,), (relation,), writer)
            if show.json_path is not None:
                found = sql("({value} #> {path})", value=found, path=slot(show.json_path))
            return sql("({value})::text", value=found) if show.as_text else found
        case ShowText():
            return sql("{text}::text", text=string(show.text))
        case ShowGlobalId():
            return global_id(show.relation, [(part.type, column(alias, part.column)) for part in show.key])
        case ShowLink():
            return node_value(show.node, Outer(alias, relation, show.on), writer)
        case ShowRows():
            return _list(show.node, None, writer, _rows_of(show.node.rows, writer.row(alias)))
        case _:
            assert_never(show)


# ---------------------------------------------------------------- aggregates


def _aggregate(node: Aggregate, outer: Outer | None, writer: Writer, base: Base) -> Sql:
    """One pass over one set of rows: a sub-select of the columns needed when a page, an order or a distinct cuts the
    set, the relation itself otherwise."""
    alias = writer.alias()
    has_nodes = any(isinstance(show, ShowNodes) for show in node.show)
    if not has_nodes and not any(isinstance(show, ShowGroup) and _calls(show) for show in node.show):
        # Nothing here makes one row of many, and nothing here looks at a row.
        return sql("(select {object})", object=_aggregate_object(node, alias, (), writer))
    where = _where(node, alias, outer, writer)
    keys = _sort_keys(node)
    counts = node.row_limit is not None and has_nodes
    if not (keys or node.distinct or node.limit or node.offset or counts):
        return sql(
            "(select {object} from {source}{where})",
            object=_aggregate_object(node, alias, (), writer),
            source=base(node.relation, alias),
            where=where,
        )
    values = [sort_value(key, alias, node.relation, writer) for key in keys]
    names = tuple(_SORT_KEY.format(index) for index in range(len(keys)))
    inside = [found if _is_plain(key) else ident(name) for key, found, name in zip(keys, values, names, strict=True)]
    row = writer.partial()
    inner = sql(
        "select {distinct}{columns} from {source}{where}{order}{limited}",
        distinct=distinct_on(_distinct_values(node, keys, inside, alias, writer)),
        columns=_inner_columns(node, alias, list(zip(names, values, strict=True))),
        source=base(node.relation, alias),
        where=where,
        order=order_by(inside, keys),
        limited=limited(node.limit, node.offset, None),
    )
    numbered = sql(
        "select *, row_number() over () as {n} from ({inner}) as {q}",
        n=ident(_NUMBER),
        inner=inner,
        q=Sql((writer.alias(),)),
    )
    return sql(
        "(select {object} from ({inner}) as {row})",
        object=_aggregate_object(node, row, names, writer),
        inner=numbered if counts else inner,
        row=Sql((row,)),
    )


def _calls(group: ShowGroup) -> bool:
    """Whether any aggregate is called below."""
    return any(
        isinstance(part, ShowAggregate) or (isinstance(part, ShowGroup) and _calls(part)) for part in group.parts
    )


def _inner_columns(node: Aggregate, alias: str, sort: list[tuple[str, Sql]]) -> Sql:
    needed: dict[str, None] = {}
    for show in node.show:
        match show:
            case ShowGroup():
                needed.update(dict.fromkeys(group_columns(show)))
            case ShowNodes():
                needed.update(dict.fromkeys(shown_columns(show.show)))
            case ShowText():
                pass
            case _:
                assert_never(show)
    pairs = [(name, column(alias, name)) for name in needed]
    return selected([*pairs, *sort]) if pairs or sort else sql("1 as {one}", one=ident("~one"))


def _aggregate_object(node: Aggregate, alias: str, sort: tuple[str, ...], writer: Writer) -> Sql:
    return aggregate_object([(show.alias, _aggregate_value(show, node, alias, sort, writer)) for show in node.show])


def _aggregate_value(show: AggregateShow, node: Aggregate, alias: str, sort: tuple[str, ...], writer: Writer) -> Sql:
    match show:
        case ShowGroup():
            return _group(show, alias, node.relation, writer)
        case ShowText():
            return sql("{text}::text", text=string(show.text))
        case ShowNodes():
            pairs = _shown(show.show, alias, node.relation, writer)
            only = Sql(())
            if node.row_limit is not None:
                only = sql(" filter (where {n} <= {limit})", n=column(alias, _NUMBER), limit=number(node.row_limit))
            return sql(
                "coalesce(json_agg({row}{order}){only}, '[]')",
                row=json_object(pairs),
                order=order_by([column(alias, name) for name in sort], _sort_keys(node)),
                only=only,
            )
        case _:
            assert_never(show)


def _group(group: ShowGroup, alias: str, relation: Ident, writer: Writer) -> Sql:
    pairs: list[tuple[str, Sql]] = []
    for part in group.parts:
        match part:
            case ShowGroup():
                pairs.append((part.alias, _group(part, alias, relation, writer)))
            case ShowText():
                pairs.append((part.alias, sql("{text}::text", text=string(part.text))))
            case ShowAggregate():
                found = aggregate(part.function, part.columns, alias, relation, part.distinct, writer)
                pairs.append((part.alias, sql("({value})::text", value=found) if part.as_text else found))
            case _:
                assert_never(part)
    return aggregate_object(pairs)
