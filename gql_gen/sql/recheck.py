"""`recheck`: rows are read again by their key, and judged once more, before the commit."""

from __future__ import annotations

from gql_gen.model.predicates import TRUE, Slot
from gql_gen.plan.writes import Check, Insert, Update
from gql_gen.sql.program import NO_ANSWER, Builder, result
from gql_gen.sql.rows import OK, ORDER, UPDATED, base_type, cast, recordset
from gql_gen.sql.text import Sql, column, join, relation, sql
from gql_gen.sql.verdict import both_passed, first_told, passed, verdict
from gql_gen.sql.where import Writer, equal


def write_recheck(node: Insert | Update, check: Check, image: Slot, other: Check | None, build: Builder) -> None:
    """Adds the statement that judges the rows of an image by what the tables now hold. `other` is the check of rows
    that were updated instead of inserted. Rows that are gone by now are nobody's business."""
    writer = build.writer()
    table = build.catalog.relations[node.relation]
    assert table.primary_key is not None, "a rule with recheck stands on a table with a primary key"
    alias, given = writer.alias(), writer.alias()
    key = table.primary_key.columns
    same = []
    for name in key:
        type_ = base_type(table, name, writer)
        same.append(equal(column(alias, name), cast(column(given, name), type_), type_, writer))
    marks = [(ORDER, sql("int")), (UPDATED, sql("bool"))]
    rows = sql(
        "select {verdict} as {ok} from {table} as {alias} join {rows} on {same}",
        verdict=_verdict(node, check, other, alias, given, writer, build),
        ok=OK,
        table=relation(node.relation),
        alias=Sql((alias,)),
        rows=recordset([image], list(key), marks, given),
        same=join(" and ", same),
    )
    told = [first_told(sql('"~c"'))] if build.tell else []
    columns = [NO_ANSWER, sql('(select count({ok}) from "~c")', ok=OK), *told]
    build.recheck(result(columns, [sql('"~c" as materialized ({rows})', rows=rows)]), writer, node)


def _verdict(
    node: Insert | Update, check: Check, other: Check | None, alias: str, given: str, writer: Writer, build: Builder
) -> Sql:
    def judged(one: Check) -> Sql:
        if not one.recheck:
            return passed(tell=build.tell)
        return verdict(one.pred, build.check(one), alias, node.relation, writer, tell=build.tell)

    if other is None or (other.pred == TRUE and check.pred == TRUE):
        return judged(check)
    own_, other_ = judged(check), judged(other)
    return sql(
        "case {given}.{updated} when true then {other} when false then {own} else {both} end",
        given=Sql((given,)),
        updated=UPDATED,
        other=other_,
        own=own_,
        both=both_passed(own_, other_, tell=build.tell),
    )
