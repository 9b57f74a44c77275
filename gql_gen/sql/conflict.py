"""`on conflict`: the clause, and how rows are found again by the key they conflict on.

A target is written as the index's columns, expressions and predicate, so that partial and expression indexes serve as
well as constraints; an exclusion constraint can be told by its name alone.

Rows whose key holds a null, or which a partial index leaves out, cannot conflict: they are *free*, are always inserted,
and are matched by their order. All others are matched by their key.
"""

from __future__ import annotations

from gql_gen.catalog.types import Ident, Relation
from gql_gen.model.predicates import Pred, Slot
from gql_gen.model.types import ConflictTarget, PresetValue
from gql_gen.plan.writes import OnConflict
from gql_gen.sql.program import NO_ANSWER, NONE_CHANGED, Builder, result
from gql_gen.sql.rows import FIRST, ORDER, VISIBLE, as_texts, base_type, cast, recordset
from gql_gen.sql.text import Sql, column, ident, join, printed, relation, slot, sql
from gql_gen.sql.verdict import raising
from gql_gen.sql.where import Writer, condition, conditions, equal

FREE = ident("~free")
_RANK = ident("~rank")
_SEQUENCE = ident("~seq")


def conflict_clause(conflict: OnConflict | None, alias: str, table: Relation, writer: Writer) -> Sql:
    """` on conflict …`, or nothing."""
    if conflict is None:
        return Sql(())
    target = _target(conflict.target)
    if not conflict.update:
        return sql(" on conflict {target} do nothing", target=target)
    where = conditions(
        condition(conflict.rule, (alias,), (table.ident,), writer),
        condition(conflict.where, (alias,), (table.ident,), writer),
    )
    return sql(
        " on conflict {target} do update set {set}{where}", target=target, set=_assignments(conflict), where=where
    )


def _assignments(conflict: OnConflict) -> Sql:
    preset = {value.column for value in conflict.presets}
    taken = (name for name in conflict.update if name not in preset)
    found = [sql("{name} = excluded.{name}", name=ident(name)) for name in taken]
    found += [
        sql("{name} = {value}", name=ident(value.column), value=preset_value(value)) for value in conflict.presets
    ]
    return join(", ", found)


def preset_value(preset: PresetValue) -> Sql:
    if preset.slot is not None:
        return slot(preset.slot)
    assert preset.sql is not None
    return printed(preset.sql)


def _target(target: ConflictTarget) -> Sql:
    if target.is_exclusion:
        return sql("on constraint {name}", name=ident(target.name))
    where = Sql(()) if target.predicate is None else sql(" where {test}", test=printed(target.predicate))
    return sql("({elements}){where}", elements=join(", ", _elements(target)), where=where)


def _elements(target: ConflictTarget) -> list[Sql]:
    """The key's parts, as expressions over any row with the table's column names."""
    found = []
    for name, expression in zip(target.columns, target.expressions, strict=True):
        if name is not None:
            found.append(ident(name))
        elif expression is not None:
            found.append(printed(expression))
    return found


def key_columns(target: ConflictTarget, table: Relation) -> set[str]:
    """The columns that the key is made of; all of them where expressions stand in it."""
    if target.predicate is None and all(name is not None for name in target.columns):
        return {name for name in target.columns if name is not None}
    return set(table.columns)


def key_name(index: int) -> str:
    return f"~k{index}"


# ---------------------------------------------------------------- matching


def before_name(name: str) -> str:
    """Where `~w` holds a column as it was before the update."""
    return f"~b:{name}"


def matching(target: ConflictTarget, before: frozenset[str]) -> list[Sql]:
    """Two CTEs, `~ir` and `~wr`: the rows that came in (`~in`) and those written (`~w`), with their keys. `before`:
    columns whose old value makes the key of an updated row."""
    keys = [
        sql("{value} as {name}", value=element, name=ident(key_name(index)))
        for index, element in enumerate(_elements(target))
    ]
    free = sql("({tests}) as {free}", tests=_is_free(target), free=FREE)
    return [
        sql(
            '"~ir" as (select *, row_number() over (partition by {free} order by {order}) as {rank} '
            'from (select *, {keys} from "~in") as "~i")',
            free=FREE,
            order=ORDER,
            rank=_RANK,
            keys=join(", ", [*keys, free]),
        ),
        sql(
            '"~wr" as (select *, row_number() over (partition by {free} order by {sequence}) as {rank} '
            'from (select "~n".*, row_number() over () as {sequence}, "~m".* from "~w" as "~n", '
            'lateral (select {keys} {row}) as "~m") as "~i")',
            free=FREE,
            sequence=_SEQUENCE,
            rank=_RANK,
            keys=join(", ", [*keys, free]),
            row=_old_row(before),
        ),
    ]


