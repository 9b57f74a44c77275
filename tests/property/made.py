"""Functions of a world's database: each is made from a formula that the oracle can work out as well.

They see every row and every cell, whoever calls; what becomes of their rows afterwards is the caller's rules' affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SESSION_KINDS = ("text", "int4", "uuid")
"""Kinds whose text is the same in a session variable as in a column cast to text."""


class Formula:
    """Base of what functions compute."""

    __slots__ = ()


# ---------------------------------------------------------------- single values of a row


@dataclass(frozen=True, slots=True)
class Joined(Formula):
    """Two texts with `separator` between them, which callers may choose."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Raised(Formula):
    """A whole number and `plus`."""

    column: str


@dataclass(frozen=True, slots=True)
class First(Formula):
    """The first of these that is there, else `otherwise`."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Number(Formula):
    """How many rows of `table` match: our `on[i][0]` = their `on[i][1]`."""

    table: str
    on: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class IsMine(Formula):
    """Whether a column is what the caller's session variable says."""

    column: str


@dataclass(frozen=True, slots=True)
class Fussy(Formula):
    """A column's value. Raises an error where it is `value`."""

    column: str
    value: Any


# ---------------------------------------------------------------- rows, and values of nothing


@dataclass(frozen=True, slots=True)
class Matching(Formula):
    """Rows of `table` that match, `on` as in Number and empty where there is no row at hand; of those the ones whose
    `column` is `wanted`, all for null, or what the caller's session variable says."""

    table: str
    on: tuple[tuple[str, str], ...]
    column: str | None


@dataclass(frozen=True, slots=True)
class Keyed(Formula):
    """The one row of `table` whose `column` is `wanted`, or none."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Total(Formula):
    """`first` and `second` together."""


@dataclass(frozen=True, slots=True)
class Whoami(Formula):
    """What one of the caller's session variables says, in front of `given`."""

    kind_name: str


# ---------------------------------------------------------------- functions


@dataclass(frozen=True, slots=True)
class Parameter:
    """What callers give. `default` counts where `has_default`."""

    name: str
    kind_name: str
    has_default: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Routine:
    """`returns` is a kind's name, or that of a table where `is_rows`. `asks_session`: the caller's session variables
    are among its arguments. `row_last`: the row comes after them."""

    name: str
    formula: Formula
    returns: str
    is_rows: bool = False
    parameters: tuple[Parameter, ...] = ()
    asks_session: bool = False
    row_last: bool = False
    is_volatile: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether callers have nothing to give."""
        return not self.parameters

    def parameter(self, name: str) -> Parameter:
        return next(each for each in self.parameters if each.name == name)

    def filled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments: what is given, defaults for the rest."""
        return {each.name: given.get(each.name, each.default) for each in self.parameters}


@dataclass(frozen=True, slots=True)
class Computed:
    """A field of a table that a function computes from a row."""

    name: str
    routine: Routine


@dataclass(frozen=True, slots=True)
class Tracked:
    """A function as a root field. `roots`: its names. `roles` None: not listed, and then whoever may select from its
    table where the world infers so, else nobody. `is_single`: one row or none."""

    routine: Routine
    roots: tuple[tuple[Literal["function", "function_aggregate"], str], ...]
    roles: tuple[str, ...] | None
    is_single: bool = False

    @property
    def name(self) -> str:
        return self.routine.name

    @property
    def aggregate(self) -> str | None:
        """The name of its aggregate; None where it has none."""
        return dict(self.roots).get("function_aggregate")
