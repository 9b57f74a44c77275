"""Walking an operation's selections against a role's types: what reading queries and reading mutations share."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from graphql.language import SelectionSetNode

from gql_gen.dialects.document import Collected, Expander, Limits, Operation
from gql_gen.dialects.hasura.given import Given, Values
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.dialects.hasura.typesystem import NamespaceField, NonNull, ObjectType, OutputField, named
from gql_gen.errors import Rejected
from gql_gen.plan.nodes import ShowText

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Below:
    """Sub-selections to be read together, the fragments they stand in, and the path of the field above them."""

    sets: Sequence[SelectionSetNode]
    inside: tuple[str, ...]
    path: str


def object_of(field: OutputField) -> ObjectType:
    return cast(ObjectType, named(field.type))


class Walker(ABC):
    """One pass over one operation. `frame` grows into the answer's JSON around the roots' values."""

    def __init__(self, operation: Operation, variables: Mapping[str, Any], schema: RoleSchema, limits: Limits) -> None:
        self.operation = operation
        self.schema = schema
        self.limits = limits
        self.values = Values(operation, variables)
        self.expander = Expander(operation, variables, limits)
        self.frame: list[str] = ['{"data":']

    # ------------------------------------------------------------ roots

    @abstractmethod
    def root(self, field: OutputField, collected: Collected) -> None:
        """Plan one root field; its value then takes the next place in the frame."""

    def special(self, collected: Collected) -> str | None:
        """The JSON of a root field that no table stands behind."""
        return None

    def walk(self, type_: ObjectType) -> Below:
        """Reads all root fields."""
        top = Below([self.operation.node.selection_set], (), "$")
        self._root_object(top, type_, is_top=True)
        self.frame[-1] += "}"
        return top

    def _root_object(self, below: Below, type_: ObjectType, *, is_top: bool = False) -> None:
        self.frame[-1] += "{"
        for index, collected in enumerate(self.fields(below, type_)):
            self.frame[-1] += ("," if index else "") + json.dumps(collected.key) + ":"
            if collected.name == "__typename":
                self.frame[-1] += json.dumps(self.typename(collected, type_))
            elif is_top and (text := self.special(collected)) is not None:
                self.frame[-1] += text
            else:
                self._root_field(self.field(type_, collected), collected)
        self.frame[-1] += "}"

    def _root_field(self, field: OutputField, collected: Collected) -> None:
        if isinstance(field.meaning, NamespaceField):
            below = self.below(collected)
            self.arguments(field, collected)
            self._root_object(below, object_of(field))
        else:
            self.root(field, collected)
            self.frame.append("")

    def conditions(self) -> set[str]:
        """Boolean variables decide what is included wherever they stand, so they always count by value."""
        return {name for name, definition in self.operation.variables.items() if definition.type.startswith("Boolean")}

    # ------------------------------------------------------------ fields and arguments

    def fields(self, below: Below, type_: ObjectType) -> Iterable[Collected]:
        interfaces = tuple(each.name for each in type_.interfaces)
        return self.expander.fields(below.sets, below.inside, type_.name, below.path, interfaces)

    @staticmethod
    def field(type_: ObjectType, collected: Collected) -> OutputField:
        field = type_.fields.get(collected.name)
        if field is None:
            raise Rejected(f"field '{collected.name}' not found in type: '{type_.name}'", path=collected.path)
        return field

    @staticmethod
    def below(collected: Collected) -> Below:
        """The sub-selections of an object field."""
        sets = [node.selection_set for node in collected.nodes if node.selection_set is not None]
        if not sets:
            raise Rejected(f"missing selection set for '{collected.name}'", path=collected.path)
        return Below(sets, collected.inside, collected.path)

    def shown(
        self, below: Below, type_: ObjectType, read: Callable[[OutputField, Collected], T]
    ) -> tuple[T | ShowText, ...]:
        """What is selected of an object: `__typename` is a text, every other field what `read` makes of it."""
        return tuple(
            ShowText(collected.key, self.typename(collected, type_))
            if collected.name == "__typename"
            else read(self.field(type_, collected), collected)
            for collected in self.fields(below, type_)
        )

    def typename(self, collected: Collected, type_: ObjectType) -> str:
        self.leaf(collected)
        for argument in collected.first.arguments or ():
            raise Rejected(f"'__typename' has no argument named '{argument.name.value}'", path=collected.path)
        return type_.name

    @staticmethod
    def leaf(collected: Collected) -> None:
        if any(node.selection_set is not None for node in collected.nodes):
            raise Rejected("unexpected subselection set for non-object field", path=collected.path)

    def arguments(self, field: OutputField, collected: Collected) -> Mapping[str, Given]:
        """The arguments given, variables opened; unknown and repeated ones are refused, required ones demanded."""
        found: dict[str, Given] = {}
        for node in collected.first.arguments or ():
            name = node.name.value
            argument = field.arguments.get(name)
            if argument is None:
                raise Rejected(f"'{field.name}' has no argument named '{name}'", path=collected.path)
            if name in found:
                raise Rejected(f"argument '{name}' is given more than once", path=collected.path)
            found[name] = self.values.opened(node.value, argument.type, f"{collected.path}.args.{name}")
        for argument in field.arguments.values():
            if isinstance(argument.type, NonNull) and argument.name not in found:
                place = f"{collected.path}.args.{argument.name}"
                raise Rejected(f"missing required field '{argument.name}'", path=place)
        return found
