"""What we were told: tracked tables, names, relationships, permissions. No catalogue in it: names may still be wrong.

Everything carries the place in the file it came from (`Mark`), so that faults found later, when the rules meet the
database, are reported with file, line and column too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Literal

from gql_gen.catalog.types import Ident

Naming = Literal["nhost", "hasura", "graphql-default"]
RootField = Literal[
    "select",
    "select_by_pk",
    "select_aggregate",
    "select_stream",
    "insert",
    "insert_one",
    "update",
    "update_by_pk",
    "update_many",
    "delete",
    "delete_by_pk",
]
QueryRoot = Literal["select", "select_by_pk", "select_aggregate"]
SubscriptionRoot = Literal["select", "select_by_pk", "select_aggregate", "select_stream"]
FunctionRoot = Literal["function", "function_aggregate"]
NamedRelation = Literal["object", "array"]
IsolationLevel = Literal["read-committed", "repeatable-read", "serializable"]
READ_COMMITTED: Final[IsolationLevel] = "read-committed"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a rules file. Lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the rules: where, what, what was expected, and the nearest valid name if there is one."""

    at: Mark
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.at}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class RulesError(Exception):
    """All faults at once, in the order of the file."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


# ---------------------------------------------------------------- boolean expressions, as written


@dataclass(frozen=True, slots=True)
class Value:
    """A leaf as written: JSON (str, int, Decimal, bool, None, list, dict). Strings that name a session variable
    (`X-Hasura-…`, any case) are not told apart here; `is_session` does that."""

    json: Any
    at: Mark


@dataclass(frozen=True, slots=True)
class Both:
    """`_and`, and the implicit and of several keys. Empty is true."""

    parts: tuple[BoolExp, ...]
    at: Mark


@dataclass(frozen=True, slots=True)
class Either:
    """`_or`. Empty is false."""

    parts: tuple[BoolExp, ...]
    at: Mark


@dataclass(frozen=True, slots=True)
class Negated:
    part: BoolExp
    at: Mark


@dataclass(frozen=True, slots=True)
class ExistsIn:
    """`_exists: {_table, _where}`."""

    table: Ident
    where: BoolExp
    at: Mark


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator applied to a column, canonical spelling (`_eq`, never `$eq`)."""

    name: str
    value: Value
    at: Mark


@dataclass(frozen=True, slots=True)
class OnField:
    """A key that is neither a connective nor `_exists`: a column (SQL name) with operators, or a relationship with an
    expression below. Which of the two it is only the catalogue knows, so both readings are kept:
    `operators` is None when the value cannot be read as operators; `nested` is None when it cannot be an expression."""

    name: str
    operators: tuple[Operator, ...] | None
    nested: BoolExp | None
    at: Mark


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A reference to an entry of `rules:`; the loader has checked that it exists and that there is no cycle."""

    name: str
    at: Mark


BoolExp = Both | Either | Negated | ExistsIn | OnField | NamedRule


# ---------------------------------------------------------------- permissions


@dataclass(frozen=True, slots=True)
class SelectRule:
    """`columns` None means "*". `*_root_fields` None means all that the table has."""

    columns: tuple[tuple[str, Mark], ...] | None
    filter: BoolExp
    at: Mark
    limit: int | None = None
    allow_aggregations: bool = False
    computed_fields: tuple[str, ...] = ()
    query_root_fields: frozenset[QueryRoot] | None = None
    subscription_root_fields: frozenset[SubscriptionRoot] | None = None


@dataclass(frozen=True, slots=True)
class Preset:
    """A value set by the rule: JSON literal or session variable (a string), or an SQL expression (`{sql: now()}`)."""

    column: str
    value: Value | None
    sql: str | None
    at: Mark


@dataclass(frozen=True, slots=True)
class InsertRule:
    columns: tuple[tuple[str, Mark], ...] | None
    check: BoolExp
    at: Mark
    presets: tuple[Preset, ...] = ()
    backend_only: bool = False
    message: str | None = None
    recheck: bool = False


@dataclass(frozen=True, slots=True)
class UpdateRule:
    columns: tuple[tuple[str, Mark], ...] | None
    filter: BoolExp
    check: BoolExp | None
    at: Mark
    presets: tuple[Preset, ...] = ()
    backend_only: bool = False
    message: str | None = None
    recheck: bool = False


@dataclass(frozen=True, slots=True)
class DeleteRule:
    filter: BoolExp
    at: Mark
    backend_only: bool = False
    message: str | None = None


@dataclass(frozen=True, slots=True)
class TablePermissions:
    """What one role may do with one table."""

    role: str
    at: Mark
    select: tuple[SelectRule, ...] = ()
    """One or more: each grants its columns in the rows of its filter."""
    insert: InsertRule | None = None
    update: UpdateRule | None = None
    delete: DeleteRule | None = None


# ---------------------------------------------------------------- tables


@dataclass(frozen=True, slots=True)
class ByForeignKey:
    """`columns` of this table, or of `table` when given (the key then lies there and points here)."""

    columns: tuple[str, ...]
    table: Ident | None = None


@dataclass(frozen=True, slots=True)
class ByMapping:
    """A relationship without a key: our column → their column."""

    table: Ident
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Relationship:
    name: str
    kind: NamedRelation
    using: ByForeignKey | ByMapping
    at: Mark
    insert_before_parent: bool | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ComputedFieldRules:
    """A field that a function computes from a row. `table_argument` None: the row is the first argument;
    `session_argument`: the argument that gets the caller's session variables. A comment as in NameAndComment."""

    name: str
    function: Ident
    at: Mark
    table_argument: str | None = None
    session_argument: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class NameAndComment:
    """A chosen name (None: by convention) and a comment (None: the database's; "" : none)."""

    name: str | None
    comment: str | None
    at: Mark


