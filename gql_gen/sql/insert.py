"""Insert → statements: one for each relation, those that give keys first.

Rows come as one JSON text, so neither the statement nor what is remembered of it depends on their number. Statements
hand the keys of their rows to the next ones by position. Postgres returns rows in the order it inserted them, so
without `on conflict` positions are counted; with it rows may be left alone, and are found again by their key.
"""

from __future__ import annotations

from collections.abc import Iterable

from gql_gen.catalog.types import Relation
from gql_gen.errors import Rejected
from gql_gen.model.predicates import TRUE, Slot, reaches_tables, row_columns
from gql_gen.plan.writes import Check, Insert, NestedInsert
from gql_gen.sql.answers import (
    Given,
    answer_step,
    answered,
    columns_shown,
    from_written,
    has_mark,
    reaches_again,
    rule_of,
    shows_rows,
)
from gql_gen.sql.conflict import (
    before_name,
    conflict_clause,
    existing_step,
    key_columns,
    left_alone,
    matched_rows,
    matching,
)
from gql_gen.sql.insert_source import Parent, Source
from gql_gen.sql.program import EXTRA, IMAGE, NO_ANSWER, Builder, from_step, result
from gql_gen.sql.recheck import write_recheck
from gql_gen.sql.rows import (
    FIRST,
    OK,
    ORDER,
    UPDATED,
    VISIBLE,
    WRITTEN,
    count_written,
    image,
    in_order,
    shown,
    written_rows,
)
from gql_gen.sql.text import Sql, column, ident, join, relation, slot, sql
from gql_gen.sql.verdict import both_passed, first_told, raising, verdict
from gql_gen.sql.where import condition

_MOVED_KEY = "before Postgres 18 an upsert whose presets change its key cannot give rows back"
_RETURNING_OLD = 180_000
"""From here on RETURNING tells the old row from the new."""


def write_insert(node: Insert, build: Builder) -> int:
    """The statements of a root insert; the step that answers."""
    answer = node.answer
    assert answer is not None
    staged = bool(node.after or node.before) or _needs_second(node)
    step, images = _write(node, build, None, frozenset(), staged=staged)
    if not staged:
        return step
    once = _is_complete(node, staged) and not (node.on_conflict and node.on_conflict.return_existing)
    return answer_step(answer, node.relation, images, build, marked=has_mark(answer), since=0, once=once)


def _needs_second(node: Insert) -> bool:
    if reaches_again(node.answer) or reaches_tables(rule_of(node.answer)):
        return True
    return node.on_conflict is not None and node.on_conflict.return_existing and shows_rows(node.answer)


def _is_complete(node: Insert, has_image: bool) -> bool:
    """Whether rows must be found again by their key."""
    return has_image and node.on_conflict is not None


def insert_rows(
    node: Insert, build: Builder, parent: Parent | None, wanted: frozenset[str], *, gate: Slot
) -> tuple[Slot, ...]:
    """An insert that is part of an update: nothing is inserted where the image `gate` is empty. The images of its rows,
    when `wanted` names columns of them."""
    return _write(node, build, parent, wanted, staged=False, gate=gate)[1]


def _write(
    node: Insert,
    build: Builder,
    parent: Parent | None,
    wanted: frozenset[str],
    *,
    staged: bool,
    gate: Slot | None = None,
) -> tuple[int, tuple[Slot, ...]]:
    """One relation's rows, those it needs before and those that need it after. The step that wrote them, and their
    images when somebody wants them."""
    parents = [_before(nested, build, gate) for nested in node.before]
    above = () if parent is None else (parent,)
    needed = set(wanted)
    for nested in node.after:
        needed.update(ours for ours, _ in nested.on)
    statement = _Statement(node, build, (*parents, *above), frozenset(needed), staged, gate)
    step = statement.write()
    images = statement.images(step)
    for nested in node.after:
        hung = Parent(images, nested.on, nested.key, is_above=True)
        _write(nested.insert, build, hung, frozenset(), staged=False, gate=gate)
    return step, images


def _before(nested: NestedInsert, build: Builder, gate: Slot | None) -> Parent:
    """Writes the rows that ours refer to."""
    theirs = frozenset(column for _, column in nested.on)
    _, images = _write(nested.insert, build, None, theirs, staged=False, gate=gate)
    theirs_to_ours = tuple((their, our) for our, their in nested.on)
    return Parent(images, theirs_to_ours, nested.key, is_above=False)


