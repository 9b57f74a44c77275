"""What a caller gives to a function: `args` → Call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from gql_gen.dialects.hasura.given import Given, Values
from gql_gen.dialects.hasura.typesystem import InputObject, OutputField, ParameterInput, named
from gql_gen.errors import Rejected
from gql_gen.model.predicates import Slot
from gql_gen.model.types import Routine
from gql_gen.plan.nodes import Call

ARGUMENTS: Final = "args"
"""The argument of a field that holds all of its function's arguments."""


def called(routine: Routine, field: OutputField, arguments: Mapping[str, Given], values: Values, path: str) -> Call:
    """The call of a computed field's or a tracked function's routine."""
    at = f"{path}.args.{ARGUMENTS}"
    given = arguments.get(ARGUMENTS)
    is_optional = all(each.filled_by != "caller" or each.has_default for each in routine.parameters)
    if given is None or (is_optional and values.is_null(given)):
        return Call(routine)
    expected = cast(InputObject, named(field.arguments[ARGUMENTS].type))
    found = dict(_given(given, expected, values, at))
    _check_complete(routine, found, at)
    return Call(routine, tuple(sorted(found.items(), key=lambda item: item[0])))


def _given(given: Given, expected: InputObject, values: Values, at: str) -> Iterator[tuple[int, Slot | None]]:
    """A null is a value of its own; a variable that was not sent is nothing."""
    for field, value, place in values.fields(given, expected, at):
        assert isinstance(field.meaning, ParameterInput)
        scalar = field.meaning.parameter.scalar
        if scalar is None or values.is_absent(value):
            continue
        slot = None if values.is_null(value) else values.slot(value, scalar.value_type(), place)
        yield field.meaning.place, slot


def _check_complete(routine: Routine, found: Mapping[int, Slot | None], at: str) -> None:
    is_gap = False
    for place, parameter in enumerate(routine.parameters):
        if parameter.filled_by != "caller":
            continue
        if place not in found:
            if not parameter.has_default:
                raise Rejected("Non default arguments cannot be omitted", path=at, code="not-supported")
            is_gap = True
        elif is_gap and parameter.sql is None:
            raise Rejected("Only last set of positional arguments can be omitted", path=at, code="not-supported")
