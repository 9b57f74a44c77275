"""Update and Delete → statements."""

from __future__ import annotations

from typing import assert_never

from gql_gen.catalog.types import Relation
from gql_gen.model.predicates import TRUE, reaches_tables, row_columns
from gql_gen.plan.writes import Assignment, Delete, Update
from gql_gen.sql.answers import (
    Given,
    answer_step,
    answered,
    columns_shown,
    from_written,
    nothing,
    reaches_again,
    rule_of,
)
from gql_gen.sql.conflict import preset_value
from gql_gen.sql.program import IMAGE, Builder, from_step, result
from gql_gen.sql.recheck import write_recheck
from gql_gen.sql.rows import OK, ORDER, VISIBLE, count_written, image, in_order, shown, written_rows
from gql_gen.sql.text import Sql, column, ident, join, relation, slot, sql
from gql_gen.sql.verdict import verdict
from gql_gen.sql.where import Writer, condition, conditions


def write_update(node: Update, build: Builder) -> int:
    """The statements of an update; the step that answers."""
    return _Change(node, build).write()


def write_delete(node: Delete, build: Builder) -> int:
    """The statements of a delete; the step that answers. Related rows are read after it, so those that went along are
    absent; whether the role may see a deleted row is judged as it was."""
    return _Change(node, build).write()


class _Change:
    """One update or delete in the making."""

    def __init__(self, node: Update | Delete, build: Builder) -> None:
        self.node = node
        self.build = build
        self.writer: Writer = build.writer()
        self.table: Relation = build.catalog.relations[node.relation]
        self.alias = self.writer.alias()
        self.rechecked = isinstance(node, Update) and node.check is not None and node.check.recheck
        self.staged = reaches_again(node.answer) or (self._asks_late() and rule_of(node.answer) != TRUE)

    def _asks_late(self) -> bool:
        """Whether what the role may see is judged when all is written: where its rule looks at other rows."""
        return isinstance(self.node, Update) and reaches_tables(rule_of(self.node.answer))

    def _has_mark(self) -> bool:
        return rule_of(self.node.answer) != TRUE and not self._asks_late()

    def write(self) -> int:
        node = self.node
        written = sql('"~w" as ({change} returning {returning})', change=self._statement(), returning=self._returning())
        step = self.build.step(result(self._columns(), [written]), self.writer, node)
        if self.rechecked and isinstance(node, Update) and node.check is not None:
            write_recheck(node, node.check, from_step(step, IMAGE), None, self.build)
        if not self.staged or node.answer is None:
            return step
        images = (from_step(step, IMAGE),)
        return answer_step(node.answer, node.relation, images, self.build, marked=self._has_mark(), since=step)

    def _statement(self) -> Sql:
        node = self.node
        where = conditions(
            condition(node.rule, (self.alias,), (node.relation,), self.writer),
            condition(node.where, (self.alias,), (node.relation,), self.writer),
        )
        alias = Sql((self.alias,))
        if isinstance(node, Delete):
            return sql("delete from {table} as {alias}{where}", table=relation(node.relation), alias=alias, where=where)
        return sql(
            "update {table} as {alias} set {set}{where}",
            table=relation(node.relation),
            alias=alias,
            set=self._assignments(node),
            where=where,
        )

    def _assignments(self, node: Update) -> Sql:
        preset = {value.column for value in node.presets}
        found = [
            sql("{name} = {value}", name=ident(assignment.column), value=self._value(assignment))
            for assignment in node.assignments
            if assignment.column not in preset
        ]
        found += [
            sql("{name} = {value}", name=ident(value.column), value=preset_value(value)) for value in node.presets
        ]
        return join(", ", found)

    def _value(self, assignment: Assignment) -> Sql:
        if assignment.value is None:
            return sql("null")
        value, old = slot(assignment.value), column(self.alias, assignment.column)
        match assignment.operator:
            case "set":
                return value
            case "inc":
                return sql("{old} + {value}", old=old, value=value)
            case "append":
                return sql("{old} || {value}", old=old, value=value)
            case "prepend":
                return sql("{value} || {old}", old=old, value=value)
            case "delete_key" | "delete_elem":
                return sql("{old} - {value}", old=old, value=value)
            case "delete_at_path":
                return sql("{old} #- {value}", old=old, value=value)
            case _:
                assert_never(assignment.operator)

    # ------------------------------------------------------------ what comes out

    def _names(self) -> list[str]:
        names = columns_shown(self.node.answer)
        if self._asks_late():
            names |= row_columns(rule_of(self.node.answer))
        if self.rechecked and self.table.primary_key is not None:
            names.update(self.table.primary_key.columns)
        return in_order(self.table, names)

    def _returning(self) -> Sql:
        marks = [sql("{verdict} as {ok}", verdict=self._verdict(), ok=OK)]
        if self._has_mark():
            visible = condition(rule_of(self.node.answer), (self.alias,), (self.node.relation,), self.writer)
            marks.append(sql("coalesce({visible}, false) as {v}", visible=visible, v=VISIBLE))
        return join(", ", [*shown(self._names(), self.alias), *marks])

    def _verdict(self) -> Sql:
        check = self.node.check if isinstance(self.node, Update) else None
        if check is None:
            return sql("null::json") if self.build.tell else sql("true")
        number = self.build.check(check)
        return verdict(check.pred, number, self.alias, self.node.relation, self.writer, tell=self.build.tell)

    def _columns(self) -> list[Sql]:
        value = nothing()
        if not self.staged and self.node.answer is not None:
            given = Given(from_written(marked=self._has_mark()), count_written())
            value = answered(self.node.answer, self.node.relation, given, self.writer)
        columns = [value, count_written()]
        if self.staged or self.rechecked:
            marks = [sql("row_number() over () - 1 as {o}", o=ORDER)]
            marks += [sql("{v} as {v}", v=VISIBLE)] if self._has_mark() else []
            columns.append(image(self._names(), marks, written_rows()))
        if self.build.tell:
            columns.append(sql('(select {ok}::text from "~w" where {ok} is not null limit 1)', ok=OK))
        return columns
