"""A constraint that a write violated, as far as Postgres says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gql_gen.catalog.types import Ident

ViolationKind = Literal["unique", "foreign_key", "referenced", "check", "domain", "not_null", "exclusion", "other"]
"""`foreign_key`: the row referred to is not there. `referenced`: other rows refer to the one changed."""


@dataclass(frozen=True, slots=True)
class Violation:
    """`relation` is where the constraint stands, `key` the values it is about as Postgres prints them (`1, x`): they
    are looked for, and never shown. `message` holds names only."""

    kind: ViolationKind
    relation: Ident | None
    constraint: str | None
    column: str | None
    key: str | None
    message: str
