"""Postgres's integrity errors → Violation (SQLSTATE class 23, and 44000 for views with a check option)."""

from __future__ import annotations

import re
from types import MappingProxyType

import asyncpg

from gql_gen.catalog.types import Ident
from gql_gen.model.violations import Violation, ViolationKind

_KINDS: MappingProxyType[str, ViolationKind] = MappingProxyType(
    {
        "23505": "unique",
        "23503": "foreign_key",
        "23001": "referenced",
        "23514": "check",
        "23502": "not_null",
        "23P01": "exclusion",
        "44000": "other",
    }
)
_KEY = re.compile(r"\)=\((.*)\)")
_LAST_KEY = re.compile(r".*\)=\((.*)\)")


def violation_of(error: BaseException) -> Violation | None:
    """What was violated, or None for an error of another kind."""
    if not isinstance(error, asyncpg.PostgresError):
        return None
    state = error.sqlstate or ""
    kind = _KINDS.get(state)
    if kind is None:
        return Violation("other", None, None, None, None, "") if state.startswith("23") else None
    detail = getattr(error, "detail", None) or ""
    if state == "23503":
        kind = _foreign_key_kind(detail)
    schema, table = getattr(error, "schema_name", None), getattr(error, "table_name", None)
    if kind == "check" and table is None:
        kind = "domain"
    # An exclusion's detail tells the new key and then the existing one.
    key = (_LAST_KEY if kind == "exclusion" else _KEY).search(detail)
    return Violation(
        kind,
        Ident(schema, table) if schema and table else None,
        getattr(error, "constraint_name", None),
        getattr(error, "column_name", None),
        None if key is None else key[1],
        str(error).splitlines()[0],
    )


def _foreign_key_kind(detail: str) -> ViolationKind:
    """Which side failed stands in the words alone; in another language than English we do not guess."""
    if "is not present in table" in detail:
        return "foreign_key"
    return "referenced" if "referenced from" in detail else "other"
