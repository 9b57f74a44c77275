"""Calls of functions on rows: computed fields."""

from __future__ import annotations

from dataclasses import dataclass

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import Slot
from gql_gen.model.types import ComputedField, Parameter
from gql_gen.plan.nodes import Call
from gql_gen.sql.text import Sql, column, ident, join, relation, slot, sql


@dataclass(frozen=True, slots=True)
class Row:
    """The row at hand. `is_whole`: the from item `alias` is of the relation's own row type; otherwise it only has
    columns by the same names."""

    alias: str
    relation: Ident
    is_whole: bool


def called(call: Call, row: Row) -> Sql:
    """The call, arguments by place as far as none is left out, and by name from there on."""
    given = dict(call.given)
    arguments: list[Sql] = []
    is_gap = False
    for place, parameter in enumerate(call.field.parameters):
        if parameter.filled_by == "caller" and place not in given:
            is_gap = True
            continue
        value = _argument(call.field, parameter, given.get(place), row)
        arguments.append(_by_name(parameter, value) if is_gap else value)
    return sql("{name}({arguments})", name=relation(call.field.function), arguments=join(", ", arguments))


def called_rows(call: Call, row: Row, alias: str) -> Sql:
    """The rows that the call returns, as a from item."""
    return sql("{call} as {alias}", call=called(call, row), alias=Sql((alias,)))


def _by_name(parameter: Parameter, value: Sql) -> Sql:
    assert parameter.sql is not None, "what has no name goes by its place"
    return sql("{name} => {value}", name=ident(parameter.sql), value=value)


def _argument(field: ComputedField, parameter: Parameter, given: Slot | None, row: Row) -> Sql:
    if parameter.filled_by == "row":
        return _row(field, row)
    scalar = parameter.scalar
    assert scalar is not None, "only a row has no scalar"
    if parameter.filled_by == "session":
        given = Slot("claims", (), scalar.value_type())
    value = sql("null") if given is None else slot(given)
    # Values are cast to the type below domains; overloads are told apart by the declared one.
    if given is None or parameter.type != scalar.pg:
        return sql("({value})::{type}", value=value, type=relation(parameter.type))
    return value


def _row(field: ComputedField, row: Row) -> Sql:
    if row.is_whole:
        return sql("{alias}.*", alias=Sql((row.alias,)))
    columns = (column(row.alias, name) for name in field.row)
    return sql("row({columns})::{type}", columns=join(", ", columns), type=relation(field.relation))
