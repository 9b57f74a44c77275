"""An update with writes to related rows → statements.

Our row is locked first: where there is none that the role may update, nothing else happens. Then comes what our own key
refers to, then our row, then the rows on the other side of its relationships, each under its own table's rule.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from gql_gen.catalog.types import Ident, Relation
from gql_gen.model.predicates import Slot
from gql_gen.plan.writes import Delete, Insert, Lookup, OwnKey, RelatedWrite, Update
from gql_gen.sql.answers import Given, answered, rule_of
from gql_gen.sql.change import Around, Change, hung, write_change
from gql_gen.sql.insert import insert_rows
from gql_gen.sql.insert_source import Parent
from gql_gen.sql.program import IMAGE, NO_ANSWER, NONE_CHANGED, Builder, from_step, result
from gql_gen.sql.rows import ORDER, base_type, cast, image, in_order, recordset
from gql_gen.sql.text import Sql, column, join, relation, slot, sql
from gql_gen.sql.verdict import raising
from gql_gen.sql.where import condition, conditions


def write_update(node: Update, build: Builder) -> int:
    """The statements of an update with all that is written along; the step that answers."""
    if not node.own_keys and not node.related:
        return write_change(node, build)
    needed = _needed(node, build)
    # What is answered is read when all is written.
    silent = replace(node, answer=None)
    locked = from_step(Change(silent, build, Around(needed=needed, locks=True)).write(), IMAGE)
    ours = _our_row(silent, locked, needed, build)
    for write in node.related:
        _related(write, node, locked, ours, build)
    return _answer(node, ours, build)


def _needed(node: Update, build: Builder) -> frozenset[str]:
    """Our primary key, and our side of every relationship written to."""
    key = _primary_key(build.catalog.relations[node.relation])
    links = (*(own.on for own in node.own_keys), *(write.on for write in node.related))
    return frozenset(key) | {ours for on in links for ours, _ in on}


def _primary_key(table: Relation) -> tuple[str, ...]:
    assert table.primary_key is not None, "an update by key has one"
    return table.primary_key.columns


def _our_row(node: Update, locked: Slot, needed: frozenset[str], build: Builder) -> Slot:
    """Updates our row, if there is anything to update; its image afterwards."""
    assigned = tuple(pair for key in node.own_keys for pair in _own_key(key, node, locked, build))
    if not assigned and not node.assignments and not node.presets:
        return locked
    same = tuple((name, name) for name in _primary_key(build.catalog.relations[node.relation]))
    around = Around((locked,), same, node.relation, assigned=assigned, needed=needed, locked=locked)
    return from_step(Change(node, build, around).write(), IMAGE)


# ---------------------------------------------------------------- our own key


def _own_key(key: OwnKey, node: Update, locked: Slot, build: Builder) -> list[tuple[str, Sql]]:
    """What our columns of a relationship are to hold, after the row they refer to was found or made."""
    table, writer = build.catalog.relations[node.relation], build.writer()
    if key.source is None:
        return [(ours, sql("null")) for ours, _ in key.on]
    theirs = [name for _, name in key.on]
    if isinstance(key.source, Lookup):
        images: tuple[Slot, ...] = (_found(key.source, theirs, locked, build),)
    else:
        images = insert_rows(key.source, build, None, frozenset(theirs), gate=locked)
    values = []
    for index, (ours, name) in enumerate(key.on):
        alias = f'"~k{index}"'
        value = cast(column(alias, name), base_type(table, ours, writer))
        values.append(
            (ours, sql("(select {value} from {rows})", value=value, rows=recordset(images, [name], [], alias)))
        )
    return values


def _found(lookup: Lookup, names: list[str], locked: Slot, build: Builder) -> Slot:
    """The row to refer to, as an image. Not to be found, or not to be seen, is one and the same failure."""
    writer = build.writer()
    table, alias = build.catalog.relations[lookup.relation], writer.alias()
    rows = sql(
        '"~w" as materialized (select {columns} from {table} as {alias}{where})',
        columns=join(", ", (column(alias, name) for name in in_order(table, names))),
        table=relation(lookup.relation),
        alias=Sql((alias,)),
        where=conditions(
            condition(lookup.rule, (alias,), (lookup.relation,), writer),
            condition(lookup.where, (alias,), (lookup.relation,), writer),
        ),
    )
    count = sql('(select count(*) from "~w")')
    there = sql(
        "case when {count} = 1 or {locked} is null then 0::int8 else {raise}::int::int8 end",
        count=count,
        locked=slot(locked),
        **{"raise": raising("absent", build.place(lookup.path), count)},
    )
    order = sql("0 as {order}", order=ORDER)
    made = image(in_order(table, names), [order], sql('"~w" as "~x"'))
    columns = [NO_ANSWER, there, made, *([sql("null::text")] if build.tell else [])]
    return from_step(build.step(result(columns, [rows]), writer, None), IMAGE)


# ---------------------------------------------------------------- the other side


def _related(write: RelatedWrite, node: Update, locked: Slot, ours: Slot, build: Builder) -> None:
    match write.reach:
        case "create":
            assert isinstance(write.node, Insert)
            parent = Parent((ours,), write.on, "~p", is_above=True)
            insert_rows(write.node, build, parent, frozenset(), gate=ours)
        case "connect":
            assert isinstance(write.node, Update)
            assigned = _assigned(write, node, ours, build)
            around = Around(gate=ours, assigned=assigned, expected=_expected(write, build))
            Change(write.node, build, around).write()
        case "related" | "was_related":
            assert isinstance(write.node, Update | Delete)
            reached = locked if write.reach == "was_related" else ours
            around = Around((reached,), write.on, node.relation, gate=ours, expected=_expected(write, build))
            Change(write.node, build, around).write()
        case _:
            assert_never(write.reach)


def _expected(write: RelatedWrite, build: Builder) -> tuple[int, int] | None:
    return None if write.expected is None else (write.expected, build.place(write.path))


def _assigned(write: RelatedWrite, node: Update, ours: Slot, build: Builder) -> tuple[tuple[str, Sql], ...]:
    """Their columns, to hold our key."""
    writer = build.writer()
    theirs = build.catalog.relations[write.node.relation]
    values = []
    for index, (our, their) in enumerate(write.on):
        alias = f'"~k{index}"'
        value = cast(column(alias, our), base_type(theirs, their, writer))
        rows = recordset((ours,), [our], [], alias)
        values.append((their, sql("(select {value} from {rows})", value=value, rows=rows)))
    return tuple(values)


# ---------------------------------------------------------------- the answer


def _answer(node: Update, ours: Slot, build: Builder) -> int:
    """Our row as it is when all is written: related rows, and triggers on them, may have changed it too."""
    assert node.answer is not None
    writer, table = build.writer(), build.catalog.relations[node.relation]
    same = tuple((name, name) for name in _primary_key(table))

    def base(_: Ident, alias: str) -> Sql:
        inner = writer.alias()
        return sql(
            "(select * from {table} as {inner}{where}) as {alias}",
            table=relation(node.relation),
            inner=Sql((inner,)),
            where=conditions(
                condition(rule_of(node.answer), (inner,), (node.relation,), writer),
                hung((ours,), table, same, table, inner, writer),
            ),
            alias=Sql((alias,)),
        )

    value = answered(node.answer, node.relation, Given(base, NONE_CHANGED), writer)
    return build.step(result([value, NONE_CHANGED], []), writer, None)
