"""What callers hold and do not look into: cursors and global ids, JSON in base64.

They come back as the caller likes. What they hold is a caller's own words and is checked like any argument; nothing in
them is trusted.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from dataclasses import replace
from decimal import Decimal
from typing import Any, NoReturn

from gql_gen.catalog.types import Ident
from gql_gen.errors import ParseFailed, Rejected
from gql_gen.model.operators import TEXT_TYPES
from gql_gen.model.predicates import ValueType
from gql_gen.model.values import check_text, encode

_FOREIGN = re.compile(rb"[^A-Za-z0-9+/]")
_MOST = 65_536
"""Characters of a token: no row of ours has a longer one that Postgres could index."""


def unwrapped(token: str) -> bytes:
    """The bytes of a token. Padding may be missing, and what cannot stand in base64 is skipped, as Hasura does."""
    letters = _FOREIGN.sub(b"", token[:_MOST].encode("ascii", "replace"))
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return b64decode(letters + b"=" * (-len(letters) % 4))


def opened(token: str) -> Any:
    """The JSON of a token, numbers with all their digits. Raises ValueError for what is none."""
    try:
        return json.loads(unwrapped(token), parse_float=Decimal, parse_constant=_no_number)
    except (ArithmeticError, RecursionError, binascii.Error) as error:
        raise ValueError(str(error)) from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def is_spelled(pg: Ident) -> bool:
    """Whether a token holds values of the type as Postgres writes them: where JSON would show them in a form that
    cannot be read back."""
    return pg.schema != "pg_catalog" or pg.name.startswith("_") or pg.name in ("json", "jsonb")


def token_text(token: Any, type: ValueType, at: str) -> str | None:
    """The text, for Postgres, of the value that stands in a token; None for null. Raises Rejected at `at`."""
    assert type.inside is not None
    try:
        found = opened(token) if isinstance(token, str) else None
        for key in type.inside.keys:
            found = found[key]  # type: ignore[index]
    except (ValueError, LookupError, TypeError):
        raise malformed(type, at) from None
    if found is None and type.inside.key_column is None:
        return None
    try:
        return _text(found, type)
    except Rejected as error:
        raise malformed(type, at, error.message) from None


def malformed(type: ValueType, at: str, reason: str = "malformed") -> Rejected:
    """The error of a token that does not hold such a value."""
    assert type.inside is not None
    column = type.inside.key_column
    if column is None:
        return Rejected('the "after" or "before" cursor is invalid', path=at)
    return ParseFailed(f"value of column '{column}' in node id: {reason}", path=at)


def _text(value: Any, type: ValueType) -> str:
    if not isinstance(value, str) and (is_spelled(type.pg) or type.pg.name in TEXT_TYPES):
        raise Rejected(f"parsing Text failed, expected String, but encountered {kind_of(value)}")
    if is_spelled(type.pg):
        return check_text(value, "$")
    return encode(value, replace(type, inside=None, labels=None, element=None))


def kind_of(value: Any) -> str:
    """What a JSON value is, in the words of Hasura's JSON library."""
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case str():
            return "String"
        case list():
            return "Array"
        case dict():
            return "Object"
        case _:
            return "Number"
