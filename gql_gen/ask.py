"""What comes in and what goes out, free of any web framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["executed", "refused"]
"""`executed`: the operation ran (its answer may still be an error of execution). `refused`: it never ran: parse,
validation and variable errors. Only `application/graphql-response+json` tells the two apart by status."""


Dialect = Literal["hasura", "relay"]
"""The GraphQL schema that is asked: lists, or pages with cursors and global ids."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What a caller asks for beside a mutation: at most so many rows changed in all, or nothing changed for good
    (`dry_run`: the answer is what it would have been, and everything is rolled back)."""

    at_most: int | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class DocumentAsk:
    """One GraphQL operation. `variables` is decoded JSON with numbers that have a fraction as Decimal.
    `read_only`: the transport must not run anything but queries (GET). `guard` concerns mutations alone. `digest`: the
    SHA-256 by which the caller calls the text; an empty text is the one that was called so before. `dialect`: the
    schema that the text is written for."""

    text: str
    operation: str | None
    variables: Mapping[str, Any]
    read_only: bool = False
    guard: Guard | None = None
    digest: str | None = None
    dialect: Dialect = "hasura"


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete JSON body."""

    body: bytes
    outcome: Outcome = "executed"
    status: int = 200
