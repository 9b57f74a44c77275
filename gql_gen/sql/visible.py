"""Questions about what a role can see, asked after a write was refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice, pairwise

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.gate.violations import NoHiddenTarget, Question, RowWithKey
from gql_gen.model.predicates import Slot, ValueType
from gql_gen.sql.rows import base_type, cast
from gql_gen.sql.statement import Statement, place
from gql_gen.sql.text import Sql, column, join, printed, relation, slot, sql
from gql_gen.sql.where import Writer, condition, conditions, equal

_TEXT = ValueType(Ident("pg_catalog", "text"), "String")
_READINGS = 50
"""A key of two texts with commas in them can be read in several ways; more than these are not tried."""


def asked(question: Question, catalog: Catalog) -> Statement:
    """One row with one boolean: whether the violation may be told."""
    writer = Writer(catalog)
    match question:
        case RowWithKey():
            return place(_row_with_key(question, writer), writer.patterns, 1)
        case NoHiddenTarget():
            return place(_no_hidden_target(question, writer), writer.patterns, 1)


def _row_with_key(question: RowWithKey, writer: Writer) -> Sql:
    alias = writer.alias()
    readings = list(islice(_readings(question.key, len(question.columns)), _READINGS))
    tests = [_has_key(question, reading, alias, writer, is_certain=len(readings) == 1) for reading in readings]
    return sql(
        "select exists (select 1 from {table} as {alias}{where})",
        table=relation(question.relation),
        alias=Sql((alias,)),
        where=conditions(
            sql("({any})", any=join(" or ", tests)) if tests else sql("false"),
            Sql(()) if question.predicate is None else printed(question.predicate),
            condition(question.rule, (alias,), (question.relation,), writer),
            _stays(question, alias, writer),
        ),
    )


def _stays(question: RowWithKey, alias: str, writer: Writer) -> Sql:
    if question.besides is None:
        return Sql(())
    scope, relations = (alias,), (question.relation,)
    taken = [condition(pred, scope, relations, writer) for pred in (question.besides.rule, question.besides.where)]
    tests = [test for test in taken if test]
    return sql("({tests}) is not true", tests=join(" and ", tests)) if tests else sql("false")


def _has_key(question: RowWithKey, texts: Sequence[str], alias: str, writer: Writer, *, is_certain: bool) -> Sql:
    """By the index where the text can only be read one way, else by what Postgres prints of each row."""
    table = writer.catalog.relations[question.relation]
    tests = []
    for name, expression, text in zip(question.columns, question.expressions, texts, strict=True):
        value = slot(Slot("literal", (), _TEXT, text))
        if name is not None and is_certain:
            type_ = base_type(table, name, writer)
            tests.append(equal(column(alias, name), cast(value, type_), type_, writer))
        else:
            element = column(alias, name) if name is not None else printed(expression or "null")
            tests.append(sql("format('%s', {element}) = {value}", element=element, value=value))
    return sql("({all})", all=join(" and ", tests))


def _readings(key: str, parts: int) -> list[tuple[str, ...]]:
    """The ways to take a printed key apart: `1, x` has one of two parts, `a, b, c` two."""
    pieces = key.split(", ")
    found = []
    for cuts in islice(combinations(range(1, len(pieces)), parts - 1), _READINGS):
        edges = (0, *cuts, len(pieces))
        found.append(tuple(", ".join(pieces[a:b]) for a, b in pairwise(edges)))
    return found


def _no_hidden_target(question: NoHiddenTarget, writer: Writer) -> Sql:
    alias, node = writer.alias(), question.write
    scope, relations = (alias,), (node.relation,)
    return sql(
        "select not exists (select 1 from {table} as {alias}{where})",
        table=relation(node.relation),
        alias=Sql((alias,)),
        where=conditions(
            condition(node.rule, scope, relations, writer),
            condition(node.where, scope, relations, writer),
            sql("({rule}) is not true", rule=condition(question.rule, scope, relations, writer) or sql("true")),
        ),
    )
