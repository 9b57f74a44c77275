"""Catalog × Rules with every reference resolved, then cut down to what one role may see and do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from gql_gen.catalog.types import Catalog, Column, Ident, Relation, UniqueIndex, UniqueKey
from gql_gen.model.calls import Call as Call
from gql_gen.model.calls import Parameter as Parameter
from gql_gen.model.calls import Routine as Routine
from gql_gen.model.calls import Scalar as Scalar
from gql_gen.model.predicates import Pred, Slot
from gql_gen.rules.types import Customization, Fault, FunctionRoot, Naming, QueryRoot, RootField, SubscriptionRoot


@dataclass(frozen=True, slots=True)
class Field:
    """A column under its GraphQL name."""

    name: str
    column: Column
    scalar: Scalar
    comment: str | None

    @property
    def sql(self) -> str:
        return self.column.name


@dataclass(frozen=True, slots=True)
class Link:
    """A relationship: our `on[i][0]` equals the target's `on[i][1]` (SQL names).

    `nullable` (objects only): False when the key that carries it is not null and enforced, so the target always exists;
    whether the role can see it is another matter, see RoleEntity."""

    name: str
    kind: Literal["object", "array"]
    target: Ident
    on: tuple[tuple[str, str], ...]
    nullable: bool
    comment: str | None = None
    insert_before_parent: bool | None = None


@dataclass(frozen=True, slots=True)
class ComputedField:
    """A field that a function computes from a row: a single value, or rows of another entity. `arguments_type` names
    the input type of what callers may give."""

    name: str
    routine: Routine
    returns: Scalar | Ident
    arguments_type: str
    comment: str | None = None
    """None: the dialect's own wording; "": no description."""

    @property
    def is_plain(self) -> bool:
        """Whether a caller has nothing to give: such a field may stand wherever a column may."""
        return all(parameter.filled_by != "caller" for parameter in self.routine.parameters)


@dataclass(frozen=True, slots=True)
class RootName:
    name: str
    comment: str | None
    """None: the dialect's own wording; "": no description."""


@dataclass(frozen=True, slots=True)
class TrackedFunction:
    """A function of no row as a root field: rows of an entity (`is_set`), one row or none of it, or a single value.

    `root_fields`: "function" always, "function_aggregate" where rows are queried. A volatile one runs as a write does,
    whatever it is exposed as. `arguments_type` as for a computed field. `granted`: the roles that may call it; None for
    whoever may select from the entity."""

    ident: Ident
    routine: Routine
    returns: Scalar | Ident
    is_set: bool
    exposed_as: Literal["query", "mutation"]
    root_fields: Mapping[FunctionRoot, RootName]
    arguments_type: str
    granted: frozenset[str] | None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """A tracked relation with its GraphQL names. `fields` and `links` are keyed by GraphQL name in one namespace;
    hidden columns are in neither. `type_name` has prefix and suffix applied already."""

    ident: Ident
    relation: Relation
    type_name: str
    base_name: str
    """The name root fields and input types were derived from (no prefix or suffix)."""
    fields: Mapping[str, Field]
    links: Mapping[str, Link]
    root_fields: Mapping[RootField, RootName]
    primary_key: tuple[str, ...]
    """SQL names; empty when there is none, or when a part of it is hidden."""
    comment: str | None
    enum_values: tuple[tuple[str, str | None], ...] | None = None
    """Rows of an enum table as (value, comment); None for other tables. Enum tables are ordinary entities too."""
    computed: Mapping[str, ComputedField] = field(default_factory=lambda: MappingProxyType({}))
    """By GraphQL name, in one namespace with fields and links."""

    def field_of(self, column: str) -> Field | None:
        """The field that shows an SQL column; None when hidden."""
        return next((field for field in self.fields.values() if field.sql == column), None)


@dataclass(frozen=True, slots=True)
class PresetValue:
    """Exactly one of `slot` and `sql` is set."""

    column: str
    slot: Slot | None
    sql: str | None


WriteKind = Literal["insert", "update", "delete"]


@dataclass(frozen=True, slots=True)
class WriteRule:
    """An insert, update or delete rule, resolved.

    `columns`: SQL names a caller may give. `filter`: rows that may be changed or deleted. `check`: what a row must be
    afterwards. `message`: the author's words for a failed check. `recheck`: check once more before the commit.
    `at`: where the rule stands (`permissions.yaml:42:9`), "" for admin."""

    columns: frozenset[str]
    filter: Pred
    check: Pred
    presets: tuple[PresetValue, ...]
    backend_only: bool
    message: str | None
    recheck: bool
    at: str = ""


