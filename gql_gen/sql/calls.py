"""Calls of functions: of a row at hand, and of none."""

from __future__ import annotations

from dataclasses import dataclass

from gql_gen.model.calls import Call, Parameter, Routine
from gql_gen.model.predicates import Slot
from gql_gen.sql.text import Sql, column, ident, join, relation, slot, sql


@dataclass(frozen=True, slots=True)
class Row:
    """The row at hand. `is_whole`: the from item `alias` is of the relation's own row type; otherwise it only has
    columns by the same names."""

    alias: str
    is_whole: bool


def called(call: Call, row: Row | None) -> Sql:
    """The call, arguments by place as far as none is left out, and by name from there on."""
    given = dict(call.given)
    arguments: list[Sql] = []
    is_gap = False
    for place, parameter in enumerate(call.routine.parameters):
        if parameter.filled_by == "caller" and place not in given:
            is_gap = True
            continue
        value = _argument(call.routine, parameter, given.get(place), row)
        arguments.append(_by_name(parameter, value) if is_gap else value)
    return sql("{name}({arguments})", name=relation(call.routine.ident), arguments=join(", ", arguments))


def called_rows(call: Call, row: Row | None, alias: str) -> Sql:
    """The rows that the call returns, as a from item."""
    return sql("{call} as {alias}", call=called(call, row), alias=Sql((alias,)))


def _by_name(parameter: Parameter, value: Sql) -> Sql:
    assert parameter.sql is not None, "what has no name goes by its place"
    return sql("{name} => {value}", name=ident(parameter.sql), value=value)


def _argument(routine: Routine, parameter: Parameter, given: Slot | None, row: Row | None) -> Sql:
    if parameter.filled_by == "row":
        assert row is not None, "a routine that takes a row is called with one"
        return _row(routine, row)
    scalar = parameter.scalar
    assert scalar is not None, "only a row has no scalar"
    if parameter.filled_by == "session":
        given = Slot("claims", (), scalar.value_type())
    value = sql("null") if given is None else slot(given)
    # Values are cast to the type below domains; overloads are told apart by the declared one.
    if given is None or parameter.type != scalar.pg:
        return sql("({value})::{type}", value=value, type=relation(parameter.type))
    return value


def _row(routine: Routine, row: Row) -> Sql:
    if row.is_whole:
        return sql("{alias}.*", alias=Sql((row.alias,)))
    assert routine.relation is not None
    columns = (column(row.alias, name) for name in routine.row)
    return sql("row({columns})::{type}", columns=join(", ", columns), type=relation(routine.relation))
