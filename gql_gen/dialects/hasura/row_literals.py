"""Rows of an insert as a document writes them, variables anywhere in them, made ready to be filled in again and again.

Here is checked what only the document shows: the types that variables are declared with, a key written twice, an enum
value where a string belongs. All else is left to those who read the rows once they are JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import Any, cast

from graphql.language import ListValueNode, ObjectValueNode, ValueNode, VariableNode

from gql_gen.dialects.document import ABSENT, to_json
from gql_gen.dialects.hasura.conflicts import on_conflict
from gql_gen.dialects.hasura.flat_rows import RelatedOf, RowsOf
from gql_gen.dialects.hasura.given import Given, Sent, Values, check_spelling, variables_in
from gql_gen.dialects.hasura.typesystem import (
    FieldInput,
    InputField,
    InputObject,
    ListOf,
    NestedRowsInput,
    Plain,
    TypeRef,
    named,
    nullable,
)


@dataclass(frozen=True, slots=True)
class Constant:
    value: Any


@dataclass(frozen=True, slots=True)
class Hole:
    """A variable, or what stands `inside` one under these keys."""

    name: str
    inside: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """JSON with variables inside."""

    node: ValueNode


@dataclass(frozen=True, slots=True)
class Composed:
    """An object; a variable that was not sent leaves its key out."""

    entries: tuple[tuple[str, Part], ...]


@dataclass(frozen=True, slots=True)
class Listed:
    items: tuple[Part, ...]


Part = Constant | Hole | Written | Composed | Listed


def filled(part: Part, variables: Mapping[str, Any]) -> Any:
    """The part as JSON; ABSENT for a variable that was not sent."""
    match part:
        case Constant(value):
            return value
        case Hole(name, inside):
            return reduce(getitem, inside, variables.get(name, ABSENT))
        case Composed(entries):
            pairs = ((key, filled(inner, variables)) for key, inner in entries)
            return {key: value for key, value in pairs if value is not ABSENT}
        case Listed(items):
            return [filled(item, variables) for item in items]
        case Written(node):
            return to_json(node, variables)


# ---------------------------------------------------------------- rows


def rows_part(given: Given, ref: TypeRef, values: Values, at: str) -> Part:
    """Rows, or a single row, of the type referred to."""
    if isinstance(given, Sent):
        return _hole(given, RowsOf(ref), values)
    of = nullable(ref)
    if isinstance(of, ListOf) and isinstance(given, ListValueNode):
        items = values.items(given, of.of, at)
        return _composed_list(tuple(rows_part(item, of.of, values, place) for item, place in items))
    if not isinstance(given, ObjectValueNode):
        return Constant(to_json(given, {}))
    place = f"{at}[0]" if isinstance(of, ListOf) else at
    entries = values.fields(given, cast(InputObject, named(ref)), place)
    return _composed(tuple((field.name, _entry(field, child, values, spot)) for field, child, spot in entries))


def _entry(field: InputField, given: Given, values: Values, at: str) -> Part:
    match field.meaning:
        case NestedRowsInput():
            return _related(field, given, values, at)
        case FieldInput() | Plain() if isinstance(given, Sent):
            return _hole(given, field.type, values)
        case FieldInput(field=own):
            assert not isinstance(given, Sent)
            check_spelling(given, own.scalar.value_type(), at)
            _check_items(given, field.type, values, at)
            return _written(given)
        case _:
            assert not isinstance(given, Sent)
            return _written(given)


def _check_items(given: ValueNode, ref: TypeRef, values: Values, at: str) -> None:
    """The variables that are items of an array may stand there."""
    of = nullable(ref)
    if isinstance(of, ListOf) and isinstance(given, ListValueNode):
        for index, item in enumerate(given.values):
            if isinstance(item, VariableNode):
                values.opened(item, of.of, f"{at}[{index}]")
            else:
                _check_items(item, of.of, values, f"{at}[{index}]")


# ---------------------------------------------------------------- related rows


def _related(field: InputField, given: Given, values: Values, at: str) -> Part:
    if isinstance(given, Sent):
        return _hole(given, RelatedOf(field.type), values)
    if not isinstance(given, ObjectValueNode):
        return Constant(to_json(given, {}))
    entries: list[tuple[str, Part]] = []
    for part, child, place in values.fields(given, cast(InputObject, named(field.type)), at):
        if cast(Plain, part.meaning).word == "data":
            entries.append((part.name, rows_part(child, part.type, values, place)))
        else:
            entries.append((part.name, _conflict(part, child, values, place)))
    return _composed(tuple(entries))


def _conflict(field: InputField, given: Given, values: Values, at: str) -> Part:
    """An `on_conflict` below the root is part of the plan, whatever stands in it."""
    if isinstance(given, Sent):
        values.by_value.add(str(given.path[0]))
        return _hole(given, field.type, values)
    values.by_value.update(variables_in(given))
    on_conflict(given, cast(InputObject, named(field.type)), values, at)
    return _written(given)


# ---------------------------------------------------------------- what they are made of


def _hole(given: Sent, ref: TypeRef, values: Values) -> Part:
    name, *inside = given.path
    if not inside:
        values.used[str(name)] = ref
    return Hole(str(name), tuple(inside))


def _written(given: ValueNode) -> Part:
    return Written(given) if variables_in(given) else Constant(to_json(given, {}))


def _composed(entries: tuple[tuple[str, Part], ...]) -> Part:
    whole = Composed(entries)
    return Constant(filled(whole, {})) if all(isinstance(inner, Constant) for _, inner in entries) else whole


def _composed_list(items: tuple[Part, ...]) -> Part:
    whole = Listed(items)
    return Constant(filled(whole, {})) if all(isinstance(item, Constant) for item in items) else whole
