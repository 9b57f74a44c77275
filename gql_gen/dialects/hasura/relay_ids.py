"""Global ids: which row of which table a token names, with Hasura's words for what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gql_gen.catalog.types import Ident
from gql_gen.errors import Rejected
from gql_gen.model.tokens import kind_of, opened, unwrapped
from gql_gen.model.values import scientific

FIRST_VALUE = 3
"""Where the values of the key begin: `[1, schema, table, …]`."""
_VERSION = 1
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class NodeId:
    """The table that an id names, and how many values of a key it holds."""

    table: Ident
    values: int


def read_node_id(token: Any, at: str) -> NodeId:
    """What an id says, whether or not there is such a row or table. Raises Rejected at the path of the argument."""
    if not isinstance(token, str):
        raise invalid("Error in $: expected a string", at)
    try:
        found = opened(token)
    except ValueError:
        rest = unwrapped(token).decode("latin-1")[:_SHOWN]
        raise invalid(f"Error in $: Failed reading: not a valid json value at '{rest}'", at) from None
    if not isinstance(found, list):
        raise invalid(f"Error in $: parsing node id failed, expected Array, but encountered {kind_of(found)}", at)
    return _identified(found, at)


def check_length(given: int, key: list[str], at: str) -> None:
    """Refuses an id with too few or too many values for the key."""
    if given < len(key):
        missing = ", ".join(f"'{column}'" for column in key[given:])
        raise invalid(f"primary key columns [{missing}] are missing", at)
    if given > len(key):
        raise invalid(f"unexpected column values: {given - len(key)} more than the primary key has", at)


def invalid(reason: str, at: str) -> Rejected:
    return Rejected(f"invalid node id: {reason}", path=at)


def _identified(parts: list[Any], at: str) -> NodeId:
    if not parts:
        raise invalid("Error in $: unexpected GUID format, found empty list", at)
    version, *rest = parts
    if isinstance(version, bool) or not isinstance(version, int | Decimal):
        raise invalid("Error in $: unexpected GUID format, needs to start with a version number", at)
    if version != _VERSION:
        raise invalid(f"Error in $: unsupported GUID version: {scientific(version)}", at)
    if len(rest) < FIRST_VALUE or not all(isinstance(name, str) for name in rest[:2]):
        reason = "GUID version 1: expecting schema name, table name and at least one column value"
        raise invalid(f"Error in $: {reason}", at)
    return NodeId(Ident(rest[0], rest[1]), len(parts) - FIRST_VALUE)