def _old_row(before: frozenset[str]) -> Sql:
    """The row that the key is read from, where it is not the one written."""
    if not before:
        return Sql(())
    columns = (sql('"~n".{old} as {name}', old=ident(before_name(name)), name=ident(name)) for name in sorted(before))
    return sql('from (select {columns}) as "~o"', columns=join(", ", columns))


def _is_free(target: ConflictTarget) -> Sql:
    tests = [sql("{element} is null", element=element) for element in _elements(target)]
    if target.predicate is not None:
        tests.append(sql("{test} is not true", test=printed(target.predicate)))
    return join(" or ", tests) if tests else sql("true")


def matched_rows(target: ConflictTarget, table: Relation, writer: Writer) -> Sql:
    """Written rows beside the positions they came in at, as a from item."""
    first = sql(
        "({free} or row_number() over (partition by {keys} order by {order}) = 1) as {first}",
        free=sql("i.{free}", free=FREE),
        keys=join(", ", (column("i", key_name(index)) for index in range(len(target.columns)))) or sql("1"),
        order=sql("i.{order}", order=ORDER),
        first=FIRST,
    )
    chosen = sql("i.{order}, {first}, w.*", order=ORDER, first=first)
    all_there = sql(
        'case when (select count(*) from "~ir" where {free}) = (select count(*) from "~wr" where {free}) '
        "then true else {raise} end",
        free=FREE,
        **{"raise": raising("skipped", 0, sql("w"))},
    )
    return sql(
        '(select {chosen} from "~ir" as i join "~wr" as w on {same} where not i.{free} and not w.{free} '
        'union all select {chosen} from "~ir" as i join "~wr" as w on i.{rank} = w.{rank} '
        'where i.{free} and w.{free} and {all_there}) as "~x"',
        chosen=chosen,
        same=_same_key(target, table, writer),
        free=FREE,
        rank=_RANK,
        all_there=all_there,
    )


def _same_key(target: ConflictTarget, table: Relation, writer: Writer) -> Sql:
    tests = []
    for index, name in enumerate(target.columns):
        ours, theirs = column("i", key_name(index)), column("w", key_name(index))
        type_ = None if name is None else base_type(table, name, writer)
        tests.append(equal(ours, theirs, type_, writer))
    return join(" and ", tests) if tests else sql("false")


def left_alone(target: ConflictTarget, table: Relation, writer: Writer) -> Sql:
    """The keys of rows that came in and were not written, as an image."""
    keys = [sql("(i.{name})::text as {name}", name=ident(key_name(index))) for index in range(len(target.columns))]
    return sql(
        '(select json_agg(row_to_json(k))::text from (select {columns} from "~ir" as i where not i.{free} '
        'and not exists (select 1 from "~wr" as w where not w.{free} and {same})) as k)',
        columns=join(", ", [sql("i.{order} as {order}", order=ORDER), *keys]),
        free=FREE,
        same=_same_key(target, table, writer),
    )


def existing_step(
    target: ConflictTarget, name: Ident, keys: Slot, names: list[str], visible: Pred, marked: bool, build: Builder
) -> int:
    """A statement that looks up the rows left alone, those that the role may select, as a further image."""
    writer = build.writer()
    table, alias, given = build.catalog.relations[name], writer.alias(), writer.alias()
    marks = [sql("{given}.{order} as {order}", given=Sql((given,)), order=ORDER), sql("true as {first}", first=FIRST)]
    marks += [sql("true as {v}", v=VISIBLE)] if marked else []
    key_names = [key_name(index) for index in range(len(target.columns))]
    rows = sql(
        "(select json_agg(row_to_json(i))::text from (select {list} from {table} as {alias} join {keys} on {match}"
        "{where}) as i)",
        list=join(", ", [*as_texts(names, alias), *marks]),
        table=relation(name),
        alias=Sql((alias,)),
        keys=recordset([keys], key_names, [(ORDER, sql("int"))], given),
        match=_matches(target, table, alias, given, writer),
        where=conditions(
            Sql(()) if target.predicate is None else printed(target.predicate),
            condition(visible, (alias,), (name,), writer),
        ),
    )
    return build.step(result([NO_ANSWER, NONE_CHANGED, rows], []), writer, None)


def _matches(target: ConflictTarget, table: Relation, alias: str, given: str, writer: Writer) -> Sql:
    tests = []
    for index, (name, element) in enumerate(zip(target.columns, _elements(target), strict=True)):
        text = column(given, key_name(index))
        if name is None:
            tests.append(sql("({element})::text = {text}", element=element, text=text))
            continue
        type_ = base_type(table, name, writer)
        tests.append(equal(column(alias, name), cast(text, type_), type_, writer))
    return join(" and ", tests)
