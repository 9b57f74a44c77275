"""What the database contains: relations, columns, types, keys, functions. Plain frozen data and look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

RelationKind = Literal["table", "partitioned", "foreign", "view", "materialized"]
TypeKind = Literal["base", "domain", "enum", "array", "composite", "range", "multirange", "pseudo"]
Volatility = Literal["immutable", "stable", "volatile"]


@dataclass(frozen=True, slots=True, order=True)
class Ident:
    """A name with its schema, unquoted, as the catalogue spells it."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class PgType:
    """`base` is the element of an array, the base of a domain, the subtype of a range; None otherwise."""

    ident: Ident
    kind: TypeKind
    base: Ident | None = None
    labels: tuple[str, ...] = ()
    attributes: tuple[tuple[str, Ident], ...] = ()
    has_equality: bool = True
    """Whether `=` works: a default btree or hash operator class exists for the type (below domains and arrays)."""
    has_order: bool = True
    """Whether `<` and ORDER BY work: a default btree operator class exists."""
    array: Ident | None = None
    """The type's own array type."""
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """`type` has no modifier; `declared` is format_type's text with it (`character varying(2)`).
    `default` is the SQL text of the default or generation expression."""

    name: str
    type: Ident
    declared: str
    nullable: bool
    position: int
    default: str | None = None
    identity: Literal["always", "by default"] | None = None
    generated: bool = False
    updatable: bool = True
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """A primary key or unique constraint."""

    name: str
    columns: tuple[str, ...]
    deferrable: bool = False


@dataclass(frozen=True, slots=True)
class UniqueIndex:
    """A unique index that backs no constraint: each entry a column's name or an expression; `predicate` if partial."""

    name: str
    columns: tuple[str | None, ...]
    expressions: tuple[str | None, ...]
    predicate: str | None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`columns[i]` refers to `target_columns[i]`."""

    name: str
    columns: tuple[str, ...]
    target: Ident
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or anything that can be read as one. Columns keep the database's order."""

    ident: Ident
    kind: RelationKind
    columns: Mapping[str, Column]
    primary_key: UniqueKey | None = None
    unique_keys: tuple[UniqueKey, ...] = ()
    unique_indexes: tuple[UniqueIndex, ...] = ()
    exclusion_constraints: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    insertable: bool = True
    updatable: bool = True
    deletable: bool = True
    comment: str | None = None
    definition: str | None = None
    """A view's own SELECT, as pg_get_viewdef prints it."""
    security_invoker: bool = False
    is_partition: bool = False
    row_security: bool = False
    is_distributed: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    type: Ident
    mode: Literal["in", "out", "inout", "variadic", "table"]
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """`returns_relation` is set when the result type is a table's or view's row type."""

    ident: Ident
    arguments: tuple[Argument, ...]
    returns: Ident
    returns_set: bool
    returns_relation: Ident | None
    volatility: Volatility
    kind: Literal["function", "procedure", "aggregate", "window"] = "function"
    security_definer: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the database contains, as of one moment. Never edited: a change makes a new one."""

    relations: Mapping[Ident, Relation]
    types: Mapping[Ident, PgType]
    functions: Mapping[Ident, tuple[Function, ...]]
    extensions: Mapping[str, str]
    """Installed extension → the schema it lives in."""
    server_version: int
    """server_version_num, e.g. 180003."""
    fingerprint: str
    """Equal catalogues have equal fingerprints: cache keys, `usher check`."""

    def base_type(self, ident: Ident) -> PgType:
        """The type below any number of domains."""
        found = self.types[ident]
        while found.kind == "domain" and found.base is not None:
            found = self.types[found.base]
        return found
