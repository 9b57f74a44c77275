"""A small database with rules, as plain data: what the oracle knows about it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from property.kinds import KINDS, Kind
from property.predicates import Pred
from property.spelling import Spelling
from property.write_rules import ADMIN_WRITES, NO_WRITES, PLAIN, OnDelete, Shape, Source, Writes

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


RootKind = Literal["select", "select_by_pk", "select_aggregate"]
ROOTS: tuple[RootKind, ...] = ("select", "select_by_pk", "select_aggregate")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may select. `columns` None means "*"; `roots` None means all."""

    columns: tuple[str, ...] | None
    filter: Pred
    limit: int | None
    aggregates: bool
    roots: tuple[RootKind, ...] | None


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is its name in GraphQL, by which everything here refers to it."""

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

    @property
    def ident(self) -> str:
        return f"{self.schema}.{self.sql}"

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def link(self, name: str) -> Link:
        return next(link for link in self.links if link.name == name)

    def grant(self, role: str) -> Grant | None:
        return ADMIN_GRANT if role == ADMIN else dict(self.grants).get(role)

    def writes(self, role: str) -> Writes:
        return ADMIN_WRITES if role == ADMIN else dict(self.shape.writes).get(role, NO_WRITES)


ADMIN = "admin"
ADMIN_GRANT = Grant(None, Pred.always(), None, True, None)


@dataclass(frozen=True, slots=True, repr=False)
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

    def __repr__(self) -> str:
        return f"World({', '.join(table.ident for table in self.tables)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis asks for when it reports."""
        printer.text(repr(self))

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one role can name in a world."""

    world: World
    role: str

    def sees(self, table: Table) -> bool:
        return table.grant(self.role) is not None

    def grant(self, table: Table) -> Grant:
        found = table.grant(self.role)
        assert found is not None
        return found

    def columns(self, table: Table) -> tuple[Column, ...]:
        listed = self.grant(table).columns
        return tuple(
            column
            for column in table.columns
            if column.name not in table.hidden and (listed is None or column.name in listed)
        )

    def links(self, table: Table) -> tuple[Link, ...]:
        return tuple(link for link in table.links if self.sees(self.world.table(link.table)))

    def is_shown(self, table: Table) -> bool:
        """Whether rows have anything to select."""
        return bool(self.columns(table) or self.links(table))

    def aggregates(self, table: Table) -> bool:
        return self.grant(table).aggregates

    def has_key(self, table: Table) -> bool:
        names = {column.name for column in self.columns(table)}
        return bool(table.primary_key) and names.issuperset(table.primary_key)

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
