"""Argument values, whether they stand in the document or came in a variable.

Values that only fill a place become slots; values that decide structure (which keys a filter has, an enum, a condition)
are looked at, and the variables they came in are remembered: the statement depends on their shape.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from graphql.language import (
    EnumValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from gql_gen.dialects.document import ABSENT, Operation, to_json
from gql_gen.dialects.hasura.typesystem import EnumMember, EnumType, InputField, InputObject, TypeRef, named, spelled
from gql_gen.errors import Rejected
from gql_gen.model.predicates import Slot, ValueType
from gql_gen.model.scalars import JSON_TYPES
from gql_gen.model.values import describe, encode

_MAX_FIELDS = 10_000
"""Fields of input objects in one operation: each costs planning, and Postgres takes 32,767 values a statement."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A value inside a variable: the variable's name, the keys into it, and what is there (ABSENT: not sent)."""

    path: tuple[str | int, ...]
    value: Any

    def inside(self, key: str | int, value: Any) -> Self:
        """What stands under a key of it."""
        return type(self)((*self.path, key), value)


@dataclass(frozen=True, slots=True)
class Settled(Sent):
    """A value that is itself part of the plan, wherever it came from: its slots are literals."""


Given = ValueNode | Sent


class Values:
    """The values of one operation's arguments."""

    def __init__(self, operation: Operation, variables: Mapping[str, Any]) -> None:
        self._declared = operation.variables
        self.variables = variables
        self.used: dict[str, TypeRef] = {}
        """Variables met so far and the type expected where they stood."""
        self.by_value: set[str] = set()
        """Variables whose very value is part of the plan."""
        self._fields_left = _MAX_FIELDS

    def opened(self, given: Given, expected: TypeRef, at: str) -> Given:
        """A variable replaced by what it holds, after checking that it may stand here."""
        if not isinstance(given, VariableNode):
            return given
        name = given.name.value
        definition = self._declared.get(name)
        if definition is None:
            raise Rejected(f"unbound variable '{name}'", path=at)
        wanted = spelled(expected)
        has_default = definition.default is not ABSENT and definition.default is not None
        if not compatible(definition.type, wanted, has_default=has_default):
            raise Rejected(
                f"variable '{name}' is declared as '{definition.type}', but used where '{wanted}' is expected", path=at
            )
        self.used[name] = expected
        return Sent((name,), self.variables.get(name, ABSENT))

    @staticmethod
    def is_null(given: Given) -> bool:
        """True for null and for a variable that was not sent."""
        if isinstance(given, Sent):
            return given.value is None or given.value is ABSENT
        return isinstance(given, NullValueNode)

    @staticmethod
    def is_absent(given: Given) -> bool:
        """True for a variable that was not sent alone."""
        return isinstance(given, Sent) and given.value is ABSENT

    def fields(self, given: Given, expected: InputObject, at: str) -> Iterator[tuple[InputField, Given, str]]:
        """The entries of an input object with their definitions and paths, in the order given."""
        pairs = self._pairs(given, expected, at)
        seen: set[str] = set()
        for name, value in pairs:
            field = expected.fields.get(name)
            place = f"{at}.{name}"
            if field is None:
                raise Rejected(f"field '{name}' not found in type: '{expected.name}'", path=place)
            if name in seen:
                raise Rejected(f"field '{name}' is given more than once", path=place)
            seen.add(name)
            self._spend(1, at)
            yield field, self.opened(value, field.type, place), place

    def _spend(self, fields: int, at: str) -> None:
        self._fields_left -= fields
        if self._fields_left < 0:
            raise Rejected(f"the arguments hold more than {_MAX_FIELDS} fields", path=at)

    def _pairs(self, given: Given, expected: InputObject, at: str) -> list[tuple[str, Given]]:
        if isinstance(given, Sent):
            if not isinstance(given.value, dict):
                raise unexpected("an object", expected, given, at)
            return [(key, given.inside(key, value)) for key, value in given.value.items()]
        if not isinstance(given, ObjectValueNode):
            raise unexpected("an object", expected, given, at)
        return [(field.name.value, field.value) for field in given.fields]

    def items(self, given: Given, of: TypeRef, at: str) -> list[tuple[Given, str]]:
        """The elements of a list with their paths; a single value stands for a list of one."""
        if isinstance(given, Sent):
            if not isinstance(given.value, list):
                return [(given, f"{at}[0]")]
            self._spend(len(given.value), at)
            return [(given.inside(index, item), f"{at}[{index}]") for index, item in enumerate(given.value)]
        if not isinstance(given, ListValueNode):
            return [(given, f"{at}[0]")]
        return [(self.opened(item, of, f"{at}[{index}]"), f"{at}[{index}]") for index, item in enumerate(given.values)]

    def member(self, given: Given, expected: EnumType, at: str) -> EnumMember:
        """The enum member named. The message lists the members: all of them are the role's own."""
        name = self._enum_name(given, expected, at)
        found = expected.members.get(name)
        if found is None:
            choices = ", ".join(f"'{member}'" for member in expected.members)
            raise Rejected(
                f"expected one of the values [{choices}] for type '{expected.name}', but found '{name}'", path=at
            )
        return found

    @staticmethod
    def _enum_name(given: Given, expected: EnumType, at: str) -> str:
        if isinstance(given, Sent):
            if not isinstance(given.value, str):
                raise unexpected("an enum value", expected, given, at)
            return given.value
        if not isinstance(given, EnumValueNode):
            raise unexpected("an enum value", expected, given, at)
        return given.value

    def boolean(self, given: Given, at: str) -> bool:
        """A boolean that decides structure."""
        value = self.json(given)
        if value is None or value is ABSENT:
            raise Rejected("unexpected null value for type 'Boolean'", path=at)
        if not isinstance(value, bool):
            raise Rejected(f"expected a boolean for type 'Boolean', but found {found(given)}", path=at)
        return value

    def json(self, given: Given) -> Any:
        """The value itself. The plan then depends on it."""
        if isinstance(given, Settled):
            return given.value
        if isinstance(given, Sent):
            self.by_value.add(str(given.path[0]))
            return given.value
        self.by_value.update(variables_in(given))
        return to_json(given, self.variables)

    def slot(self, given: Given, value_type: ValueType, at: str) -> Slot:
        """A place filled at run time. The value is checked now too, so that a bad one is refused before planning on."""
        if isinstance(given, Sent) and not isinstance(given, Settled):
            encode(None if given.value is ABSENT else given.value, value_type, at)
            return Slot("variable", given.path, value_type, at=at)
        if not isinstance(given, Sent):
            check_spelling(given, value_type, at)
        value = self.json(given)
        return Slot("literal", (), value_type, encode(value, value_type, at), at)


