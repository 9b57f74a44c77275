"""A finished statement: text with `$n`, and what is bound to each."""

from __future__ import annotations

from dataclasses import dataclass

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import Slot
from gql_gen.sql.operators import Pattern
from gql_gen.sql.text import Sql


@dataclass(frozen=True, slots=True)
class PatternCheck:
    """The slot at `index` is a pattern that could be malformed: it is checked before any row is read."""

    index: int
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Statement:
    """`columns` counts the result's columns, each one JSON value. Every slot is bound as text."""

    text: str
    slots: tuple[Slot, ...]
    patterns: tuple[PatternCheck, ...]
    columns: int


def type_name(ident: Ident, is_list: bool) -> str:
    """A type for a cast, quoted, so that no modifier is implied (`"bit"` is not bit(1))."""
    schema, name = (part.replace('"', '""') for part in (ident.schema, ident.name))
    return f'"{schema}"."{name}"' + ("[]" if is_list else "")


def place(written: Sql, patterns: dict[Slot, Pattern], columns: int) -> Statement:
    """Slots become `($n::text)::type`, equal slots the same `$n`."""
    numbers: dict[Slot, int] = {}
    pieces: list[str] = []
    for part in written.parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        number = numbers.setdefault(part, len(numbers) + 1)
        pieces.append(f"(${number}::text)::{type_name(part.type.pg, part.type.is_list)}")
    slots = tuple(numbers)
    checks = tuple(PatternCheck(numbers[slot] - 1, pattern) for slot, pattern in patterns.items() if slot in numbers)
    return Statement("".join(pieces), slots, checks, columns)
