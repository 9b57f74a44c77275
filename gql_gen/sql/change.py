"""Update and Delete → statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from gql_gen.catalog.types import Ident, Relation
from gql_gen.model.predicates import TRUE, Slot, reaches_tables, row_columns
from gql_gen.plan.writes import Assignment, Delete, Update
from gql_gen.sql.answers import (
    Given,
    answer_step,
    answered,
    columns_shown,
    from_written,
    reaches_again,
    rule_of,
)
from gql_gen.sql.conflict import preset_value
from gql_gen.sql.program import IMAGE, NO_ANSWER, NONE_CHANGED, Builder, from_step, result
from gql_gen.sql.recheck import write_recheck
from gql_gen.sql.rows import (
    OK,
    ORDER,
    VISIBLE,
    WRITTEN,
    base_type,
    cast,
    count_written,
    image,
    in_order,
    recordset,
    shown,
    written_rows,
)
from gql_gen.sql.text import Sql, column, ident, join, number, relation, slot, sql
from gql_gen.sql.verdict import first_told, passed, raising, verdict
from gql_gen.sql.where import Writer, between, condition, conditions


@dataclass(frozen=True, slots=True)
class Around:
    """What a change that is part of a larger one has to keep to.

    `within`: only rows whose columns `within[i][1]` equal `within[i][0]` of a row of `of` in `images`. `gate`: nothing
    at all where this image is empty. `assigned`: columns that get their value from elsewhere. `needed`: columns that
    others want to know. `expected`: how many rows there must be, else the place of that number is at fault. `locks`:
    rows are locked and handed on, not changed. `locked`: the image of those rows, which are now changed; they were
    judged when they were locked, and one that a trigger leaves as it is goes on as it was."""

    images: tuple[Slot, ...] = ()
    within: tuple[tuple[str, str], ...] = ()
    of: Ident | None = None
    gate: Slot | None = None
    assigned: tuple[tuple[str, Sql], ...] = ()
    needed: frozenset[str] = frozenset()
    expected: tuple[int, int] | None = None
    locks: bool = False
    locked: Slot | None = None


ALONE = Around()


def write_change(node: Update | Delete, build: Builder) -> int:
    """The statements of an update or delete that stands alone; the step that answers. Related rows are read after it,
    so those that went along with a deleted row are absent; whether the role may see it is judged as it was."""
    change = Change(node, build, ALONE)
    step = change.write()
    return step if not change.staged else change.answer(from_step(step, IMAGE), step)


class Change:
    """One update or delete in the making."""

    def __init__(self, node: Update | Delete, build: Builder, around: Around) -> None:
        self.node = node
        self.build = build
        self.around = around
        self.writer: Writer = build.writer()
        self.table: Relation = build.catalog.relations[node.relation]
        self.alias = self.writer.alias()
        self.rechecked = isinstance(node, Update) and node.check is not None and node.check.recheck and not around.locks
        self.staged = reaches_again(node.answer) or self._asks_late() or bool(around.needed)

    def _asks_late(self) -> bool:
        """Whether what the role may see is judged when all is written: where its rule looks at other rows."""
        return isinstance(self.node, Update) and reaches_tables(rule_of(self.node.answer))

    def _is_marked(self) -> bool:
        return rule_of(self.node.answer) != TRUE and not self._asks_late()

    def write(self) -> int:
        """The statement that changes the rows; its step."""
        node = self.node
        if self.around.locks:
            written = sql('"~w" as materialized ({rows})', rows=self._locking())
        else:
            change, returning = self._statement(), self._returning()
            written = sql('"~w" as ({change} returning {returning})', change=change, returning=returning)
        step = self.build.step(result(self._columns(), [written]), self.writer, node)
        if self.rechecked and isinstance(node, Update) and node.check is not None:
            write_recheck(node, node.check, from_step(step, IMAGE), None, self.build)
        return step

    def answer(self, image: Slot, since: int) -> int:
        """The statement that answers from the rows of an image of ours."""
        assert self.node.answer is not None
        images = (image,)
        return answer_step(
            self.node.answer, self.node.relation, images, self.build, marked=self._is_marked(), since=since
        )

    # ------------------------------------------------------------ the statement

    def _statement(self) -> Sql:
        node, alias, where = self.node, Sql((self.alias,)), self._where()
        if isinstance(node, Delete):
            return sql("delete from {table} as {alias}{where}", table=relation(node.relation), alias=alias, where=where)
        return sql(
            "update {table} as {alias} set {set}{where}",
            table=relation(node.relation),
            alias=alias,
            set=self._assignments(node),
            where=where,
        )

    def _locking(self) -> Sql:
        return sql(
            "select {columns} from {table} as {alias}{where} for update of {alias}",
            columns=self._returning(),
            table=relation(self.node.relation),
            alias=Sql((self.alias,)),
            where=self._where(),
        )

    def _where(self) -> Sql:
        node, scope, relations = self.node, (self.alias,), (self.node.relation,)
        gate = self.around.gate
        if self.around.locked is not None:
            return conditions(self._within())
        return conditions(
            Sql(()) if gate is None else sql("{image} is not null", image=slot(gate)),
            self._within(),
            condition(node.rule, scope, relations, self.writer),
            condition(node.where, scope, relations, self.writer),
        )

    def _within(self) -> Sql:
        around = self.around
        if not around.within or around.of is None:
            return Sql(())
        above = self.build.catalog.relations[around.of]
        return hung(around.images, above, around.within, self.table, self.alias, self.writer)

    def _assignments(self, node: Update) -> Sql:
        preset = {value.column for value in node.presets} | {name for name, _ in self.around.assigned}
        found = [
            sql("{name} = {value}", name=ident(assignment.column), value=self._value(assignment))
            for assignment in node.assignments
            if assignment.column not in preset
        ]
        found += [sql("{name} = {value}", name=ident(name), value=value) for name, value in self.around.assigned]
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
        names = columns_shown(self.node.answer) | self.around.needed
        if self._asks_late():
            names |= row_columns(rule_of(self.node.answer))
        if self.rechecked and self.table.primary_key is not None:
            names.update(self.table.primary_key.columns)
        return in_order(self.table, names)

    def _returning(self) -> Sql:
        marks = [sql("{verdict} as {ok}", verdict=self._verdict(), ok=OK)]
        if self._is_marked():
            visible = condition(rule_of(self.node.answer), (self.alias,), (self.node.relation,), self.writer)
            marks.append(sql("coalesce({visible}, false) as {v}", visible=visible, v=VISIBLE))
        return join(", ", [*shown(self._names(), self.alias), *marks])

    def _verdict(self) -> Sql:
        check = self.node.check if isinstance(self.node, Update) and not self.around.locks else None
        if check is None:
            return passed(tell=self.build.tell)
        index = self.build.check(check)
        return verdict(check.pred, index, self.alias, self.node.relation, self.writer, tell=self.build.tell)

    def _columns(self) -> list[Sql]:
        value = NO_ANSWER
        if not self.staged and self.node.answer is not None:
            given = Given(from_written(marked=self._is_marked()), count_written())
            value = answered(self.node.answer, self.node.relation, given, self.writer)
        columns = [value, self._affected()]
        if self.staged or self.rechecked:
            marks = [sql("row_number() over () - 1 as {o}", o=ORDER)]
            marks += [sql("{v} as {v}", v=VISIBLE)] if self._is_marked() else []
            columns.append(self._image(marks))
        if self.build.tell:
            columns.append(first_told(Sql((WRITTEN,))))
        return columns

    def _image(self, marks: list[Sql]) -> Sql:
        found = image(self._names(), marks, written_rows())
        if self.around.locked is None:
            return found
        return sql("coalesce({found}, ({locked})::text)", found=found, locked=slot(self.around.locked))

    def _affected(self) -> Sql:
        if self.around.locks:
            return NONE_CHANGED
        if self.around.expected is None:
            return count_written()
        assert self.around.gate is not None
        expected, place = self.around.expected
        return sql(
            "case when {count} = {expected} or {gate} is null then {count} else {raise}::int end",
            count=count_written(),
            expected=number(expected),
            gate=slot(self.around.gate),
            **{"raise": raising("absent", place, count_written())},
        )


def hung(
    images: tuple[Slot, ...],
    above: Relation,
    on: tuple[tuple[str, str], ...],
    table: Relation,
    alias: str,
    writer: Writer,
) -> Sql:
    """Whether a row hangs on one of an image of `above`: its `on[i][1]` equal that one's `on[i][0]`."""
    inner, tests = writer.alias(), []
    for theirs, ours in on:
        type_ = base_type(above, theirs, writer)
        left, right = column(alias, ours), cast(column(inner, theirs), type_)
        tests.append(between(writer, "=", left, base_type(table, ours, writer), right, type_))
    return sql(
        "exists (select 1 from {rows} where {tests})",
        rows=recordset(images, list(dict.fromkeys(theirs for theirs, _ in on)), [], inner),
        tests=join(" and ", tests),
    )
