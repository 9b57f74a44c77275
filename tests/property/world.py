"""A small database with rules, as plain data: what the oracle knows about it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from property.grants import ALL_GRANTED, ROOTS, Grant, Granted, Parents, RootKind, granted
from property.kinds import KINDS, Kind
from property.made import Computed, Fussy, Tracked
from property.predicates import Pred
from property.spelling import Spelling
from property.write_rules import ADMIN_WRITES, PLAIN, OnDelete, Shape, Source, Writes, written

Row = Mapping[str, Any]
"""SQL name → value, None for null."""


@dataclass(frozen=True, slots=True)
class Column:
    """`field` is its GraphQL name. `source` says where a value comes from when a write gives none."""

    name: str
    field: str
    kind_name: str
    nullable: bool
    source: Source | None = None

    @property
    def kind(self) -> Kind:
        return KINDS[self.kind_name]


@dataclass(frozen=True, slots=True)
class Key:
    """A foreign key: `columns[i]` refers to `targets[i]` of table `table`."""

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]
    on_delete: OnDelete = "no action"


@dataclass(frozen=True, slots=True)
class Link:
    """A relationship to `table`: our `on[i][0]` = its `on[i][1]`. `source` is how permissions.yaml writes it."""

    name: str
    kind: Literal["object", "array"]
    table: str
    on: tuple[tuple[str, str], ...]
    source: Literal["own key", "their key", "mapping"]


@dataclass(frozen=True)
class Table:
    """`name` is its name in GraphQL, by which everything here refers to it. `grants`: what roles are granted under
    their own names, each once or several times; `parents`: whom they inherit from."""

    name: str
    schema: str
    sql: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    keys: tuple[Key, ...]
    links: tuple[Link, ...]
    hidden: tuple[str, ...]
    roots: tuple[tuple[RootKind, str], ...]
    infers: bool
    grants: tuple[tuple[str, Grant], ...]
    rows: tuple[Row, ...]
    shape: Shape = PLAIN
    """What only writes meet."""
    computed: tuple[Computed, ...] = ()
    parents: Parents = ()

    @property
    def ident(self) -> str:
        return f"{self.schema}.{self.sql}"

    @cached_property
    def _columns(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def _granted(self) -> dict[str, Granted | None]:
        return {ADMIN: ALL_GRANTED}

    @cached_property
    def _written(self) -> dict[str, Writes]:
        return {ADMIN: ADMIN_WRITES}

    def column(self, name: str) -> Column:
        return self._columns[name]

    def link(self, name: str) -> Link:
        return next(link for link in self.links if link.name == name)

    def made(self, name: str) -> Computed:
        return next(each for each in self.computed if each.name == name)

    def leads_to(self, name: str) -> str:
        """The table of a relationship's rows, or of those that a computed field returns."""
        found = next((link.table for link in self.links if link.name == name), None)
        return found or self.made(name).routine.returns

    def grant(self, role: str) -> Granted | None:
        """All that a role is granted to select, by itself or by whom it inherits."""
        if role not in self._granted:
            self._granted[role] = granted(self.grants, self.parents, role)
        return self._granted[role]

    def writes(self, role: str) -> Writes:
        if role not in self._written:
            self._written[role] = written(dict(self.shape.writes), dict(self.parents), role)
        return self._written[role]


ADMIN = "admin"