class _Statement:
    """One insert statement in the making."""

    def __init__(
        self,
        node: Insert,
        build: Builder,
        parents: tuple[Parent, ...],
        needed: frozenset[str],
        staged: bool,
        gate: Slot | None,
    ) -> None:
        self.node = node
        self.build = build
        self.writer = build.writer()
        self.table: Relation = build.catalog.relations[node.relation]
        self.needed = needed
        self.staged = staged
        self.rechecked = any(check.recheck for check in self._checks())
        self.has_image = staged or bool(needed) or self.rechecked
        self.complete = _is_complete(node, self.has_image)
        self.source = Source(node, self.table, self.writer, parents, self.complete, gate)
        self.alias = self.writer.alias()
        self.before = self._moved_key()
        self.marked = has_mark(node.answer)

    # ------------------------------------------------------------ the statement

    def write(self) -> int:
        node = self.node
        values = self.source.values()
        insert = sql(
            "insert into {table} as {alias} ({columns}){overriding} {rows}{conflict} returning {with}{returning}",
            table=relation(node.relation),
            alias=Sql((self.alias,)),
            columns=join(", ", map(ident, values)),
            overriding=self.source.overriding(values),
            rows=_in_order(values) if self.complete else self.source.rows(values),
            conflict=conflict_clause(node.on_conflict, self.alias, self.table, self.writer),
            returning=self._returning(),
            **{"with": self._with_old()},
        )
        common = [sql('"~w" as ({insert})', insert=insert)]
        if self.complete:
            assert node.on_conflict is not None
            common.insert(0, sql('"~in" as materialized ({rows})', rows=self.source.complete_rows(values)))
            common += matching(node.on_conflict.target, self.before)
        step = self.build.step(result(self._columns(), common), self.writer, node)
        self._write_recheck(step)
        return step

    def _columns(self) -> list[Sql]:
        """What the statement's one row holds."""
        node = self.node
        value = NO_ANSWER
        if node.answer is not None and not self.staged:
            given = Given(from_written(marked=self.marked), count_written())
            value = answered(node.answer, node.relation, given, self.writer)
        columns = [value, count_written()]
        if self.has_image:
            columns.append(self._image())
        if self._returns_existing():
            columns.append(self._left_alone())
        if self.build.tell:
            columns.append(first_told(Sql((WRITTEN,))))
        return columns

    def images(self, step: int) -> tuple[Slot, ...]:
        """Where later statements find the rows, those that were there before among them."""
        if not self.has_image:
            return ()
        own = from_step(step, IMAGE)
        if not self._returns_existing():
            return (own,)
        assert self.node.on_conflict is not None
        assert self.node.visible is not None
        target, visible = self.node.on_conflict.target, self.node.visible
        keys = from_step(step, EXTRA)
        names = self._image_names()
        found = existing_step(target, self.node.relation, keys, names, visible, self.marked, self.build)
        return (own, from_step(found, IMAGE))

    def _returns_existing(self) -> bool:
        conflict = self.node.on_conflict
        return self.complete and conflict is not None and conflict.return_existing

    # ------------------------------------------------------------ what comes out

    def _returning(self) -> Sql:
        names = in_order(self.table, self._row_names())
        marks = [sql("{verdict} as {ok}", verdict=self._verdict(), ok=OK)]
        if self.marked:
            visible = condition(rule_of(self.node.answer), (self.alias,), (self.node.relation,), self.writer)
            marks.append(sql("coalesce({visible}, false) as {v}", visible=visible, v=VISIBLE))
        if self._marks_updated():
            marks.append(sql("not {inserted} as {u}", inserted=self._was_inserted(), u=UPDATED))
        marks += [self._before_update(name) for name in in_order(self.table, self.before)]
        return join(", ", [*shown(names, self.alias), *marks])

    def _moved_key(self) -> frozenset[str]:
        """The key's columns, where the role's presets change them on update: such rows are found by their old key."""
        conflict = self.node.on_conflict
        if not self.complete or conflict is None:
            return frozenset()
        key = key_columns(conflict.target, self.table)
        if not any(preset.column in key for preset in conflict.presets):
            return frozenset()
        if self.build.catalog.server_version < _RETURNING_OLD:
            raise Rejected(_MOVED_KEY, path=self.node.path)
        return frozenset(key)

    def _before_update(self, name: str) -> Sql:
        return sql(
            'case when {inserted} then {new} else "~old".{name} end as {before}',
            inserted=self._was_inserted(),
            new=column(self.alias, name),
            name=ident(name),
            before=ident(before_name(name)),
        )

    def _row_names(self) -> set[str]:
        if self.complete and self.node.on_conflict is not None:
            return {*self._image_names(), *key_columns(self.node.on_conflict.target, self.table)}
        return {*self._image_names(), *columns_shown(self.node.answer)}

    def _image_names(self) -> list[str]:
        names = {*self.needed, *columns_shown(self.node.answer)}
        if not self.marked:
            names |= row_columns(rule_of(self.node.answer))
        if self.rechecked and self.table.primary_key is not None:
            names.update(self.table.primary_key.columns)
        return in_order(self.table, names)

    def _image(self) -> Sql:
        marks = [sql("{v} as {v}", v=VISIBLE)] if self.marked else []
        marks += [sql("{u} as {u}", u=UPDATED)] if self._marks_updated() else []
        if not self.complete:
            at = sql("row_number() over () - 1 as {o}", o=ORDER)
            return image(self._image_names(), [at, *marks], written_rows(self._none_skipped()))
        assert self.node.on_conflict is not None
        matched = matched_rows(self.node.on_conflict.target, self.table, self.writer)
        marks = [sql("{o} as {o}", o=ORDER), sql("{first} as {first}", first=FIRST), *marks]
        return image(self._image_names(), marks, matched)

    def _none_skipped(self) -> Sql:
        """Positions are counted, so a row that a trigger left out would shift all that follow."""
        if not self.needed:
            return Sql(())
        # An insert behind a closed gate has no rows, and then nobody looks here.
        return sql(
            " where case when {written} = json_array_length({rows}) then true else {raise} end",
            written=count_written(),
            rows=slot(self.node.rows),
            **{"raise": raising("skipped", 0, Sql(('"~x"',)))},
        )

    def _left_alone(self) -> Sql:
        """The keys of the rows that were there before and were not touched."""
        assert self.node.on_conflict is not None
        target = self.node.on_conflict.target
        return left_alone(target, self.table, self.writer)

    # ------------------------------------------------------------ checks

    def _verdict(self) -> Sql:
        node = self.node
        assert node.check is not None
        own = self._judged(node.check)
        conflict = node.on_conflict
        if conflict is None or not conflict.update or conflict.check is None:
            return own
        if conflict.check.pred == TRUE and node.check.pred == TRUE:
            return own
        updated = self._judged(conflict.check)
        if not self._tells_apart():
            return both_passed(own, updated, tell=self.build.tell)
        return sql(
            "case when {inserted} then {own} else {updated} end",
            inserted=self._was_inserted(),
            own=own,
            updated=updated,
        )

    def _judged(self, check: Check) -> Sql:
        number = self.build.check(check)
        return verdict(check.pred, number, self.alias, self.node.relation, self.writer, tell=self.build.tell)

    def _tells_apart(self) -> bool:
        return self.build.catalog.server_version >= _RETURNING_OLD or self.table.kind == "table"

    def _marks_updated(self) -> bool:
        conflict = self.node.on_conflict
        return self.rechecked and conflict is not None and bool(conflict.update) and self._tells_apart()

    def _was_inserted(self) -> Sql:
        """Postgres 18: RETURNING knows the old row. Before, an updated row was locked first, which xmax shows."""
        if self.build.catalog.server_version >= _RETURNING_OLD:
            return sql('("~old".tableoid is null)')
        return sql("({alias}.xmax = 0)", alias=Sql((self.alias,)))

    def _with_old(self) -> Sql:
        conflict = self.node.on_conflict
        if conflict is None or not conflict.update or self.build.catalog.server_version < _RETURNING_OLD:
            return Sql(())
        return sql('with (old as "~old") ')

    def _checks(self) -> list[Check]:
        return [check for check in (self.node.check, self._other_check()) if check is not None]

    def _write_recheck(self, step: int) -> None:
        if self.rechecked and self.node.check is not None:
            write_recheck(self.node, self.node.check, from_step(step, IMAGE), self._other_check(), self.build)

    def _other_check(self) -> Check | None:
        conflict = self.node.on_conflict
        return conflict.check if conflict is not None and conflict.update else None


def _in_order(values: Iterable[str]) -> Sql:
    """The rows worked out before, in the order they came in."""
    return sql('select {columns} from "~in" order by {o}', columns=join(", ", map(ident, values)), o=ORDER)
