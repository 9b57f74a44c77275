"""Functions of the database as usher calls them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gql_gen.catalog.types import Ident
from gql_gen.model.slots import Slot, ValueType


@dataclass(frozen=True, slots=True)
class Scalar:
    """A column's type as GraphQL shows it.

    `name` is the GraphQL scalar or enum (`Int`, `uuid`, `colors_enum`), `pg` the base type below domains, to which
    values are cast. For an array `element` is set and `name` is the element's. `values` are a GraphQL enum's members
    (name, comment): set for references to enum tables and for native Postgres enums."""

    name: str
    pg: Ident
    element: Scalar | None = None
    values: tuple[tuple[str, str | None], ...] | None = None
    has_equality: bool = True
    has_order: bool = True

    def value_type(self, *, is_list: bool = False) -> ValueType:
        labels = None if self.values is None else tuple(name for name, _ in self.values)
        element = None if self.element is None else self.element.value_type()
        return ValueType(self.pg, self.name, is_list, labels, element)


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a function takes, under its GraphQL name where the caller fills it. `sql` is its own name, None where it has
    none and goes by its place alone; `type` is what it is declared as, `scalar` None for the row."""

    name: str
    sql: str | None
    type: Ident
    scalar: Scalar | None
    filled_by: Literal["row", "session", "caller"] = "caller"
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Routine:
    """One function, told apart from others of its name. `parameters` keep its order. `relation` and `row` are the row
    it takes, its relation and all of that one's columns in their order; None and empty where it takes no row.
    `is_volatile`: it may write."""

    ident: Ident
    parameters: tuple[Parameter, ...]
    relation: Ident | None = None
    row: tuple[str, ...] = ()
    is_volatile: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A routine called, with the row at hand where it takes one. `given`: the caller's arguments, by their place among
    the parameters; None is SQL's null, and what is not given is the function's own default."""

    routine: Routine
    given: tuple[tuple[int, Slot | None], ...] = ()
