"""Rows of one insert that hold the same key, found from the rows themselves."""

from __future__ import annotations

from gql_gen.catalog.types import Catalog, Relation, UniqueIndex, UniqueKey
from gql_gen.plan.writes import GivenColumn, Insert
from gql_gen.sql.rows import base_type, cast
from gql_gen.sql.statement import Statement, place
from gql_gen.sql.text import Sql, column, ident, join, printed, slot, sql
from gql_gen.sql.where import Writer

_INPUT = '"~r"'


def duplicate_rows(node: Insert, constraint: str | None, catalog: Catalog) -> Statement | None:
    """A statement whose one value is a JSON array of the positions (from 1) of rows with equal keys, or null. None
    where the rows do not give the whole key. `constraint` None: the conflict target's."""
    table = catalog.relations[node.relation]
    name = constraint if constraint is not None else (node.on_conflict.target.name if node.on_conflict else None)
    key = None if name is None else table.constraint(name)
    if not isinstance(key, UniqueKey | UniqueIndex):
        return None
    given = {column.column: column for column in node.columns}
    needed = {each for each in key.columns if each is not None}
    if isinstance(key, UniqueIndex):
        needed.update(key.mentions)
    if not needed <= given.keys():
        return None
    writer = Writer(catalog)
    return place(_grouped(node, key, [given[name] for name in sorted(needed)], table, writer), writer.patterns, 1)


def _grouped(
    node: Insert, key: UniqueKey | UniqueIndex, given: list[GivenColumn], table: Relation, writer: Writer
) -> Sql:
    declared = join(", ", (sql("{key} text", key=ident(column.key)) for column in given))
    names = join(", ", (ident(column.key) for column in given))
    typed = (
        sql(
            "{value} as {name}",
            value=cast(column(_INPUT, each.key), base_type(table, each.column, writer)),
            name=ident(each.column),
        )
        for each in given
    )
    elements = _elements(key)
    tests = [sql("{element} is not null", element=element) for element in elements]
    if isinstance(key, UniqueIndex) and key.predicate is not None:
        tests.append(printed(key.predicate))
    return sql(
        "select json_agg({at} order by {at})::text as {found} from "
        "(select {input}.{at}, {typed} from rows from (json_to_recordset({rows}) as ({declared})) "
        "with ordinality as {input}({names}, {at})) as {row} where {tests} group by {elements} having count(*) > 1 "
        "limit 1",
        at=ident("~o"),
        found=ident("~found"),
        input=Sql((_INPUT,)),
        typed=join(", ", typed),
        rows=slot(node.rows),
        declared=declared,
        names=names,
        row=Sql((writer.alias(),)),
        tests=join(" and ", tests),
        elements=join(", ", elements),
    )


def _elements(key: UniqueKey | UniqueIndex) -> list[Sql]:
    expressions = key.expressions if isinstance(key, UniqueIndex) else (None,) * len(key.columns)
    found = []
    for name, expression in zip(key.columns, expressions, strict=True):
        found.append(ident(name) if name is not None else printed(expression or "null"))
    return found
