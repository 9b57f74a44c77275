"""What the database contains: relations, columns, types, keys, functions. Plain frozen data and look-ups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

    `default` is the SQL text of what a row gets that leaves the column out, or of the generation expression: the
    column's own, else its domain's, else, for a column that a view merely shows, that of the relation below. Identity
    columns have the next number of their sequence."""

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
    """A primary key or unique constraint. `without_overlaps`: its last column is a period that may not overlap."""

    name: str
    columns: tuple[str, ...]
    deferrable: bool = False
    without_overlaps: bool = False


@dataclass(frozen=True, slots=True)
class UniqueIndex:
    """A unique index that backs no constraint: each entry a column's name or an expression; `predicate` if partial.
    `mentions` are the columns that its expressions and its predicate read."""

    name: str
    columns: tuple[str | None, ...]
    expressions: tuple[str | None, ...]
    predicate: str | None
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExclusionConstraint:
    """Each entry of `columns` is a column's name, None for an expression; `mentions` are the columns that its
    expressions and its predicate read."""

    name: str
    columns: tuple[str | None, ...]
    mentions: tuple[str, ...] = ()
    deferrable: bool = False


@dataclass(frozen=True, slots=True)
class CheckConstraint:
    """`columns` are those that the condition reads."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`columns[i]` refers to `target_columns[i]`. `copies`: errors name a key to a partitioned table by one of these,
    Postgres' own copies of it for each partition. `by_period`: the last pair need not be equal, but be contained.
    `gives_way`: when the row referred to is deleted, the one that refers goes too, or refers no more."""

    name: str
    columns: tuple[str, ...]
    target: Ident
    target_columns: tuple[str, ...]
    copies: tuple[str, ...] = ()
    by_period: bool = False
    gives_way: bool = False


Constraint = UniqueKey | UniqueIndex | ExclusionConstraint | CheckConstraint | ForeignKey


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or anything that can be read as one. Columns keep the database's order."""

    ident: Ident
    kind: RelationKind
    columns: Mapping[str, Column]
    primary_key: UniqueKey | None = None
    unique_keys: tuple[UniqueKey, ...] = ()
    unique_indexes: tuple[UniqueIndex, ...] = ()
    exclusion_constraints: tuple[ExclusionConstraint, ...] = ()
    check_constraints: tuple[CheckConstraint, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    period_keys: tuple[ForeignKey, ...] = ()
    """Foreign keys over periods: what they join is no relationship."""
    insertable: bool = True
    updatable: bool = True
    deletable: bool = True
    comment: str | None = None
    definition: str | None = None
    """A view's own SELECT, as pg_get_viewdef prints it."""
    security_invoker: bool = False
    is_partition: bool = False
    partition_of: Ident | None = None
    """The table right above a partition."""
    row_security: bool = False
    is_distributed: bool = False
    joins: tuple[ForeignKey, ...] = ()
    """Keys that it has through views. They are no constraints, and depend on what is served: introspect.view_keys."""

    def constraints(self) -> Iterator[Constraint]:
        """Everything of this relation that an error may name."""
        if self.primary_key is not None:
            yield self.primary_key
        yield from self.unique_keys
        yield from self.unique_indexes
        yield from self.exclusion_constraints
        yield from self.check_constraints
        yield from self.foreign_keys
        yield from self.period_keys

    def constraint(self, name: str) -> Constraint | None:
        """The constraint that an error about this relation names; a foreign key also by the names of its copies."""
        found = (each for each in self.constraints() if each.name == name)
        copied = (key for key in (*self.foreign_keys, *self.period_keys) if name in key.copies)
        return next(found, None) or next(copied, None)


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
