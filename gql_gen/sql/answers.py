"""What a write answers with: from the rows of its own statement or, where tables are reached again, in a second one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import TRUE, Pred, Slot, reaches_further, reaches_tables, row_columns
from gql_gen.plan.nodes import Select, Show, ShowColumn, ShowText
from gql_gen.plan.writes import Answer, OneRow, Response, ShowAffected, ShowReturning
from gql_gen.sql.needed import shown_columns
from gql_gen.sql.nested import Base
from gql_gen.sql.program import NONE_CHANGED, Builder, affected_since, result
from gql_gen.sql.read import select_over
from gql_gen.sql.rows import FIRST, ORDER, VISIBLE, base_type, cast, in_order, recordset
from gql_gen.sql.shape import json_object
from gql_gen.sql.text import Sql, column, ident, join, slot, sql, string
from gql_gen.sql.where import Writer, condition, conditions


def shows_of(answer: Answer | None) -> tuple[Show, ...]:
    """All that is shown of the rows, wherever it stands in the answer."""
    match answer:
        case None:
            return ()
        case OneRow():
            return answer.show
        case Response():
            return tuple(show for part in answer.show if isinstance(part, ShowReturning) for show in part.show)
        case _:
            assert_never(answer)


def rule_of(answer: Answer | None) -> Pred:
    """The rule that rows must pass to be shown; TRUE when none is shown."""
    return TRUE if answer is None or answer.rule is None or not shows_rows(answer) else answer.rule


def has_mark(answer: Answer | None) -> bool:
    """Whether each written row says itself if the role may see it: when the rule looks at nothing but the row."""
    rule = rule_of(answer)
    return rule != TRUE and not reaches_tables(rule)


def shows_rows(answer: Answer | None) -> bool:
    return isinstance(answer, OneRow) or (
        isinstance(answer, Response) and any(isinstance(part, ShowReturning) for part in answer.show)
    )


def reaches_again(answer: Answer | None) -> bool:
    """Whether the answer looks at tables, as a function may, so that it belongs into a statement of its own."""
    return any(
        reaches_further(show.column) if isinstance(show, ShowColumn) else not isinstance(show, ShowText)
        for show in shows_of(answer)
    )


def columns_shown(answer: Answer | None) -> set[str]:
    """Columns of the written rows that the answer needs."""
    return set(shown_columns(shows_of(answer)))


# ---------------------------------------------------------------- rendering


@dataclass(frozen=True, slots=True)
class Given:
    """What an answer is made from: the rows as a from item, and how many were changed."""

    rows: Base
    affected: Sql


def answered(answer: Answer, relation: Ident, given: Given, writer: Writer) -> Sql:
    """The answer as one expression of type json."""
    match answer:
        case OneRow():
            return select_over(Select(relation, answer.show, single=True), given.rows, writer)
        case Response():
            return json_object([(part.alias, _part(part, relation, given, writer)) for part in answer.show])
        case _:
            assert_never(answer)


def _part(part: ShowAffected | ShowReturning | ShowText, relation: Ident, given: Given, writer: Writer) -> Sql:
    match part:
        case ShowAffected():
            return given.affected
        case ShowReturning():
            return select_over(Select(relation, part.show), given.rows, writer)
        case ShowText():
            return sql("{text}::text", text=string(part.text))
        case _:
            assert_never(part)


def from_written(*, marked: bool) -> Base:
    """The rows of this very statement; with a mark, those that the role may see."""

    def base(_: Ident, alias: str) -> Sql:
        where = sql(" where {mark}", mark=VISIBLE) if marked else Sql(())
        return sql('(select * from "~w"{where}) as {alias}', where=where, alias=Sql((alias,)))

    return base


def answer_step(
    answer: Answer,
    relation: Ident,
    images: Sequence[Slot],
    build: Builder,
    *,
    marked: bool,
    since: int,
    once: bool = False,
) -> int:
    """A statement that answers from images. `marked`: the rows say themselves whether the role may see them; else the
    rule is asked now, when all is written. `since`: the first statement whose rows count. `once`: rows written twice
    by one statement are shown once."""
    writer = build.writer()
    names = in_order(build.catalog.relations[relation], columns_shown(answer) | row_columns(rule_of(answer)))

    def base(_: Ident, alias: str) -> Sql:
        flags = [*([VISIBLE] if marked else []), *([FIRST] if once else [])]
        marks = [(ORDER, sql("int")), *((flag, sql("bool")) for flag in flags)]
        rows = _typed_rows(images, relation, names, marks, writer)
        inner = writer.partial()
        rule = Sql(()) if marked else condition(rule_of(answer), (inner,), (relation,), writer)
        return sql(
            "(select * from ({rows}) as {inner}{where} order by {order}) as {alias}",
            rows=rows,
            inner=Sql((inner,)),
            where=conditions(rule, *flags),
            order=ORDER,
            alias=Sql((alias,)),
        )

    total = slot(affected_since(since))
    value = answered(answer, relation, Given(base, total), writer)
    return build.step(result([value, NONE_CHANGED], []), writer, None)


def _typed_rows(
    images: Sequence[Slot], relation: Ident, names: list[str], marks: list[tuple[Sql, Sql]], writer: Writer
) -> Sql:
    alias = writer.alias()
    entity = writer.catalog.relations[relation]
    columns = [
        sql("{value} as {name}", value=cast(column(alias, name), base_type(entity, name, writer)), name=ident(name))
        for name in names
    ]
    return sql(
        "select {columns} from {rows}",
        columns=join(", ", [*columns, *(name for name, _ in marks)]),
        rows=recordset(images, names, marks, alias),
    )
