"""What one role can write in a world, by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from property.constraints import base_of, is_writable, uniques
from property.world import Column, Link, Sight, Table, World
from property.write_rules import DeleteRule, Identity, InsertRule, Unique, UpdateRule
from property.writes import WRITE_KINDS, Conflict, WriteKind


@dataclass(frozen=True, slots=True)
class WriteSight:
    """`is_backend`: rules that are for backends alone count too."""

    world: World
    role: str
    is_backend: bool = False

    @property
    def reads(self) -> Sight:
        return Sight(self.world, self.role)

    # ------------------------------------------------------------ rules

    def insert(self, table: Table) -> InsertRule | None:
        rule = table.writes(self.role).insert
        return None if rule is None or (rule.backend_only and not self.is_backend) else rule

    def update(self, table: Table) -> UpdateRule | None:
        rule = table.writes(self.role).update
        return None if rule is None or (rule.backend_only and not self.is_backend) else rule

    def delete(self, table: Table) -> DeleteRule | None:
        rule = table.writes(self.role).delete
        return None if rule is None or (rule.backend_only and not self.is_backend) else rule

    def kinds(self, table: Table) -> Iterator[WriteKind]:
        selects = self.reads.sees(table)
        has_key = selects and self.reads.has_key(table)
        updates = self._updates(table) and selects
        deletes = self.delete(table) is not None and selects
        possible = {
            "insert": self.insert(table) is not None,
            "insert_one": self.insert(table) is not None and self.shows(table),
            "update": updates,
            "update_by_pk": updates and has_key,
            "update_many": updates,
            "delete": deletes,
            "delete_by_pk": deletes and has_key,
        }
        yield from (kind for kind in WRITE_KINDS if possible[kind])

    def _updates(self, table: Table) -> bool:
        rule = self.update(table)
        return rule is not None and bool(rule.presets or self.update_columns(table))

    def shows(self, table: Table) -> bool:
        return self.reads.sees(table) and self.reads.is_shown(table)

    # ------------------------------------------------------------ names

    def insert_columns(self, table: Table) -> tuple[Column, ...]:
        rule = self.insert(table)
        return () if rule is None else _listed(table, rule)

    def insert_presets(self, table: Table) -> set[str]:
        """Columns that the role's insert rule fills."""
        rule = self.insert(table)
        return set() if rule is None else {preset.column for preset in rule.presets}

    def update_columns(self, table: Table) -> tuple[Column, ...]:
        rule = self.update(table)
        return () if rule is None else _listed(table, rule)

    def amendable(self, table: Table) -> tuple[Column, ...]:
        """Columns that an update may build on, which tells their old values."""
        if self.world.ignores_select:
            return self.update_columns(table)
        return tuple(column for column in self.update_columns(table) if column in self.reads.columns(table))

    def links(self, table: Table) -> tuple[Link, ...]:
        """Relationships whose rows can be inserted along."""
        return tuple(link for link in table.links if self.insert(self.world.table(link.table)) is not None)

    def targets(self, table: Table) -> tuple[Unique, ...]:
        """Unique keys that `on_conflict` may name."""
        if table.shape.view is not None:
            return ()
        known = {column.name for column in self.insert_columns(table)}
        if self.reads.sees(table):
            known |= {column.name for column in self.reads.steady(table)}
        return tuple(unique for unique in uniques(table) if known.issuperset(unique.columns))

    def may_relate(self, table: Table, link: Link, conflict: Conflict | None) -> bool:
        """Whether rows may hang on each other by this relationship, `conflict` being that of rows referred to. Where
        those may have been there before they are the caller's choice, and so must the key's columns be, unless the
        rule presets them."""
        if conflict is None or (self.world.ignores_select and not conflict.returns_existing):
            return True
        is_object = link.kind == "object"
        holder = table if is_object else self.world.table(link.table)
        names = {column.name for column in self.insert_columns(holder)} | self.insert_presets(holder)
        return all((ours if is_object else theirs) in names for ours, theirs in link.on)

    def can_hang(self, table: Table, columns: tuple[str, ...]) -> bool:
        """Whether a nested insert can fill these columns."""
        base = base_of(self.world, table)
        found = [column for column in base.columns if column.name in columns]
        return all(is_writable(column) and not isinstance(column.source, Identity) for column in found)


def _listed(table: Table, rule: InsertRule | UpdateRule) -> tuple[Column, ...]:
    preset = {each.column for each in rule.presets}
    return tuple(
        column
        for column in table.columns
        if is_writable(column)
        and column.name not in (*table.hidden, *preset)
        and (rule.columns is None or column.name in rule.columns)
    )
