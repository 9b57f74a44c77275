"""What Postgres puts into a column that an insert through a view leaves out: what the relation below would have put.

Only where Postgres itself passes the write on. A view that is written by a trigger or a rule of its own gives that one
null, or the view's own default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from gql_gen.catalog.types import Catalog, Column, Ident, Relation

Below = Mapping[str, tuple[Ident, str]]


def with_base_defaults(catalog: Catalog, views: frozenset[Ident]) -> Catalog:
    """The same catalogue, its columns of `views`, which Postgres passes writes through, told whole: their default,
    identity and generation are those of the column below, unless the view has a default of its own."""
    if not views:
        return catalog

    @cache
    def below(ident: Ident) -> Below:
        return _plain_columns(catalog.relations[ident], catalog) if ident in views else {}

    def told(ident: Ident, column: Column) -> Column:
        found = below(ident).get(column.name)
        if found is None:
            return column
        base = told(found[0], catalog.relations[found[0]].columns[found[1]])
        inherited = replace(column, identity=base.identity, generated=base.generated, updatable=base.updatable)
        return inherited if column.default is not None else replace(inherited, default=base.default)

    changed = {
        ident: replace(relation, columns={name: told(ident, column) for name, column in relation.columns.items()})
        for ident, relation in catalog.relations.items()
        if ident in views
    }
    return replace(catalog, relations={**catalog.relations, **changed})


def _plain_columns(view: Relation, catalog: Catalog) -> Below:
    """The columns that are nothing but a column right below. Postgres says which can be written, so which are plain;
    the definition says of what."""
    # Not at the top: sqlglot is slow to load, and most databases have no such view.
    from gql_gen.introspect.lineage import lineage

    carried = lineage(view, catalog, one_step=True)
    return {
        name: carried[name][0]
        for name, column in view.columns.items()
        if column.updatable and len(carried.get(name, ())) == 1
    }
