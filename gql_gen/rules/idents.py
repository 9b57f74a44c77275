"""A table's name in one piece of text: `schema.table`, bare `table` for `public`, double quotes around odd parts."""

from __future__ import annotations

import re
from typing import Final

from gql_gen.catalog.types import Ident

_PART: Final = r'(?:"(?:[^"]|"")+"|[^".]+)'
IDENT_PATTERN: Final = rf"^{_PART}(?:\.{_PART})?$"
_PARTS: Final = re.compile(_PART)
_WHOLE: Final = re.compile(IDENT_PATTERN.removesuffix("$") + r"\Z")


def parse_ident(text: str) -> Ident | None:
    """The table that `text` names, or None when it has no such form. What stands in quotes is taken as it is."""
    if _WHOLE.match(text) is None:
        return None
    parts = [_unquoted(part) for part in _PARTS.findall(text)]
    return Ident(parts[0], parts[1]) if len(parts) == 2 else Ident("public", parts[0])


def ident_text(ident: Ident) -> str:
    """The canonical spelling, always with its schema; `parse_ident` reads it back."""
    return f"{_quoted(ident.schema)}.{_quoted(ident.name)}"


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part


def _quoted(part: str) -> str:
    return '"' + part.replace('"', '""') + '"' if "." in part or '"' in part else part
