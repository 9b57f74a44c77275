"""Conditions on rows, as rules and callers write them: one tree for both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

How = Literal["inline", "variable"]


class Pred:
    """Base of all conditions."""

    __slots__ = ()

    @staticmethod
    def always() -> Pred:
        return Both(())


@dataclass(frozen=True, slots=True)
class Given:
    """A session variable: what it means and the text that comes with the session."""

    value: Any
    text: str


def session_name(kind: str, *, is_list: bool) -> str:
    """The session variable that holds a value of a kind, or a list of such."""
    return f"X-Hasura-{kind.capitalize()}{'-List' if is_list else ''}"


@dataclass(frozen=True, slots=True)
class Session:
    """A session variable as an operand."""

    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """An operand: `value` is what it means, `json` how it is written, `type` its GraphQL type.
    `operator`: what it is an operand of. `default`: what the document says in its place when the variable is not
    `sent`."""

    value: Any
    json: Any
    type: str
    kind: str
    operator: str
    how: How = "inline"
    default: Value | None = None
    sent: bool = True

    @property
    def meaning(self) -> Any:
        return self.value if self.sent or self.default is None else self.default.value


@dataclass(frozen=True, slots=True)
class Items:
    """A list operand written out item by item."""

    items: tuple[Value | Session, ...]


Operand = Value | Session | Items


@dataclass(frozen=True, slots=True)
class Test:
    operator: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class Compare(Pred):
    """All tests hold for the column. `as_text`: for its jsonb value cast to text (`_cast`)."""

    column: str
    tests: tuple[Test, ...]
    how: How = "inline"
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class CompareMade(Pred):
    """The same for the value of a computed field that takes no arguments."""

    field: str
    tests: tuple[Test, ...]
    how: How = "inline"


@dataclass(frozen=True, slots=True)
class CompareColumns(Pred):
    """Rules only: `_ceq: other`; with `root` the other column is that of the rule's own table."""

    column: str
    operator: str
    other: str
    root: bool


@dataclass(frozen=True, slots=True)
class Both(Pred):
    """Written as one object with several keys, where they differ."""

    parts: tuple[Pred, ...]


@dataclass(frozen=True, slots=True)
class All(Pred):
    parts: tuple[Pred, ...]


@dataclass(frozen=True, slots=True)
class Any_(Pred):
    parts: tuple[Pred, ...]


@dataclass(frozen=True, slots=True)
class Not(Pred):
    part: Pred


@dataclass(frozen=True, slots=True)
class Related(Pred):
    """Some related row satisfies `part`."""

    link: str
    part: Pred


@dataclass(frozen=True, slots=True)
class MadeRows(Pred):
    """Some row that a computed field returns satisfies `part`."""

    field: str
    part: Pred


@dataclass(frozen=True, slots=True)
class ExistsIn(Pred):
    """Rules only: some row of a table satisfies `part`."""

    table: str
    part: Pred


@dataclass(frozen=True, slots=True)
class Counted(Pred):
    """An aggregate over related rows passes the tests."""

    link: str
    function: Literal["count", "bool_and", "bool_or"]
    columns: tuple[str, ...]
    distinct: bool
    filter: Pred | None
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Named(Pred):
    """Rules only: a rule used by its name."""

    name: str
    part: Pred = field(default_factory=Pred.always)
