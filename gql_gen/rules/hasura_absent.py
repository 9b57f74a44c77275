"""What no permission can mention, by table and name, since the import leaves it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, assert_never

from gql_gen.catalog.types import Ident
from gql_gen.rules.expressions import POSTGIS_PREFIX, canonical_word
from gql_gen.rules.hasura_desk import Desk
from gql_gen.rules.hasura_tables import table_name
from gql_gen.rules.types import BoolExp, Both, Either, ExistsIn, NamedRule, Negated, OnField

FIELD_KINDS: Final = ("computed_fields", "remote_relationships")
"""Kinds whose things are fields of a table: a permission could mention them."""


@dataclass(frozen=True, slots=True)
class Absent:
    """`names`: table → its fields that are left out. `targets`: (table, relationship) → the table it leads to, where
    the metadata says so; a relationship by a key of our own does not."""

    names: Mapping[Ident, frozenset[str]]
    targets: Mapping[tuple[Ident, str], Ident]

    def mentioned(self, expression: BoolExp, table: Ident | None) -> str | None:
        """The first absent name that the expression on `table` mentions. Where the table is not known, any table's
        absent names count: rather a permission too few than one that reads differently."""
        match expression:
            case NamedRule():
                return None
            case Both(parts=parts) | Either(parts=parts):
                return next((name for part in parts if (name := self.mentioned(part, table))), None)
            case Negated(part=part):
                return self.mentioned(part, table)
            case ExistsIn(table=other, where=where):
                return self.mentioned(where, other)
            case OnField(name=name, nested=nested):
                if name in self.absent_from(table):
                    return name
                below = None if table is None else self.targets.get((table, name))
                return None if nested is None else self.mentioned(nested, below)
            case _:
                assert_never(expression)

    def absent_from(self, table: Ident | None) -> frozenset[str]:
        """The names that are left out of the table, or of any."""
        return frozenset().union(*self.names.values()) if table is None else self.names.get(table, frozenset())


def find_absent(tables: Iterable[tuple[Ident, dict[str, Any]]], without: frozenset[str]) -> Absent:
    """Looks through the tables as the metadata has them."""
    names: dict[Ident, frozenset[str]] = {}
    kinds = [kind for kind in FIELD_KINDS if kind in without]
    targets: dict[tuple[Ident, str], Ident] = {}
    for ident, table in tables:
        names[ident] = frozenset(str(field["name"]) for kind in kinds for field in _named(table.get(kind)))
        for kind in ("object_relationships", "array_relationships"):
            for relationship in _named(table.get(kind)):
                target = _target(relationship.get("using"))
                if target is not None:
                    targets[ident, str(relationship["name"])] = target
    return Absent(names, targets)


def postgis_word(value: Any) -> str | None:
    """The first PostGIS operator in an expression as written. A permission that uses one is left out whole, which takes
    its access away and gives none; without it, one geometry column would keep a whole database from being imported."""
    match value:
        case dict():
            own = (word for key in value if (word := canonical_word(key)).startswith(POSTGIS_PREFIX))
            return next(own, None) or postgis_word(list(value.values()))
        case list():
            return next((found for item in value if (found := postgis_word(item))), None)
    return None


def _named(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict) and "name" in item]


def _target(using: Any) -> Ident | None:
    """The table that a relationship names. Malformed ones are refused where they are imported."""
    match using:
        case {"manual_configuration": {"remote_table": table}} | {"foreign_key_constraint_on": {"table": table}}:
            return table_name(table, Desk(frozenset()), "$")
    return None