def check_spelling(given: ValueNode, value_type: ValueType, at: str) -> None:
    """`name: abc` without quotes is an enum value: fine for enums and inside JSON, a mistake for a string."""
    if isinstance(given, ListValueNode):
        for item in given.values:
            check_spelling(item, value_type.element or value_type, at)
        return
    if value_type.element is not None:
        value_type = value_type.element
    if value_type.pg in JSON_TYPES:
        return
    if value_type.labels is None and isinstance(given, EnumValueNode):
        raise Rejected(f"unexpected enum value '{given.value}' for type '{value_type.graphql}'", path=at)
    if value_type.labels is not None and not isinstance(given, _spellings(value_type)):
        raise Rejected(f"expected an enum value for type '{value_type.graphql}', but found {found(given)}", path=at)


def _spellings(value_type: ValueType) -> tuple[type[ValueNode], ...]:
    """How a member of an enum may be written. Postgres's own enums were plain strings to Hasura's clients."""
    plain = (EnumValueNode, VariableNode, NullValueNode)
    return plain if value_type.pg.schema == "pg_catalog" else (*plain, StringValueNode)


def variables_in(node: ValueNode) -> set[str]:
    match node:
        case VariableNode():
            return {node.name.value}
        case ListValueNode():
            return {name for item in node.values for name in variables_in(item)}
        case ObjectValueNode():
            return {name for item in node.fields for name in variables_in(item.value)}
        case _:
            return set()


def compatible(declared: str, expected: str, *, has_default: bool = False) -> bool:
    """Whether a variable of the declared type may stand where the expected one is (GraphQL spec, "All Variable Usages
    Are Allowed"); a list is never made of a single variable."""
    if expected.endswith("!"):
        if declared.endswith("!"):
            return compatible(declared[:-1], expected[:-1])
        return has_default and compatible(declared, expected[:-1])
    if declared.endswith("!"):
        return compatible(declared[:-1], expected)
    if expected.startswith("["):
        return declared.startswith("[") and compatible(declared[1:-1], expected[1:-1])
    return declared == expected


def frozen(value: Any) -> Hashable:
    """Any JSON value as a key; `1`, `1.0`, `1.00` and `true` are kept apart."""
    match value:
        case dict():
            return ("{", *((key, frozen(item)) for key, item in value.items()))
        case list():
            return ("[", *(frozen(item) for item in value))
        case Decimal():
            return (Decimal, str(value))
        case _:
            return (type(value), value)


def found(given: Given) -> str:
    """What was given, in words."""
    if isinstance(given, Sent):
        return "null" if given.value is ABSENT else describe(given.value)
    if isinstance(given, EnumValueNode):
        return "an enum value"
    return describe(to_json(given, {}))


def unexpected(what: str, expected: TypeRef, given: Given, at: str) -> Rejected:
    if Values.is_null(given):
        return Rejected(f"unexpected null value for type '{named(expected).name}'", path=at)
    return Rejected(f"expected {what} for type '{named(expected).name}', but found {found(given)}", path=at)
