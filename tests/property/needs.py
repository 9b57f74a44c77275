"""The session variables that a mutation cannot do without: those of every rule that it uses, and of no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from property.asked import Asked, needed
from property.constraints import uniques
from property.predicates import Pred, Session, Value
from property.queries import Item, merged
from property.trees import nodes
from property.truth import sessions_in
from property.world import Table, World
from property.write_rules import Preset
from property.writes import (
    Change,
    Conflict,
    DeleteRoot,
    InsertRoot,
    Mutation,
    NewRow,
    Returning,
    UpdateRoot,
    WriteRoot,
    is_single,
    reads_rows,
)


class Needs:
    """The session variables that a mutation cannot do without."""

    def __init__(self, world: World, mutation: Mutation) -> None:
        self.world = world
        self.role = mutation.role
        self.mutation = mutation
        self.reads = Asked(world, mutation.role)

    def sessions(self) -> Iterator[str]:
        for root in merged(self.mutation.items):
            if not isinstance(root, (InsertRoot, UpdateRoot, DeleteRoot)):
                continue
            table = self.world.table(root.table)
            match root:
                case InsertRoot():
                    yield from self._insert(table, root.rows, root.conflict)
                case UpdateRoot(changes=()):
                    continue
                case UpdateRoot():
                    yield from self._update(table)
                    for change in root.changes:
                        yield from self._where(table, change.where)
                        yield from self._key(table, root.primary_key)
                        yield from self._built_on(table, change)
                        if root.primary_key or reads_rows(change.where, change.assigns):
                            yield from self._read(table)
                case DeleteRoot():
                    rule = table.writes(self.role).delete
                    assert rule is not None
                    yield from sessions_in(rule.filter)
                    yield from self._where(table, root.where)
                    yield from self._key(table, root.primary_key)
                    if root.primary_key or reads_rows(root.where):
                        yield from self._read(table)
            yield from self._shown(root, table)

    def _insert(self, table: Table, rows: Sequence[NewRow], conflict: Conflict | None) -> Iterator[str]:
        rule = table.writes(self.role).insert
        assert rule is not None
        yield from (*sessions_in(rule.check), *_presets(rule.presets))
        if conflict is not None and conflict.update:
            yield from self._update(table)
            yield from self._where(table, conflict.where)
            if reads_rows(conflict.where):
                yield from self._read(table)
        for row in rows:
            for nested in row.nested:
                if nested.rows:
                    yield from self._insert(
                        self.world.table(table.link(nested.link).table), nested.rows, nested.conflict
                    )

    def doubtful(self) -> Iterator[str]:
        """Those of rules by which rows that were left alone are given back: needed where anything is done with them."""
        for node in nodes(self.mutation.items):
            if isinstance(node, Conflict) and node.returns_existing:
                for table in self.world.tables:
                    if any(unique.name == node.target for unique in uniques(table)):
                        yield from needed([self.reads.rows(table)])

    def _update(self, table: Table) -> Iterator[str]:
        rule = table.writes(self.role).update
        assert rule is not None
        yield from (*sessions_in(rule.filter), *_presets(rule.presets))
        if rule.check is not None:
            yield from sessions_in(rule.check)

    def _where(self, table: Table, where: Pred | None) -> Iterator[str]:
        if where is not None:
            yield from needed(self.reads.condition(where, table))

    def _key(self, table: Table, key: Sequence[Value]) -> Iterator[str]:
        yield from needed(self.reads.columns(table, table.primary_key if key else (), "key"))

    def _built_on(self, table: Table, change: Change) -> Iterator[str]:
        """Values that new ones are made of."""
        if not self.world.ignores_select:
            names = [assign.column for assign in change.assigns if assign.operator != "_set"]
            yield from needed(self.reads.columns(table, names, "built on"))

    def _read(self, table: Table) -> Iterator[str]:
        """What picks rows by their values keeps to those that the role may select."""
        if not self.world.ignores_select:
            yield from needed([self.reads.rows(table)])

    def _shown(self, root: WriteRoot, table: Table) -> Iterator[str]:
        """What is given back is a select."""
        below: Iterable[Item] = root.items if is_single(root) else ()
        returning = [item for item in merged(root.items) if isinstance(item, Returning)]
        if returning or is_single(root):
            yield from self._read(table)
        for items in (below, *(item.items for item in returning)):
            yield from needed(self.reads.below(items, table))


def _presets(presets: Iterable[Preset]) -> Iterator[str]:
    return (preset.value.name for preset in presets if isinstance(preset.value, Session))