@dataclass(frozen=True, slots=True)
class ConflictTarget:
    """What `on_conflict` may name: the primary key, a unique constraint, a unique index, or an exclusion constraint.

    Each element is a column, or an SQL expression as Postgres prints it; `predicate` is a partial index's. An exclusion
    constraint has no elements."""

    name: str
    columns: tuple[str | None, ...]
    expressions: tuple[str | None, ...]
    predicate: str | None = None

    @property
    def is_exclusion(self) -> bool:
        return not self.columns


@dataclass(frozen=True, slots=True)
class RoleEntity:
    """What one role may see and do of one entity. `fields` and `links` are the role's own; a link is there only when
    the role may select from its target. `rule` is the row rule, `TRUE` for admin.

    Where the role may write but not select, `is_selectable` is False, `rule` is `FALSE`, and there are no fields, links
    or query roots. `write_links` are the entity's relationships whose target the role may write to in some way."""

    entity: Entity
    fields: Mapping[str, Field]
    links: Mapping[str, Link]
    rule: Pred
    limit: int | None
    aggregate_rule: Pred | None
    """The rows that aggregates may be made of: those of the grants that allow aggregates; None where none does."""
    query_roots: frozenset[QueryRoot]
    subscription_roots: frozenset[SubscriptionRoot]
    columns: frozenset[str]
    """The SQL names of `fields`: what the gate checks."""
    by_primary_key: bool
    """True when every part of the primary key is readable, so that by-key roots may exist."""
    unique_keys: tuple[UniqueKey, ...]
    unique_indexes: tuple[UniqueIndex, ...]
    insert: WriteRule | None = None
    update: WriteRule | None = None
    delete: WriteRule | None = None
    insert_fields: Mapping[str, Field] = field(default_factory=lambda: MappingProxyType({}))
    """Columns that may be given on insert, by GraphQL name: those of `insert.columns`."""
    update_fields: Mapping[str, Field] = field(default_factory=lambda: MappingProxyType({}))
    amendable: frozenset[str] = frozenset()
    """SQL names of `update_fields` on whose old value an update may build (`_inc`, `_append`, …): the readable ones."""
    write_links: Mapping[str, Link] = field(default_factory=lambda: MappingProxyType({}))
    conflict_targets: tuple[ConflictTarget, ...] = ()
    """Keys over columns that the role may read or insert; deferrable ones cannot be a target."""
    is_selectable: bool = True
    computed: Mapping[str, ComputedField] = field(default_factory=lambda: MappingProxyType({}))
    """Those the role may ask for: single values by its select rule, rows where it may select from their entity."""
    guards: Mapping[str, Pred] = field(default_factory=lambda: MappingProxyType({}))
    """Columns (SQL names) that the role may read in some of its rows alone, each with those rows; elsewhere they count
    as null, wherever they are used. Every other column may be read in every row of `rule`."""
    computed_guards: Mapping[str, Pred] = field(default_factory=lambda: MappingProxyType({}))
    """The same for computed fields of single values, by name."""
    revealed_constraints: frozenset[str] | None = frozenset()
    """Constraints whose violation may be named whatever row it was; None: all of them."""

    @property
    def allow_aggregations(self) -> bool:
        return self.aggregate_rule is not None

    @property
    def always_readable(self) -> frozenset[str]:
        """The columns that may be read in every row of `rule`."""
        return self.columns - self.guards.keys() if self.guards else self.columns


@dataclass(frozen=True, slots=True)
class RoleModel:
    """Everything one role may see and do. `is_backend`: rules marked backend_only are among it."""

    role: str
    is_admin: bool
    entities: Mapping[Ident, RoleEntity]
    model: Model
    is_backend: bool = False
    functions: Mapping[Ident, TrackedFunction] = field(default_factory=lambda: MappingProxyType({}))
    """Those the role may call."""


@dataclass(frozen=True, slots=True)
class Model:
    """Every tracked entity with its names and links. `faults` lists what could not be carried over (a table or
    column that the database lacks): those parts are left out, for the role they concern, and never widen access."""

    catalog: Catalog
    naming: Naming
    customization: Customization
    entities: Mapping[Ident, Entity]
    roles: frozenset[str]
    """Every role that the rules name, `admin` included."""
    faults: tuple[Fault, ...]
    writes_ignore_select: bool = False
    """Whether writes keep to their own rules alone, as in Hasura: they may pick any row of their filter, and give back
    all rows they wrote, also those that the select rule hides."""
    functions: Mapping[Ident, TrackedFunction] = field(default_factory=lambda: MappingProxyType({}))
    connections: bool = False
    """Whether lists with cursors stand beside the ordinary ones."""
    ids_show_keys: bool = False
    """Whether global ids and cursors hold primary keys also where the role may not read them, as in Hasura."""
