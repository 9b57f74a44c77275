"""Who is asking: a role and session variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """A visitor whose ticket was checked. `variables` has lower-case names (`x-hasura-user-id`) and text values;
    lists arrive as Postgres array literals (`{a,b}`), as Hasura passes them."""

    role: str
    variables: Mapping[str, str]
    is_backend: bool = False
    """True when the admin secret came with X-Hasura-Use-Backend-Only-Permissions."""
