"""Pred → SQL."""

from __future__ import annotations

from typing import LiteralString, assert_never

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.model.predicates import (
    AggregateTest,
    All,
    AnyOf,
    CastRef,
    ColumnRef,
    Compare,
    Exists,
    IsNull,
    Not,
    Pred,
    Slot,
    Value,
)
from gql_gen.sql.calls import Row, called, called_rows
from gql_gen.sql.operators import TEMPLATES, Pattern, Template
from gql_gen.sql.text import Sql, column, ident, join, operator, relation, slot, sql

Scope = tuple[str, ...]
"""Aliases of the rows in sight, innermost first: `ColumnRef.depth` counts into it."""


class Writer:
    """What one statement's writing shares: alias numbers and the patterns met on the way."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.patterns: dict[Slot, Pattern] = {}
        self._aliases = 0
        self._partial: set[str] = set()

    def alias(self) -> str:
        """A name no column of ours can have: `row_to_json(x)` means the column x before the row x, and response keys,
        which become column names, hold no `~`."""
        self._aliases += 1
        return f'"~t{self._aliases}"'

    def partial(self) -> str:
        """An alias for rows that have some of a relation's columns, and not its row type."""
        alias = self.alias()
        self._partial.add(alias)
        return alias

    def row(self, alias: str) -> Row:
        """The row of an alias, to call functions with."""
        return Row(alias, alias not in self._partial)

    def operator_schema(self, type_ident: Ident) -> str | None:
        """Where a type's operators live: with the type for extension types, in pg_catalog for all that is generic
        (enums, arrays, ranges, records). citext in a schema off the search_path compares as text otherwise."""
        base = self.catalog.base_type(type_ident)
        if base.kind != "base" or base.ident.schema == "pg_catalog":
            return None
        return base.ident.schema


def source(name: Ident, alias: str) -> Sql:
    return sql("{relation} as {alias}", relation=relation(name), alias=Sql((alias,)))


def joined(
    on: tuple[tuple[str, str], ...], relations: tuple[Ident, Ident], aliases: tuple[str, str], writer: Writer
) -> Sql:
    """`ours.a = theirs.b and …` for a relationship; empty when there are no pairs."""
    ours, theirs = aliases
    pairs = []
    for our_column, their_column in on:
        theirs_type = writer.catalog.relations[relations[1]].columns[their_column].type
        ours_type = writer.catalog.relations[relations[0]].columns[our_column].type
        pairs.append(
            between(
                writer,
                "=",
                column(theirs, their_column),
                writer.catalog.base_type(theirs_type).ident,
                column(ours, our_column),
                writer.catalog.base_type(ours_type).ident,
            )
        )
    return join(" and ", pairs)


def between(writer: Writer, symbol: LiteralString, left: Sql, left_type: Ident, right: Sql, right_type: Ident) -> Sql:
    """Two columns compared. An extension's operators take its own type alone, so the other side is cast to it (citext
    to text would compare otherwise than the index, text to citext never fails)."""
    schema = writer.operator_schema(left_type)
    if schema is not None and left_type != right_type:
        right = sql("({value})::{type}", value=right, type=relation(left_type))
    elif schema is None and (schema := writer.operator_schema(right_type)) is not None:
        left = sql("({value})::{type}", value=left, type=relation(right_type))
    return sql("{left} {symbol} {right}", left=left, symbol=operator(symbol, schema), right=right)


def equal(left: Sql, right: Sql, type_ident: Ident | None, writer: Writer) -> Sql:
    """Two values of one type compared; None for a type not known, which then is one of pg_catalog's."""
    schema = None if type_ident is None else writer.operator_schema(type_ident)
    return sql("{left} {symbol} {right}", left=left, symbol=operator("=", schema), right=right)


def conditions(*parts: Sql) -> Sql:
    """` where a and b`, or nothing when all parts are empty."""
    present = [part for part in parts if part]
    return sql(" where {all}", all=join(" and ", present)) if present else Sql(())


def condition(pred: Pred | None, scope: Scope, relations: tuple[Ident, ...], writer: Writer) -> Sql:
    """A predicate to be joined by `and`; empty when it is true."""
    if pred is None or pred == All(()):
        return Sql(())
    if isinstance(pred, All):
        return join(" and ", (predicate(part, scope, relations, writer) for part in pred.parts))
    return predicate(pred, scope, relations, writer)


def predicate(pred: Pred, scope: Scope, relations: tuple[Ident, ...], writer: Writer) -> Sql:
    """A predicate as one parenthesised or atomic expression. `relations` goes along with `scope`."""
    match pred:
        case All():
            return _connected(" and ", pred.parts, sql("true"), scope, relations, writer)
        case AnyOf():
            return _connected(" or ", pred.parts, sql("false"), scope, relations, writer)
        case Not():
            return sql("(not {part})", part=predicate(pred.part, scope, relations, writer))
        case IsNull():
            left = value(pred.column, scope, relations, writer)
            return sql("({left} is not null)", left=left) if pred.negated else sql("({left} is null)", left=left)
        case Compare():
            left = value(pred.left, scope, relations, writer)
            return comparison(pred, left, _type_of(pred.left), scope, relations, writer)
        case Exists():
            return _exists(pred, scope, relations, writer)
        case AggregateTest():
            return _aggregate_test(pred, scope, relations, writer)
        case _:
            assert_never(pred)


def _connected(
    word: str, parts: tuple[Pred, ...], empty: Sql, scope: Scope, relations: tuple[Ident, ...], writer: Writer
) -> Sql:
    if not parts:
        return empty
    written = [predicate(part, scope, relations, writer) for part in parts]
    if len(written) == 1:
        return written[0]
    return sql("({all})", all=join(" and " if word == " and " else " or ", written))


