"""Statements about the session rather than the data: settings, checks of values, signs of life."""

from __future__ import annotations

from typing import Literal, assert_never

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import ValueType
from gql_gen.sql.operators import Pattern
from gql_gen.sql.statement import type_name

Isolation = Literal["read-committed", "repeatable-read", "serializable"]
PING = "select 1"
COMMIT = "commit"
ROLLBACK = "rollback"
CHECK_DEFERRED = "set constraints all immediate"
"""So that a dry run fails where a commit would."""
SERVER_SETTINGS = {
    "jit": "off",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
"""So that values print the same whatever the server's defaults. TimeZone stays the database's own."""
LIST_ITEMS = "select to_json(($1::text)::text[])"


def begin(isolation: Isolation) -> str:
    """The start of a transaction that writes."""
    match isolation:
        case "read-committed":
            return "begin isolation level read committed"
        case "repeatable-read":
            return "begin isolation level repeatable read"
        case "serializable":
            return "begin isolation level serializable"
        case _:
            assert_never(isolation)


def timeouts(milliseconds: int) -> dict[str, str]:
    return {"statement_timeout": str(milliseconds), "lock_timeout": str(milliseconds)}


def set_local(settings: dict[str, str]) -> str:
    """For poolers in transaction mode, where a connection's own settings do not hold."""
    return "; ".join(f"set local {name} = '{value}'" for name, value in settings.items())


def cast_check(value_type: ValueType) -> str:
    """A statement that fails exactly when `$1` is no value of the type."""
    return f"select ($1::text)::{type_name(value_type.pg, value_type.is_list)} is null"


def preset_check(expression: str, type: Ident) -> str:
    """A statement that fails exactly when an SQL preset cannot be read, or can be no value of the type. It is planned
    and never evaluated."""
    return f"select ({expression})::{type_name(type, False)} where false"


def pattern_check(pattern: Pattern) -> str:
    """A statement that fails exactly when `$1` is no pattern of the kind."""
    if pattern == "similar":
        return "select '' ~ pg_catalog.similar_to_escape($1::text)"
    return "select '' ~ ($1::text)"
