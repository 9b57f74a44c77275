"""Connection → SQL: one page, its cursors, and what lies on either side of it.

    rows      the columns needed and the sort keys, after the cursor, in order, one row more than the page holds
    numbered  the same with a number in that order, and the cursor
    page      edges and page info, aggregated over these

What lies behind the cursor is asked for by itself, and only where the caller wants to know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import ColumnRef
from gql_gen.plan.nodes import (
    Connection,
    ConnectionShow,
    CursorKey,
    Show,
    ShowCursor,
    ShowEdges,
    ShowNode,
    ShowPage,
    ShowPageInfo,
    ShowText,
    SortKey,
)
from gql_gen.sql.keyset import beyond, compared, reversed_key
from gql_gen.sql.needed import shown_columns
from gql_gen.sql.nested import Base, Outer, tests_of
from gql_gen.sql.page import distinct_on, order_by, sort_value
from gql_gen.sql.shape import aggregate_object, json_object, selected
from gql_gen.sql.text import NOTHING, Sql, column, concat, ident, join, number, slot, sql, string
from gql_gen.sql.tokens import cursor
from gql_gen.sql.where import Writer, conditions

_KEY = "~k{}"
_CURSOR = "~c"
_NUMBER = "~n"
Shown = Callable[[tuple[Show, ...], str, Ident, Writer], list[tuple[str, Sql]]]
"""What is shown of the row of an alias, by response key."""


def connection(node: Connection, outer: Outer | None, writer: Writer, base: Base, shown: Shown) -> Sql:
    """A page as one parenthesised expression of type json."""
    return _Page(node, outer, writer, base, shown).written()


@dataclass(frozen=True, slots=True)
class _Page:
    """What the parts of one page are written from. `names` are those of the sort keys beside the columns."""

    node: Connection
    outer: Outer | None
    writer: Writer
    base: Base
    shown: Shown

    def written(self) -> Sql:
        if all(isinstance(show, ShowText) for show in self.node.show):
            return sql("(select {page})", page=self._object(""))
        row = self.writer.partial()
        # One row, also where nothing is aggregated.
        return sql(
            "(select {page} from ({numbered}) as {row} having true)",
            page=self._object(row),
            numbered=self._numbered(),
            row=Sql((row,)),
        )

    # ------------------------------------------------------------ rows

    def _numbered(self) -> Sql:
        row, found = self.writer.alias(), NOTHING
        if any(_told(show) & {"cursor", "start", "end"} for show in self.node.show):
            named = zip(self.node.order, self._key_columns(row), strict=True)
            token = cursor([(key.path, key.type.pg, value) for key, value in named])
            found = sql(", {token} as {name}", token=token, name=ident(_CURSOR))
        return sql(
            "select {row}.*, row_number() over () as {number}{cursor} from ({rows}) as {row}",
            row=Sql((row,)),
            number=ident(_NUMBER),
            cursor=found,
            rows=self._rows() if self._is_direct() else self._rows_of_made(),
        )

    def _is_direct(self) -> bool:
        """Whether the keys stand in the rows as they are, so that an index may lead to the cursor."""
        return not self.node.distinct and all(map(_is_plain, self.node.order))

    def _rows(self) -> Sql:
        """The rows of the page, from where the cursor points to."""
        alias = self.writer.alias()
        values = self._values(alias)
        return sql(
            "select {columns} from {source}{where}{order}{limit}",
            columns=selected([*self._columns(alias), *zip(self._names(), values, strict=True)]),
            source=self.base(self.node.relation, alias),
            where=conditions(*tests_of(self.node, alias, self.outer, self.writer), self._beyond(values)),
            order=order_by(values, self._order()),
            limit=self._limited(),
        )

    def _rows_of_made(self) -> Sql:
        """The same where keys are made for each row first."""
        row = self.writer.alias()
        return sql(
            "select {row}.* from ({made}) as {row}{where}{order}{limit}",
            row=Sql((row,)),
            made=self._made(self._columns),
            where=conditions(self._beyond(self._key_columns(row))),
            order=order_by(self._key_columns(row), self._order()),
            limit=self._limited(),
        )

    def _made(self, columns: Callable[[str], list[tuple[str, Sql]]]) -> Sql:
        """All rows with their keys, whatever the cursor says; of distinct ones the first. Keys are made once, and for
        rows in sight alone: for others they may fail, and that would tell."""
        alias = self.writer.alias()
        values = self._values(alias)
        order = order_by(values, tuple(key.sort for key in self.node.order))
        return sql(
            "select {distinct}{columns} from {source}{where}{end}",
            distinct=distinct_on(self._distinct(values)),
            columns=selected([*columns(alias), *zip(self._names(), values, strict=True)]),
            source=self.base(self.node.relation, alias),
            where=conditions(*tests_of(self.node, alias, self.outer, self.writer)),
            # Without an offset Postgres would write the keys out wherever they are compared.
            end=order if self.node.distinct else sql(" offset 0"),
        )

    def _distinct(self, values: list[Sql]) -> list[Sql]:
        """Written as in the order, which begins with the same columns."""
        by_column = {
            key.sort.column: value for key, value in zip(self.node.order, values, strict=True) if not key.sort.hops
        }
        return [by_column[ref] for ref in self.node.distinct]

    def _columns(self, alias: str) -> list[tuple[str, Sql]]:
        """What the rows' contents are made from."""
        nodes = (part for show in self.node.show if isinstance(show, ShowEdges) for part in show.parts)
        needed = (name for part in nodes if isinstance(part, ShowNode) for name in shown_columns(part.show))
        return [(name, column(alias, name)) for name in dict.fromkeys(needed)]

    # ------------------------------------------------------------ keys

    def _names(self) -> list[str]:
        return [_KEY.format(index) for index in range(len(self.node.order))]

    def _key_columns(self, row: str) -> list[Sql]:
        return [column(row, name) for name in self._names()]

    def _values(self, alias: str) -> list[Sql]:
        return [sort_value(key.sort, alias, self.node.relation, self.writer) for key in self.node.order]

    def _order(self) -> tuple[SortKey, ...]:
        """The order to read in: from the end where the last rows are wanted."""
        keys = (key.sort for key in self.node.order)
        return tuple(map(reversed_key, keys)) if self.node.is_last else tuple(keys)

    def _beyond(self, values: list[Sql]) -> Sql:
        """The rows on the side of the cursor that is asked for; nothing without a cursor."""
        if not self.node.cursor:
            return NOTHING
        keys = compared(self.node, values, self.writer, is_reversed=self.node.is_before)
        return beyond(keys, self.writer)

    def _lies_behind(self) -> Sql:
        """Whether there is a row at the cursor, or on its other side."""
        alias, tests = self.writer.alias(), list[Sql]()
        if self._is_direct():
            source, values = self.base(self.node.relation, alias), self._values(alias)
            tests += tests_of(self.node, alias, self.outer, self.writer)
        else:
            made = self._made(lambda _: [])
            source, values = sql("({made}) as {row}", made=made, row=Sql((alias,))), self._key_columns(alias)
        keys = compared(self.node, values, self.writer, is_reversed=not self.node.is_before)
        test = beyond(keys, self.writer, inclusive=True)
        return sql("exists (select 1 from {source}{where})", source=source, where=conditions(*tests, test))

    # ------------------------------------------------------------ size

    def _size(self) -> Sql:
        """How many rows the page may have; nothing when there is no bound."""
        bounds = [] if self.node.limit is None else [slot(self.node.limit)]
        bounds += [] if self.node.row_limit is None else [number(self.node.row_limit)]
        return sql("least({bounds})", bounds=join(", ", bounds)) if len(bounds) == 2 else join("", bounds)

    def _looks_on(self) -> bool:
        """Whether one row more is read, to know that there is one."""
        ahead = "previous" if self.node.is_last else "next"
        return any(ahead in _told(show) for show in self.node.show)

    def _limited(self) -> Sql:
        size = self._size()
        if not size:
            return NOTHING
        return sql(" limit {size} + 1", size=size) if self._looks_on() else sql(" limit {size}", size=size)

    def _within(self, row: str) -> Sql:
        """Keeps the row beyond the page out of an aggregate."""
        size = self._size()
        if not size or not self._looks_on():
            return NOTHING
        return sql(" filter (where {number} <= {size})", number=column(row, _NUMBER), size=size)

    # ------------------------------------------------------------ what is shown

    def _object(self, row: str) -> Sql:
        return aggregate_object([(show.alias, self._value(show, row)) for show in self.node.show])

    def _value(self, show: ConnectionShow, row: str) -> Sql:
        match show:
            case ShowText():
                return _constant(show)
            case ShowEdges():
                return sql(
                    "coalesce(json_agg({edge}{order}){within}, '[]')",
                    edge=json_object([(part.alias, self._edge(part, row)) for part in show.parts]),
                    order=self._numbers(row, is_backward=self.node.is_last),
                    within=self._within(row),
                )
            case ShowPageInfo():
                return aggregate_object([(part.alias, self._page_info(part, row)) for part in show.parts])
            case _:
                assert_never(show)

    def _edge(self, part: ShowCursor | ShowNode | ShowText, row: str) -> Sql:
        match part:
            case ShowCursor():
                return column(row, _CURSOR)
            case ShowNode():
                return json_object(self.shown(part.show, row, self.node.relation, self.writer))
            case ShowText():
                return _constant(part)
            case _:
                assert_never(part)

    def _page_info(self, part: ShowPage | ShowText, row: str) -> Sql:
        if isinstance(part, ShowText):
            return _constant(part)
        match part.part:
            case "start" | "end":
                return sql(
                    "coalesce((array_agg({cursor}{order}){within})[1], '')",
                    cursor=column(row, _CURSOR),
                    order=self._numbers(row, is_backward=self.node.is_last != (part.part == "end")),
                    within=self._within(row),
                )
            case "next":
                return self._there_are(ahead=not self.node.is_last, behind=self.node.is_before)
            case "previous":
                return self._there_are(ahead=self.node.is_last, behind=not self.node.is_before)
            case _:
                assert_never(part.part)

    def _there_are(self, *, ahead: bool, behind: bool) -> Sql:
        """Whether there are further rows where the page was cut off, or behind the cursor."""
        size, found = self._size(), []
        if ahead and size:
            found.append(sql("(count(*) > {size})", size=size))
        if behind and self.node.cursor:
            found.append(self._lies_behind())
        return sql("({any})", any=join(" or ", found)) if found else sql("false")

    @staticmethod
    def _numbers(row: str, *, is_backward: bool) -> Sql:
        order = sql(" order by {number}", number=column(row, _NUMBER))
        return concat(order, sql(" desc")) if is_backward else order


def _is_plain(key: CursorKey) -> bool:
    return not key.sort.hops and isinstance(key.sort.column, ColumnRef) and key.sort.column.guard is None


def _constant(show: ShowText) -> Sql:
    return sql("{text}::text", text=string(show.text))


def _told(show: ConnectionShow) -> set[str]:
    """The cursors and the parts of page info that are asked for."""
    match show:
        case ShowEdges():
            return {"cursor" for part in show.parts if isinstance(part, ShowCursor)}
        case ShowPageInfo():
            return {part.part for part in show.parts if isinstance(part, ShowPage)}
        case ShowText():
            return set()
        case _:
            assert_never(show)
