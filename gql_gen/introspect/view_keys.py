"""What a view can be joined by: the keys of the tables below it whose columns it shows as they are.

- A foreign key of a table below is the view's too: `select id, owner_id from note` leads to the owners.
- The primary key of a table below leads to that table: `select id, upper(title) from note` leads to the notes.
- Where a key leads to a table that is not served, the one view over it that is served and shows the column referred to
  stands in.

None of them is a constraint: a row may lead nowhere, and several rows of a view may lead to one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from gql_gen.catalog.types import Catalog, ForeignKey, Ident, Relation

Joins = Mapping[Ident, tuple[ForeignKey, ...]]


def with_joins(catalog: Catalog, served: Collection[Ident]) -> Catalog:
    """The same catalogue, the relations served told what they can be joined by through views."""
    joins = joins_through_views(catalog, served)
    joined = {ident: replace(catalog.relations[ident], joins=keys) for ident, keys in joins.items()}
    return replace(catalog, relations={**catalog.relations, **joined}) if joined else catalog


def joins_through_views(catalog: Catalog, served: Collection[Ident]) -> Joins:
    """For the relations served, views and tables, the keys that they have through views. A table has one only where it
    refers to a table that a view stands in for."""
    idents = sorted(ident for ident in served if ident in catalog.relations)
    views = {ident: _shown(ident, catalog) for ident in idents if catalog.relations[ident].definition is not None}
    if not views:
        return {}
    found: dict[Ident, dict[ForeignKey, None]] = defaultdict(dict)
    for ident in idents:
        own = catalog.relations[ident].foreign_keys
        for key in (*own, *(views[ident].keys(catalog) if ident in views else ())):
            here = key if key.target in served else _moved(key, views)
            if here is not None and here not in own and (here.target, here.target_columns) != (ident, here.columns):
                found[ident][here] = None
    return {ident: tuple(keys) for ident, keys in found.items()}


@dataclass(frozen=True, slots=True)
class _View:
    """A view, and for each table below it the view's columns that show one of the table's."""

    ident: Ident
    below: Mapping[Ident, Mapping[str, tuple[str, ...]]]
    once: frozenset[Ident]
    """The tables that are read only once, so that their columns in one row of the view are of one row there."""

    def keys(self, catalog: Catalog) -> Iterator[ForeignKey]:
        for ident in sorted(self.below):
            table = catalog.relations[ident]
            for key in table.foreign_keys:
                for columns in self.places(ident, key.columns):
                    yield ForeignKey(key.name, columns, key.target, key.target_columns)
            if table.primary_key is not None:
                for columns in self.places(ident, table.primary_key.columns):
                    yield ForeignKey(table.primary_key.name, columns, ident, table.primary_key.columns)

    def places(self, table: Ident, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """The columns of the view that show these columns of one row of the table."""
        shown = self.below.get(table, {})
        if len(columns) == 1:
            yield from ((name,) for name in shown.get(columns[0], ()))
        elif table in self.once and all(column in shown for column in columns):
            yield tuple(shown[column][0] for column in columns)


def _moved(key: ForeignKey, views: Mapping[Ident, _View]) -> ForeignKey | None:
    """The key, leading to the view that stands in for its target; None where there is none, or a choice."""
    choices = [(view, columns) for view in views.values() for columns in view.places(key.target, key.target_columns)]
    if len(choices) != 1:
        return None
    view, columns = choices[0]
    return ForeignKey(key.name, key.columns, view.ident, columns)


def _shown(ident: Ident, catalog: Catalog) -> _View:
    # Not at the top: sqlglot is slow to load, and most databases have no views.
    from gql_gen.introspect.lineage import plain_columns

    below: dict[Ident, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for name, (table, column) in plain_columns(catalog.relations[ident], catalog).items():
        below[table][column] = (*below[table].get(column, ()), name)
    times = _times_read(catalog.relations[ident], catalog)
    return _View(ident, below, frozenset(table for table in below if times.get(table) == 1))


def _times_read(view: Relation, catalog: Catalog) -> Mapping[Ident, int]:
    """How often a view reads each table, through views below it too."""
    from gql_gen.introspect.lineage import relations_read

    times: dict[Ident, int] = defaultdict(int)
    for ident in relations_read(view) or ():
        relation = catalog.relations.get(ident)
        if relation is None:
            continue
        if relation.definition is None:
            times[ident] += 1
            continue
        for table, number in _times_read(relation, catalog).items():
            times[table] += number
    return times
