"""Values that come with a request or stand in a rule: always bound as parameters, never written into SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gql_gen.catalog.types import Ident


@dataclass(frozen=True, slots=True)
class Inside:
    """Where a value stands in a token, which is JSON in base64: `keys` lead to it. `key_column`: the token is a global
    id, and the value is of this column of a primary key; otherwise it is a cursor."""

    keys: tuple[str | int, ...]
    key_column: str | None = None


@dataclass(frozen=True, slots=True)
class ValueType:
    """How a value is checked and bound: `pg` is the exact type it is cast to (never a domain), `graphql` its name in
    messages, `is_list` a list of such values bound as one array literal, `labels` the only values allowed,
    `element` the type of an array type's items."""

    pg: Ident
    graphql: str
    is_list: bool = False
    labels: tuple[str, ...] | None = None
    element: ValueType | None = None
    bound: Literal["limit", "offset"] | None = None
    """Set for `limit` (a 32-bit number not below 0) and `offset` (64-bit, also as a string)."""
    inside: Inside | None = None
    """Set for what comes inside a cursor or a global id. What a cursor holds may be null."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that comes with the request, or a literal of the document or rule. Always bound as a parameter.

    `path`: for a variable its name and the keys into it; for a session variable its lower-case name; for a literal ().
    Writes know two more sources: `rows`, the rows of the n-th insert as one JSON text, `path` being (n,); and `step`,
    what an earlier statement of the same root answered, `path` being (statement, column). `claims` are all session
    variables as one JSON object, `path` being ().
    `text`: a literal's Postgres text form, already checked; None is the null of a cursor. `at`: the argument's path in
    the caller's words."""

    source: Literal["variable", "session", "claims", "literal", "rows", "step"]
    path: tuple[str | int, ...]
    type: ValueType
    text: str | None = None
    at: str = "$"
