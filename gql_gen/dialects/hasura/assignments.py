"""`_set`, `_inc`, `_append`, …, and `pk_columns`: what an update changes, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from gql_gen.catalog.types import Ident
from gql_gen.dialects.hasura.given import Given, Values
from gql_gen.dialects.hasura.inputs import column, required_where
from gql_gen.dialects.hasura.typesystem import FieldInput, InputObject, Plain, TypeRef, named
from gql_gen.errors import Rejected
from gql_gen.model.predicates import Compare, Pred, ValueType, both
from gql_gen.model.types import Field, RoleEntity
from gql_gen.plan.writes import Assignment, UpdateOperator

_OPERATORS: Mapping[str, UpdateOperator] = {
    "_set": "set",
    "_inc": "inc",
    "_append": "append",
    "_prepend": "prepend",
    "_delete_key": "delete_key",
    "_delete_elem": "delete_elem",
    "_delete_at_path": "delete_at_path",
}
_OPERANDS: Mapping[UpdateOperator, ValueType] = {
    "delete_key": ValueType(Ident("pg_catalog", "text"), "String"),
    "delete_elem": ValueType(Ident("pg_catalog", "int4"), "Int"),
    "delete_at_path": ValueType(Ident("pg_catalog", "text"), "String", is_list=True),
}
"""Of those operators that do not take the column's own type."""


@dataclass(frozen=True, slots=True)
class Part:
    """An argument of a mutation, or a field of one of many updates: its word in snake case and its path."""

    word: str
    type: TypeRef
    given: Given
    at: str


def parts_of(given: Given, type_: InputObject, values: Values, at: str) -> dict[str, Part]:
    """The fields of an input of updates, by their words."""
    parts: dict[str, Part] = {}
    for field, child, place in values.fields(given, type_, at):
        word = cast(Plain, field.meaning).word
        parts[word] = Part(word, field.type, child, place)
    return parts


def assignments(parts: Iterable[Part], entity: RoleEntity, values: Values, at: str) -> tuple[Assignment, ...]:
    """What is assigned, in the order given. Raises Rejected for a column with two operators."""
    found = [
        (field, made)
        for part in parts
        if part.word in _OPERATORS
        for field, made in _operator(_OPERATORS[part.word], part, values)
    ]
    _refuse_repeated([field for field, _ in found], entity, at)
    return tuple(made for _, made in found)


def _operator(operator: UpdateOperator, part: Part, values: Values) -> Iterator[tuple[Field, Assignment]]:
    if values.is_null(part.given):
        return
    for entry, child, place in values.fields(part.given, cast(InputObject, named(part.type)), part.at):
        if not values.is_absent(child):
            field = cast(FieldInput, entry.meaning).field
            yield field, _assignment(operator, field, child, values, place)


def _assignment(operator: UpdateOperator, field: Field, given: Given, values: Values, at: str) -> Assignment:
    if operator == "set" and values.is_null(given):
        return Assignment(field.sql, operator, None)
    value_type = _OPERANDS.get(operator) or field.scalar.value_type()
    return Assignment(field.sql, operator, values.slot(given, value_type, at))


def _refuse_repeated(fields: list[Field], entity: RoleEntity, at: str) -> None:
    columns = [field.sql for field in fields]
    if len(set(columns)) == len(columns):
        return
    names = {field.sql: field.name for field in fields}
    twice = [name for name in entity.entity.relation.columns if columns.count(name) > 1]
    shown = ", ".join(f"'{names[name]}'" for name in twice)
    raise Rejected(f"Column found in multiple operators: [{shown}].", path=at)


def filtered(parts: Mapping[str, Part], values: Values, at: str) -> Pred:
    """The `where` of one of many updates."""
    part = parts.get("where")
    if part is None:
        raise Rejected("missing required field 'where'", path=f"{at}.where")
    return where_of(part, values)


def where_of(part: Part, values: Values) -> Pred:
    """A filter of rows to be changed."""
    return required_where(part.given, cast(InputObject, named(part.type)), values, part.at)


def key_columns(part: Part, values: Values) -> Pred:
    """`pk_columns`: all parts of the key, in its own order."""
    type_ = cast(InputObject, named(part.type))
    found = {entry.name: (child, place) for entry, child, place in values.fields(part.given, type_, part.at)}
    tests: list[Compare] = []
    for name, entry in type_.fields.items():
        if name not in found:
            raise Rejected(f"missing required field '{name}'", path=f"{part.at}.{name}")
        field = cast(FieldInput, entry.meaning).field
        tests.append(
            Compare(column(field), "_eq", values.slot(found[name][0], field.scalar.value_type(), found[name][1]))
        )
    return both(*tests)