@dataclass(frozen=True, slots=True)
class TableRules:
    """One tracked table. `hide` takes columns away from every role, admin included."""

    ident: Ident
    at: Mark
    name: str | None = None
    comment: str | None = None
    is_enum: bool = False
    hide: tuple[tuple[str, Mark], ...] = ()
    columns: Mapping[str, NameAndComment] = field(default_factory=lambda: MappingProxyType({}))
    root_fields: Mapping[RootField, NameAndComment] = field(default_factory=lambda: MappingProxyType({}))
    relationships: tuple[Relationship, ...] = ()
    infer_relationships: bool = True
    """False for imported metadata, where only what is listed is tracked."""
    computed_fields: tuple[ComputedFieldRules, ...] = ()
    reveal_constraints: tuple[tuple[str, Mark], ...] | None = ()
    """Constraints whose violation is named whatever row it was, also one that the role cannot see. None: all."""
    permissions: Mapping[str, TablePermissions] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class FunctionRules:
    """A function tracked as a root field. `exposed_as` None: a mutation where it is volatile, else a query.
    `permissions` None: no roles are listed, see Rules.infer_function_permissions."""

    ident: Ident
    at: Mark
    name: str | None = None
    comment: str | None = None
    root_fields: Mapping[FunctionRoot, NameAndComment] = field(default_factory=lambda: MappingProxyType({}))
    exposed_as: Literal["query", "mutation"] | None = None
    session_argument: str | None = None
    permissions: tuple[tuple[str, Mark], ...] | None = None


@dataclass(frozen=True, slots=True)
class Customization:
    """Hasura's source customization: prefixes and suffixes of root fields and of type names, and a namespace."""

    root_fields_namespace: str | None = None
    root_fields_prefix: str = ""
    root_fields_suffix: str = ""
    type_names_prefix: str = ""
    type_names_suffix: str = ""


@dataclass(frozen=True, slots=True)
class RateRule:
    """At most so many requests a minute, counted together by what `by` names: session variables (lower-case), "ip", or
    nothing, for the whole role."""

    per_minute: int
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitRules:
    """Limits of operations; None: the one of the whole file, or usher's own. They never bind admin.

    `depth` and `nodes` count fields of the expanded document, `batch` operations of one request, `seconds` the time of
    one, `rows` the rows of one list."""

    depth: int | None = None
    nodes: int | None = None
    batch: int | None = None
    seconds: Decimal | int | None = None
    rows: int | None = None
    rate: RateRule | None = None


NO_LIMITS: Final = LimitRules()


@dataclass(frozen=True, slots=True)
class RoleRules:
    """`inherits`: the roles whose rights it joins; what it is given itself for a table takes their place there.
    `introspection` False: the role may not look at its own schema."""

    name: str
    at: Mark
    inherits: tuple[tuple[str, Mark], ...] = ()
    introspection: bool = True
    limits: LimitRules = NO_LIMITS


@dataclass(frozen=True, slots=True)
class CollectedQuery:
    """One operation of a collection that an allow list may name."""

    name: str
    text: str
    at: Mark


@dataclass(frozen=True, slots=True)
class AllowedCollection:
    """A collection whose queries may be asked: by these roles, None meaning all."""

    collection: str
    roles: tuple[tuple[str, Mark], ...] | None
    at: Mark


@dataclass(frozen=True, slots=True)
class Rules:
    """permissions.yaml, read and checked for form. `reveal_constraints`: those of every table are.
    `writes_ignore_select`: writes keep to their own rules alone, whatever the select rule says. `isolation_level` is
    that of a mutation's transaction. `infer_function_permissions`: a function that only reads, and lists no roles, may
    be called by whoever may select what it returns. `connections`: lists with cursors stand beside ordinary ones.
    `ids_show_keys`: global ids and cursors hold primary keys also where a role may not read them."""

    file: str
    naming: Naming
    roles: Mapping[str, RoleRules]
    named: Mapping[str, BoolExp]
    tables: Mapping[Ident, TableRules]
    customization: Customization = Customization()
    isolation_level: IsolationLevel = READ_COMMITTED
    reveal_constraints: bool = False
    writes_ignore_select: bool = False
    functions: Mapping[Ident, FunctionRules] = field(default_factory=lambda: MappingProxyType({}))
    infer_function_permissions: bool = False
    limits: LimitRules = NO_LIMITS
    query_collections: Mapping[str, tuple[CollectedQuery, ...]] = field(default_factory=lambda: MappingProxyType({}))
    allow_list: tuple[AllowedCollection, ...] = ()
    connections: bool = False
    ids_show_keys: bool = False
