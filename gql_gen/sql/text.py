"""The only way to write SQL: literals of our own source, quoted identifiers, and slots for values."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import LiteralString

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import Slot


class Sql:
    """SQL text with holes. Text comes from our source or from `ident`; values only as slots."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[str | Slot, ...]) -> None:
        self.parts = parts

    def __bool__(self) -> bool:
        return bool(self.parts)


NOTHING = Sql(())


@lru_cache(maxsize=1024)
def _pieces(template: LiteralString) -> tuple[tuple[str, str], ...]:
    """`"a {x} b"` → (("a ", "x"), (" b", ""))."""
    found: list[tuple[str, str]] = []
    for piece in template.split("{"):
        if not found:
            found.append((piece, ""))
            continue
        name, _, text = piece.partition("}")
        found[-1] = (found[-1][0], name)
        found.append((text, ""))
    return tuple(found)


def sql(template: LiteralString, **holes: Sql) -> Sql:
    """Our own text with named holes filled: `sql("select {a} from {b}", a=…, b=…)`."""
    parts: list[str | Slot] = []
    for text, name in _pieces(template):
        if text:
            parts.append(text)
        if name:
            parts.extend(holes[name].parts)
    return Sql(tuple(parts))


def ident(name: str) -> Sql:
    """A quoted identifier. Postgres names cannot hold NUL, so there is nothing else to escape."""
    return Sql((_quoted(name),))


def relation(name: Ident) -> Sql:
    return Sql((f"{_quoted(name.schema)}.{_quoted(name.name)}",))


def column(alias: str, name: str) -> Sql:
    return Sql((f"{alias}.{_quoted(name)}",))


def operator(name: LiteralString, schema: str | None) -> Sql:
    """An operator, written with its schema when it lives outside pg_catalog."""
    if schema is None:
        return Sql((name,))
    return Sql((f"operator({_quoted(schema)}.{name})",))


def string(value: str) -> Sql:
    """A text literal of ours or of the schema (a GraphQL name), never a caller's value."""
    return Sql((_literal(value),))


def number(value: int) -> Sql:
    return Sql((str(int(value)),))


def printed(expression: str) -> Sql:
    """An expression as Postgres itself printed it into the catalogue, or an admin wrote it into a rule."""
    return Sql((f"({expression})",))


def slot(value: Slot) -> Sql:
    return Sql((value,))


def join(separator: LiteralString, parts: Iterable[Sql]) -> Sql:
    found: list[str | Slot] = []
    for part in parts:
        if found:
            found.append(separator)
        found.extend(part.parts)
    return Sql(tuple(found))


def concat(*parts: Sql) -> Sql:
    return Sql(tuple(piece for part in parts for piece in part.parts))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    # The E'' form is needed only for backslashes; it means the same whatever standard_conforming_strings says.
    text = value.replace("'", "''")
    return "E'" + text.replace("\\", "\\\\") + "'" if "\\" in text else f"'{text}'"