def value(ref: Value | CastRef, scope: Scope, relations: tuple[Ident, ...], writer: Writer) -> Sql:
    """A value of one of the rows in sight; null where its guard does not hold."""
    if isinstance(ref, CastRef):
        # Only jsonb → text exists, and it cannot fail on any value.
        return sql("({value})::text", value=value(ref.column, scope, relations, writer))
    alias = scope[ref.depth]
    plain = column(alias, ref.column) if isinstance(ref, ColumnRef) else called(ref.call, writer.row(alias))
    return _guarded(plain, ref.guard, scope[ref.depth :], relations[ref.depth :], writer)


def _guarded(plain: Sql, guard: Pred | None, scope: Scope, relations: tuple[Ident, ...], writer: Writer) -> Sql:
    if guard is None:
        return plain
    seen = predicate(guard, scope, relations, writer)
    return sql("(case when {seen} then {plain} end)", seen=seen, plain=plain)


def _type_of(ref: Value | CastRef) -> Ident:
    return ref.to if isinstance(ref, CastRef) else ref.type


def comparison(
    pred: Compare, left: Sql, left_type: Ident, scope: Scope, relations: tuple[Ident, ...], writer: Writer
) -> Sql:
    """`left` compared as `pred` says; `left` may be an aggregate's value instead of the predicate's own column."""
    template = TEMPLATES[pred.operator]
    if isinstance(pred.right, ColumnRef):
        right = value(pred.right, scope, relations, writer)
        return sql("({all})", all=between(writer, template.symbol, left, left_type, right, pred.right.type))
    right = slot(pred.right)
    if template.pattern is not None:
        writer.patterns[pred.right] = template.pattern
    return _operated(template, left, right, operator(template.symbol, writer.operator_schema(left_type)))


def _operated(template: Template, left: Sql, right: Sql, symbol: Sql) -> Sql:
    match template.form:
        case "infix":
            return sql("({left} {symbol} {right})", left=left, symbol=symbol, right=right)
        case "not infix":
            return sql("(not ({left} {symbol} {right}))", left=left, symbol=symbol, right=right)
        case "any":
            return sql("({left} {symbol} any ({right}))", left=left, symbol=symbol, right=right)
        case "not any":
            return sql("(not ({left} {symbol} any ({right})))", left=left, symbol=symbol, right=right)
        case "similar" | "not similar":
            return sql("({left} {symbol} pg_catalog.similar_to_escape({right}))", left=left, symbol=symbol, right=right)
        case _:
            assert_never(template.form)


def _exists(pred: Exists, scope: Scope, relations: tuple[Ident, ...], writer: Writer) -> Sql:
    alias = writer.alias()
    inner, inner_relations = (alias, *scope), (pred.relation, *relations)
    made = source(pred.relation, alias) if pred.rows is None else called_rows(pred.rows, writer.row(scope[0]), alias)
    found = sql(
        "exists (select 1 from {source}{where})",
        source=made,
        where=conditions(
            joined(pred.on, (relations[0], pred.relation), (scope[0], alias), writer),
            condition(pred.rule, inner, inner_relations, writer),
            condition(pred.where, inner, inner_relations, writer),
        ),
    )
    if pred.guard is None:
        return found
    guard = predicate(pred.guard, scope, relations, writer)
    return sql("(case when {guard} then {found} else false end)", guard=guard, found=found)


def _aggregate_test(pred: AggregateTest, scope: Scope, relations: tuple[Ident, ...], writer: Writer) -> Sql:
    alias = writer.alias()
    inner, inner_relations = (alias, *scope), (pred.relation, *relations)
    guards = dict(pred.guards)
    arguments = tuple(
        _guarded(column(alias, name), guards.get(name), inner, inner_relations, writer) for name in pred.arguments
    )
    found = sql(
        "(select {call} from {source}{where})",
        call=call(pred.function, arguments, pred.distinct),
        source=source(pred.relation, alias),
        where=conditions(
            joined(pred.on, (relations[0], pred.relation), (scope[0], alias), writer),
            condition(pred.rule, inner, inner_relations, writer),
            condition(pred.where, inner, inner_relations, writer),
        ),
    )
    tests = []
    for test in pred.tests:
        if isinstance(test, IsNull):
            tests.append(
                sql("({value} is not null)", value=found) if test.negated else sql("({value} is null)", value=found)
            )
        else:
            tests.append(comparison(test, found, _type_of(test.left), inner, inner_relations, writer))
    if not tests:
        return sql("true")
    return sql("({all})", all=join(" and ", tests))


def aggregate(
    function: str, columns: tuple[Value, ...], alias: str, relation: Ident, distinct: bool, writer: Writer
) -> Sql:
    """An aggregate call over values of the row `alias`. `min` and `max` of an extension's type are its own: those of
    pg_catalog would compare citext as text."""
    schema = writer.operator_schema(columns[0].type) if columns and function in ("min", "max") else None
    arguments = tuple(value(ref, (alias,), (relation,), writer) for ref in columns)
    return call(function, arguments, distinct, schema or "pg_catalog")


def call(function: str, arguments: tuple[Sql, ...], distinct: bool, schema: str = "pg_catalog") -> Sql:
    """An aggregate call. `count` of several columns counts records, as Hasura does."""
    name = sql("{schema}.{name}", schema=ident(schema), name=ident(function))
    if not arguments:
        return sql("{name}(*)", name=name)
    inner = join(", ", arguments)
    if function == "count" and len(arguments) > 1:
        inner = sql("({all})", all=inner)
    return (
        sql("{name}(distinct {inner})", name=name, inner=inner)
        if distinct
        else sql("{name}({inner})", name=name, inner=inner)
    )
