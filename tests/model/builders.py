"""Catalogues by hand, in a few words, and rules from YAML: what the model's tests are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import dedent
from typing import Any

from gql_gen.catalog.types import (
    Catalog,
    Column,
    ForeignKey,
    Ident,
    PgType,
    Relation,
    RelationKind,
    UniqueIndex,
    UniqueKey,
)
from gql_gen.model.build import build_model
from gql_gen.model.enums import EnumRows
from gql_gen.model.types import Entity, Model
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import Rules

Cast = Callable[[str, str], Any]
"""(text, type) → the value as Postgres's to_json prints it, decoded. Raises asyncpg's DataError when the cast fails."""

UNORDERED = frozenset({"json", "xml", "point"})
BASE_TYPES = (
    *("bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "varchar", "bpchar", "name", "uuid"),
    *("json", "jsonb", "date", "time", "timestamp", "timestamptz", "interval", "bytea", "xml", "point", "box"),
)


def ident(text: str) -> Ident:
    """`auth.users`, or a name of schema public."""
    schema, _, name = text.rpartition(".")
    return Ident(schema or "public", name)


def pg(name: str) -> Ident:
    return Ident("pg_catalog", name)


def with_array(type: PgType) -> tuple[PgType, PgType]:
    """A type and its array type, named as Postgres names it."""
    array = Ident(type.ident.schema, f"_{type.ident.name}")
    return type, PgType(array, "array", type.ident, has_equality=type.has_equality, has_order=type.has_order)


def base_types() -> list[PgType]:
    plain = [
        PgType(pg(name), "base", has_equality=name not in UNORDERED, has_order=name not in UNORDERED)
        for name in BASE_TYPES
    ]
    return [*plain, *(PgType(Ident("ext", name), "base") for name in ("citext", "ltree"))]


def enum(name: str, *labels: str) -> PgType:
    return PgType(ident(name), "enum", labels=labels)


def domain(name: str, base: Ident) -> PgType:
    return PgType(ident(name), "domain", base)


def table(
    name: str,
    columns: str,
    *,
    key: Sequence[str] | None = ("id",),
    unique: Sequence[Sequence[str]] = (),
    indexes: Sequence[UniqueIndex] = (),
    foreign: Mapping[str, str] | None = None,
    kind: RelationKind = "table",
    comment: str | None = None,
    writable: bool = True,
) -> Relation:
    """`columns` reads `id int4!, name text, owner_id auth.mood`: `!` is NOT NULL, a bare type is pg_catalog's.
    `foreign` reads `{"owner_id": "auth.users.id", "a,b": "t.x,y"}`."""
    found = {column.name: column for column in map(_column, range(1, 100), columns.split(","))}
    own = ident(name)
    return Relation(
        own,
        kind,
        found,
        None if key is None else UniqueKey(f"{own.name}_pkey", tuple(key)),
        tuple(UniqueKey(f"{own.name}_{'_'.join(parts)}_key", tuple(parts)) for parts in unique),
        tuple(indexes),
        foreign_keys=tuple(_foreign_key(own, *entry) for entry in (foreign or {}).items()),
        insertable=writable,
        updatable=writable,
        deletable=writable,
        comment=comment,
    )


def _column(position: int, words: str) -> Column:
    name, type, *comment = words.strip().split(" ", 2)
    bare = type.rstrip("!")
    of = ident(bare) if "." in bare else pg(bare)
    return Column(name, of, bare, not type.endswith("!"), position, comment=comment[0] if comment else None)


def _foreign_key(own: Ident, columns: str, target: str) -> ForeignKey:
    where, _, targets = target.rpartition(".")
    parts = tuple(columns.split(","))
    return ForeignKey(f"{own.name}_{'_'.join(parts)}_fkey", parts, ident(where), tuple(targets.split(",")))


def catalog(*relations: Relation, types: Sequence[PgType] = ()) -> Catalog:
    every = [both for each in (*base_types(), *types) for both in with_array(each)]
    return Catalog(
        {relation.ident: relation for relation in relations},
        {type.ident: type for type in every},
        {},
        {},
        180000,
        "by hand",
    )


def rules(text: str) -> Rules:
    """Rules from the body of a permissions.yaml."""
    return parse_rules(f"version: 1\n{dedent(text)}", "rules.yaml")


def tracked(*names: str, naming: str = "nhost") -> Rules:
    """Tables tracked and nothing said about them."""
    return rules(f"naming: {naming}\ntables:\n" + "".join(f"  {name}: {{}}\n" for name in names))


def model(catalog: Catalog, rules: Rules, enums: Mapping[str, Sequence[tuple[str, str | None]]] | None = None) -> Model:
    rows: dict[Ident, EnumRows] = {ident(name): tuple(values) for name, values in (enums or {}).items()}
    return build_model(catalog, rules, rows)


def sound(catalog: Catalog, rules: Rules, enums: Mapping[str, Sequence[tuple[str, str | None]]] | None = None) -> Model:
    """A model without faults."""
    built = model(catalog, rules, enums)
    assert not built.faults, "\n".join(map(str, built.faults))
    return built


def entity(model: Model, name: str) -> Entity:
    return model.entities[ident(name)]


def fault_texts(model: Model) -> list[str]:
    return [str(fault) for fault in model.faults]
