"""Functions of a world as SQL and as permissions.yaml has them."""

from __future__ import annotations

from typing import Any

from property.ddl import ident, literal, relation
from property.kinds import KINDS, Kind
from property.made import (
    Computed,
    First,
    Fussy,
    IsMine,
    Joined,
    Keyed,
    Matching,
    Number,
    Parameter,
    Raised,
    Routine,
    Total,
    Tracked,
    Whoami,
)
from property.predicates import session_name
from property.world import Table, World

ROW, SESSION = "our_row", "caller"


def functions_sql(world: World) -> str:
    """All functions, to be made when all tables are there."""
    computed = [_function(each.routine, table, world) for table in world.tables for each in table.computed]
    return "\n".join([*computed, *(_function(each.routine, None, world) for each in world.functions)])


def _function(routine: Routine, table: Table | None, world: World) -> str:
    own = [] if table is None else [f"{ROW} {relation(table)}"]
    session = [f"{SESSION} json"] if routine.asks_session else []
    given = [_parameter(each) for each in routine.parameters]
    needed, others = (
        [each for each in given if " default " not in each],
        [each for each in given if " default " in each],
    )
    arguments = [*session, *needed, *own, *others] if routine.row_last else [*own, *session, *needed, *others]
    volatility = "volatile" if routine.is_volatile else "stable"
    language = "plpgsql" if isinstance(routine.formula, Fussy) else "sql"
    head = f"create function app.{routine.name}({', '.join(arguments)}) returns {_returned(routine, world)}"
    return f"{head} {volatility} language {language} as $$ {_body(routine, table, world)} $$;"


def _parameter(parameter: Parameter) -> str:
    kind = KINDS[parameter.kind_name]
    default = f" default {literal(kind, parameter.default)}" if parameter.has_default else ""
    return f"{parameter.name} {kind.sql}{default}"


def _returned(routine: Routine, world: World) -> str:
    if not routine.is_rows:
        return KINDS[routine.returns].sql
    rows = relation(world.table(routine.returns))
    return rows if isinstance(routine.formula, Keyed) else f"setof {rows}"


def _body(routine: Routine, table: Table | None, world: World) -> str:
    names = {each.name for each in routine.parameters}
    match routine.formula:
        case Joined(first=first, second=second):
            separator = "separator" if "separator" in names else "', '"
            parts = [f"coalesce({_ours(first)}, '')", _argument(routine, separator), f"coalesce({_ours(second)}, '')"]
            return f"select {' || '.join(parts)}"
        case Raised(column=column):
            return f"select {_ours(column)}::int8 + {_argument(routine, 'plus') if names else '1'}"
        case First(columns=columns):
            otherwise = [_argument(routine, "otherwise")] if names else []
            return f"select coalesce({', '.join([*map(_ours, columns), *otherwise])})"
        case Number(table=name, on=on):
            target = world.table(name)
            return f"select count(*)::int4 from {relation(target)} t where {_joined(target, on)}"
        case IsMine(column=column):
            assert table is not None
            return f"select {_ours(column)}::text = {_told(table.column(column).kind)}"
        case Fussy(column=column, value=value):
            assert table is not None
            bad = f"{_ours(column)} = {literal(table.column(column).kind, value)}"
            failing = f"raise exception 'this row is not for %', {_ours(column)};"
            return f"begin if {bad} then {failing} end if; return {_ours(column)}; end"
        case Matching(table=name, on=on, column=column):
            target = world.table(name)
            tests = [_joined(target, on)] if on else []
            tests += [] if column is None else [_wanted(routine, target, column)]
            where = f" where {' and '.join(tests)}" if tests else ""
            return f"select t.* from {relation(target)} t{where}"
        case Keyed(table=name, column=column):
            target = world.table(name)
            return f"select t.* from {relation(target)} t where t.{ident(column)} = {_argument(routine, 'wanted')}"
        case Total():
            return f"select {_argument(routine, 'first')}::int8 + {_argument(routine, 'second')}"
        case Whoami(kind_name=kind):
            return f"select {_argument(routine, 'given')} || ({_told(KINDS[kind])})"
    raise AssertionError(f"no such formula: {routine.formula}")


def _argument(routine: Routine, name: str) -> str:
    """Told apart from columns of the same name."""
    return f"{routine.name}.{name}" if any(each.name == name for each in routine.parameters) else name


def _ours(column: str) -> str:
    return f"({ROW}).{ident(column)}"


def _told(kind: Kind) -> str:
    return f"{SESSION} ->> '{session_name(kind.name, is_list=False).lower()}'"


def _joined(target: Table, on: tuple[tuple[str, str], ...]) -> str:
    pairs = ((ours, theirs, target.column(theirs).kind_name == "citext") for ours, theirs in on)
    return " and ".join(
        f"t.{ident(theirs)} {'operator(ext.=)' if is_citext else '='} {_ours(ours)}"
        for ours, theirs, is_citext in pairs
    )


def _wanted(routine: Routine, target: Table, column: str) -> str:
    if routine.asks_session:
        return f"t.{ident(column)}::text = {_told(target.column(column).kind)}"
    wanted = _argument(routine, "wanted")
    return f"({wanted} is null or t.{ident(column)} = {wanted})"


# ---------------------------------------------------------------- permissions.yaml


def computed_settings(computed: Computed) -> Any:
    """A computed field as a table's settings have it."""
    routine = computed.routine
    settings: dict[str, Any] = {"function": f"app.{routine.name}"}
    if routine.row_last:
        settings["table_argument"] = ROW
    if routine.asks_session:
        settings["session_argument"] = SESSION
    return settings if len(settings) > 1 else settings["function"]


def function_settings(tracked: Tracked) -> Any:
    settings: dict[str, Any] = {}
    if tracked.routine.asks_session:
        settings["session_argument"] = SESSION
    if tracked.routine.is_volatile:
        settings["exposed_as"] = "query"
    if tracked.roles is not None:
        settings["permissions"] = list(tracked.roles)
    settings["root_fields"] = {root: {"name": name} for root, name in tracked.roots}
    return settings
