"""Reads the named statements of `sql/*.sql`.

A file holds statements, each after a line `-- name: some_name`, and pieces that statements share, each after
`-- piece: some_name` and included as `{{some_name}}`. A piece belongs to its file; those of `pieces.sql` to all.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "sql"
_HEADING: Final = re.compile(r"^-- (name|piece): (\w+)\s*$", re.MULTILINE)
_INCLUDED: Final = re.compile(r"\{\{(\w+)\}\}")
_SHARED: Final = "pieces"


@cache
def queries(file: str) -> dict[str, str]:
    """The statements of a file, by name. Raises ValueError for a name given twice or a piece that is not there."""
    shared = _parts(_SHARED)[1]
    statements, pieces = _parts(file)
    return {name: _filled(name, text, {**shared, **pieces}) for name, text in statements.items()}


@cache
def _parts(file: str) -> tuple[dict[str, str], dict[str, str]]:
    text = (FOLDER / f"{file}.sql").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = {"name": {}, "piece": {}}
    headings = list(_HEADING.finditer(text))
    for heading, following in zip(headings, [*headings[1:], None], strict=False):
        kind, name = heading[1], heading[2]
        if name in found[kind]:
            raise ValueError(f"{file}.sql names {name} twice")
        body = text[heading.end() : following.start() if following else None]
        found[kind][name] = body.strip().removesuffix(";")
    return found["name"], found["piece"]


def _filled(name: str, text: str, pieces: dict[str, str]) -> str:
    def piece(match: re.Match[str]) -> str:
        if match[1] not in pieces:
            raise ValueError(f"{name} includes {match[1]}, which is not there")
        return pieces[match[1]]

    while _INCLUDED.search(text):
        text = _INCLUDED.sub(piece, text)
    return text
