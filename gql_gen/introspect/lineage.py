"""Which base columns a view's column carries: what a leak audit follows, and what relates a view to its tables.

A column carries every column whose value goes into it: `upper(name)` carries `name`, `row_to_json(users.*)` carries
all of users. A row's mere presence is not carried: neither a WHERE, nor a join's condition, nor EXISTS counts.

Postgres prints a view's definition with `*` expanded and every table under its schema, so names are resolved here
against the catalogue alone. What cannot be followed is left unsaid, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from gql_gen.catalog.types import Catalog, Ident, Relation

Carried: TypeAlias = frozenset[tuple[Ident, str]]
NOTHING: Carried = frozenset()


def lineage(relation: Relation, catalog: Catalog) -> Mapping[str, tuple[tuple[Ident, str], ...]]:
    """For each column of a view the base columns that it carries, sorted; through views below it too.

    A constant's column maps to (). A column that could not be followed is absent, and where sqlglot cannot read the
    definition all of them are: absent means unknown, not harmless.
    """
    found = _Lineage(catalog).of(relation)
    return {column: tuple(sorted(carried)) for column, carried in found.items() if carried is not None}


class _Unknown(Exception):
    """A name that nothing in sight explains."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Something after FROM: its columns, in order. None: not known. What stands for every name is a function's row."""

    columns: Mapping[str, Carried | None]
    any_name: Carried | None = None

    def find(self, name: str) -> Carried:
        carried = self.columns.get(name, self.any_name)
        if carried is None:
            raise _Unknown(name)
        return carried

    def whole_row(self) -> Carried:
        return NOTHING.union(*(self.find(name) for name in self.columns), self.any_name or NOTHING)


@dataclass(slots=True)
class _Scope:
    """The names in sight of one SELECT; behind them those of the query around it."""

    parent: _Scope | None = None
    sources: dict[str, _Source] = field(default_factory=dict)
    ctes: dict[str, _Source] = field(default_factory=dict)

    def cte(self, name: str) -> _Source | None:
        return self.ctes.get(name) or (self.parent.cte(name) if self.parent else None)

    def column(self, table: str, name: str) -> Carried:
        if table:
            return self._source(table).find(name)
        # Without a table's name there is one candidate, or several that a USING has merged.
        candidates = [source for source in self.sources.values() if name in source.columns]
        candidates = candidates or [source for source in self.sources.values() if source.any_name is not None]
        if candidates:
            return NOTHING.union(*(source.find(name) for source in candidates))
        if self.parent is None:
            raise _Unknown(name)
        return self.parent.column(table, name)

    def row(self, table: str) -> Carried:
        return self._source(table).whole_row()

    def _source(self, name: str) -> _Source:
        if name in self.sources:
            return self.sources[name]
        if self.parent is None:
            raise _Unknown(name)
        return self.parent._source(name)


class _Lineage:
    """One question's walk; remembers the views that it has read."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._views: dict[Ident, Mapping[str, Carried | None]] = {}

    def of(self, relation: Relation) -> Mapping[str, Carried | None]:
        if relation.ident not in self._views:
            self._views[relation.ident] = self._read(relation)
        return self._views[relation.ident]

    def _read(self, relation: Relation) -> Mapping[str, Carried | None]:
        if relation.definition is None:
            return {name: frozenset({(relation.ident, name)}) for name in relation.columns}
        try:
            query = sqlglot.parse_one(relation.definition, dialect="postgres")
            outputs = list(self._query(query, _Scope()).values())
        except (SqlglotError, RecursionError, _Unknown):
            outputs = []
        if len(outputs) != len(relation.columns):
            return dict.fromkeys(relation.columns)
        return dict(zip(relation.columns, outputs, strict=True))

    # ------------------------------------------------------------ queries

    def _query(self, query: exp.Expr, parent: _Scope) -> dict[str, Carried | None]:
        """The columns that a query hands out, in order."""
        scope = _Scope(parent)
        self._bind_ctes(query, scope)
        match query:
            case exp.Subquery():
                return self._query(query.this, scope)
            case exp.SetOperation():
                left, right = self._query(query.left, scope), self._query(query.right, scope)
                return {name: _both(*pair) for name, pair in zip(left, zip(left.values(), right.values()), strict=False)}
            case exp.Select():
                for node in _sources_of(query):
                    self._bind_source(node, scope)
                return _numbered((_name_of(part), self._try(part, scope)) for part in query.expressions)
            case _:
                raise _Unknown(query.key)
