"""Rows on their way: what a data-modifying statement hands back, and how later statements read it.

Rows written stand in a CTE called `~w`, under their columns' own names, with a few marks beside them. They travel to a
later statement as one JSON text, an *image*: every column as its Postgres text, so that nothing is lost on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gql_gen.catalog.types import Ident, Relation
from gql_gen.model.predicates import Slot
from gql_gen.sql.statement import type_name
from gql_gen.sql.text import Sql, column, ident, join, slot, sql
from gql_gen.sql.where import Writer

WRITTEN = '"~w"'
OK = ident("~ok")
VISIBLE = ident("~v")
ORDER = ident("~o")
FIRST = ident("~first")
UPDATED = ident("~u")
_ROW = '"~x"'


def base_type(relation: Relation, name: str, writer: Writer) -> Ident:
    return writer.catalog.base_type(relation.columns[name].type).ident


def cast(value: Sql, type_: Ident) -> Sql:
    return sql("({value})::{type}", value=value, type=Sql((type_name(type_, False),)))


def in_order(relation: Relation, names: Iterable[str]) -> list[str]:
    """Columns in the database's own order, each once."""
    wanted = set(names)
    return [name for name in relation.columns if name in wanted]


def shown(names: Iterable[str], alias: str) -> list[Sql]:
    """Columns under their own names, for a select or returning list."""
    return [sql("{value} as {name}", value=column(alias, name), name=ident(name)) for name in names]


def as_texts(names: Iterable[str], alias: str) -> list[Sql]:
    """The same as Postgres prints the values."""
    return [sql("({value})::text as {name}", value=column(alias, name), name=ident(name)) for name in names]


def count_written() -> Sql:
    return sql('(select count(*) from "~w")')


def image(names: Sequence[str], marks: Sequence[Sql], source: Sql) -> Sql:
    """The rows of a from item as one text. `marks` are further columns, already named."""
    return sql(
        "(select json_agg(row_to_json({row}))::text from (select {list} from {source}) as {row})",
        row=Sql(('"~i"',)),
        list=join(", ", [*as_texts(names, _ROW), *marks]),
        source=source,
    )


def written_rows(where: Sql | None = None) -> Sql:
    """`~w` as the from item of an image."""
    return sql('"~w" as {row}{where}', row=Sql((_ROW,)), where=where or Sql(()))


def recordset(slots: Sequence[Slot], names: Sequence[str], marks: Sequence[tuple[Sql, Sql]], alias: str) -> Sql:
    """An image, or several one after another, as a from item with text columns. `marks` are names with types."""
    columns = [sql("{name} text", name=ident(name)) for name in names]
    columns += [sql("{name} {type}", name=name, type=type_) for name, type_ in marks]
    return sql(
        "json_to_recordset({json}) as {alias}({columns})",
        json=_together(slots),
        alias=Sql((alias,)),
        columns=join(", ", columns),
    )


def _together(slots: Sequence[Slot]) -> Sql:
    if len(slots) == 1:
        return slot(slots[0])
    arrays = (sql("coalesce(({one})::jsonb, '[]')", one=slot(one)) for one in slots)
    return sql("({all})::json", all=join(" || ", arrays))