@dataclass(frozen=True, repr=False)
class World:
    """Short when printed: a failure shows it as the files that it stands for."""

    spelling: Spelling
    tables: tuple[Table, ...]
    roles: tuple[str, ...]
    named: tuple[tuple[str, Pred], ...]
    stringifies: bool = False
    """Whether large and exact numbers are shown as strings (stringify_numeric_types)."""
    ignores_select: bool = False
    """Whether writes keep to their own rules alone (writes_ignore_select)."""
    parents: Parents = ()
    """The roles that a role inherits, by its name; every table knows them too."""
    functions: tuple[Tracked, ...] = ()
    infers_functions: bool = False
    """Whether functions that list no roles are for whoever may select what they return."""

    def __repr__(self) -> str:
        return f"World({', '.join(table.ident for table in self.tables)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis asks for when it reports."""
        printer.text(repr(self))

    def table(self, name: str) -> Table:
        return self._tables[name]

    @cached_property
    def _tables(self) -> Mapping[str, Table]:
        return {table.name: table for table in self.tables}

    def function(self, name: str) -> Tracked:
        return next(each for each in self.functions if each.name == name)

    def family(self, role: str) -> Iterator[str]:
        """The role and all that it inherits."""
        yield role
        for parent in dict(self.parents).get(role, ()):
            yield from self.family(parent)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one role can name in a world."""

    world: World
    role: str

    def sees(self, table: Table) -> bool:
        return table.grant(self.role) is not None

    def grant(self, table: Table) -> Granted:
        found = table.grant(self.role)
        assert found is not None
        return found

    def columns(self, table: Table) -> tuple[Column, ...]:
        grant = self.grant(table)
        return tuple(column for column in table.columns if column.name not in table.hidden and grant.lists(column.name))

    def steady(self, table: Table) -> tuple[Column, ...]:
        """Columns that can be read in every row that is seen."""
        grant = self.grant(table)
        return tuple(column for column in self.columns(table) if grant.guard(column.name) is None)

    def listed(self, table: Table) -> tuple[Computed, ...]:
        """Computed fields of single values that the role may ask for."""
        found = (each for each in table.computed if not each.routine.is_rows)
        return tuple(each for each in found if self.role == ADMIN or self.grant(table).computes(each.name))

    def values(self, table: Table) -> tuple[Computed, ...]:
        """Those of them that have an answer for each row: admin sees the rows that some choke on."""
        found = self.listed(table)
        is_admin = self.role == ADMIN
        return tuple(each for each in found if not (is_admin and isinstance(each.routine.formula, Fussy)))

    def row_fields(self, table: Table) -> tuple[Computed, ...]:
        """Computed fields that return rows which the role may select."""
        return tuple(
            each
            for each in table.computed
            if each.routine.is_rows and self.sees(self.world.table(each.routine.returns))
        )

    def functions(self) -> Iterator[Tracked]:
        """Those that the role may call, whether or not there is anything to be shown."""
        family = {*self.world.family(self.role)}
        for each in self.world.functions:
            is_inferred = each.roles is None and self.world.infers_functions and each.routine.is_rows
            listed = self.role == ADMIN or is_inferred or not family.isdisjoint(each.roles or ())
            if listed and (not each.routine.is_rows or self.sees(self.world.table(each.routine.returns))):
                yield each

    def links(self, table: Table) -> tuple[Link, ...]:
        return tuple(link for link in table.links if self.sees(self.world.table(link.table)))

    def is_shown(self, table: Table) -> bool:
        """Whether rows have anything to select."""
        return bool(self.columns(table) or self.links(table) or self.values(table) or self.row_fields(table))

    def aggregates(self, table: Table) -> bool:
        return self.grant(table).aggregates

    def has_key(self, table: Table) -> bool:
        return bool(table.primary_key) and {column.name for column in self.columns(table)}.issuperset(table.primary_key)

    def has_steady_key(self, table: Table) -> bool:
        """Whether the key tells all rows apart that are seen."""
        return bool(table.primary_key) and {column.name for column in self.steady(table)}.issuperset(table.primary_key)

    def roots(self, table: Table) -> Iterator[RootKind]:
        if not self.sees(table):
            return
        allowed = self.grant(table).roots
        possible = {
            "select": self.is_shown(table),
            "select_by_pk": self.has_key(table),
            "select_aggregate": self.aggregates(table),
        }
        yield from (root for root in ROOTS if possible[root] and (allowed is None or root in allowed))
