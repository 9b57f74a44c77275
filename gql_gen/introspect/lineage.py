"""Which base columns a view's column carries: what a leak audit follows, and what relates a view to its tables.

A column carries every column whose value goes into it: `upper(name)` carries `name`, `row_to_json(users.*)` carries
all of users, and a function nothing but its arguments. Mere presence is not carried, of a row or of a value: neither a
WHERE, nor a join's condition, nor EXISTS, nor IS NULL, nor count counts.

Postgres prints a view's definition with `*` expanded and every table under its schema, so names are resolved here
against the catalogue alone. What cannot be followed is left unsaid, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import sqlglot
from sqlglot import exp

from gql_gen.catalog.types import Catalog, Ident, Relation

Carried: TypeAlias = frozenset[tuple[Ident, str]]
Outputs: TypeAlias = list[tuple[str, Carried | None]]
"""A query's columns in order; None where one could not be followed."""

NOTHING: Carried = frozenset()
_WORKED_OUT: Carried = frozenset({(Ident("", ""), "")})
"""Carried too by whatever is not a column just as it is; never told."""


def lineage(
    relation: Relation, catalog: Catalog, *, one_step: bool = False
) -> Mapping[str, tuple[tuple[Ident, str], ...]]:
    """For each column of a view the base columns that it carries, sorted; through views below it too, but for
    `one_step`, which stops at the relations that the view itself names.

    A constant's column maps to (). A column that could not be followed is absent, and where sqlglot cannot read the
    definition all of them are: absent means unknown, not harmless.
    """
    found = _Lineage(catalog, one_step).of(relation)
    return {column: tuple(sorted(carried - _WORKED_OUT)) for column, carried in found.items() if carried is not None}


def plain_columns(relation: Relation, catalog: Catalog) -> Mapping[str, tuple[Ident, str]]:
    """The columns of a view that are nothing but a table's column, under whatever name, through views below it too.
    An outer join may still put null in its place."""
    found = _Lineage(catalog, one_step=False).of(relation)
    single = {column: next(iter(carried)) for column, carried in found.items() if carried and len(carried) == 1}
    return {column: source for column, source in single.items() if source not in _WORKED_OUT}


def relations_read(relation: Relation) -> tuple[Ident, ...] | None:
    """Every relation that a view's own definition names, as often as it does, be it in a condition; None where it
    cannot be read. Those of Postgres itself, which it prints without their schema, are left out."""
    assert relation.definition is not None
    try:
        tables = _parse(relation.definition).find_all(exp.Table)
        return tuple(Ident(table.db, table.name) for table in tables if table.db)
    except Exception:  # as below: whatever a parser does with SQL that it does not know
        return None


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

    def __init__(self, catalog: Catalog, one_step: bool) -> None:
        self._catalog = catalog
        self._one_step = one_step
        self._views: dict[Ident, Mapping[str, Carried | None]] = {}

    def of(self, relation: Relation) -> Mapping[str, Carried | None]:
        if relation.ident not in self._views:
            self._views[relation.ident] = self._read(relation)
        return self._views[relation.ident]

    def _read(self, relation: Relation) -> Mapping[str, Carried | None]:
        if relation.definition is None:
            return _itself(relation)
        try:
            outputs = self._query(_parse(relation.definition), _Scope())
        except Exception:  # SQL that a parser makes something odd of must not keep anybody from starting
            outputs = []
        if len(outputs) != len(relation.columns):
            return dict.fromkeys(relation.columns)
        return {name: carried for name, (_, carried) in zip(relation.columns, outputs, strict=True)}

    # ------------------------------------------------------------ queries

    def _query(self, query: exp.Expr, parent: _Scope) -> Outputs:
        """The columns that a query hands out."""
        scope = _Scope(parent)
        if isinstance(query, exp.Query):
            self._bind_ctes(query, scope)
        match query:
            case exp.Subquery():
                return self._query(query.this, scope)
            case exp.SetOperation():
                pairs = zip(self._query(query.left, scope), self._query(query.right, scope), strict=False)
                return [(name, _either(left, right)) for (name, left), (_, right) in pairs]
            case exp.Select():
                for node in _after_from(query):
                    scope.sources[node.alias_or_name] = self._source(node, scope)
                return [(part.alias_or_name, self._try(part, scope)) for part in query.expressions]
            case _:
                raise _Unknown(query.key)

    def _bind_ctes(self, query: exp.Query, scope: _Scope) -> None:
        for cte in query.ctes:
            names = cte.alias_column_names
            if not query.args["with_"].recursive or not isinstance(cte.this, exp.SetOperation):
                scope.ctes[cte.alias] = _source_of(self._query(cte.this, scope), names)
                continue
            # A recursive query carries what its first half does, and what comes back to it until nothing is new.
            before, outputs = None, self._query(cte.this.left, scope)
            while outputs != before:
                scope.ctes[cte.alias] = _source_of(outputs, names)
                before, outputs = outputs, self._query(cte.this, scope)

    def _source(self, node: exp.Expr, scope: _Scope) -> _Source:
        names = node.alias_column_names
        content = node.this if isinstance(node, exp.Lateral) else node
        if isinstance(content, exp.Subquery):
            return _source_of(self._query(content, scope), names)
        if isinstance(content, exp.Table) and isinstance(content.this, exp.Identifier):
            return self._table(content, names, scope)
        # A function, VALUES: any of its columns carries whatever it was given.
        parts = (part for part in content.iter_expressions() if part.arg_key not in ("alias", "joins"))
        given = self._try(exp.Tuple(expressions=[part.copy() for part in parts]), scope)
        return _Source(dict.fromkeys(names, given), given)

    def _table(self, table: exp.Table, names: list[str], scope: _Scope) -> _Source:
        cte = None if table.db else scope.cte(table.name)
        if cte is not None:
            return _source_of(list(cte.columns.items()), names)
        relation = self._catalog.relations.get(Ident(table.db or "pg_catalog", table.name))
        if relation is None:
            return _Source({})
        carried = _itself(relation) if self._one_step else self.of(relation)
        return _source_of(list(carried.items()), names)

    # ------------------------------------------------------------ expressions

    def _try(self, expression: exp.Expr, scope: _Scope) -> Carried | None:
        try:
            return self._carried(expression, scope)
        except _Unknown:
            return None

    def _carried(self, node: exp.Expr, scope: _Scope) -> Carried:
        match node:
            case exp.Column():
                is_row = isinstance(node.this, exp.Star)
                return scope.row(node.table) | _WORKED_OUT if is_row else scope.column(node.table, node.name)
            case exp.Exists() | exp.Count() | exp.Is(expression=exp.Null()):
                return NOTHING
            case exp.Alias() | exp.Paren():
                return self._carried(node.this, scope)
            case exp.Select() | exp.SetOperation() | exp.Subquery():
                carried = _WORKED_OUT
                for name, part in self._query(node, scope):
                    if part is None:
                        raise _Unknown(name)
                    carried |= part
                return carried
            case _:
                return _WORKED_OUT.union(*(self._carried(part, scope) for part in node.iter_expressions()))


def _itself(relation: Relation) -> Mapping[str, Carried | None]:
    return {name: frozenset({(relation.ident, name)}) for name in relation.columns}


def _parse(definition: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(definition, dialect="postgres")
    except Exception as error:  # whatever a parser raises over SQL that it does not know
        raise _Unknown(str(error)) from error


def _after_from(select: exp.Select) -> Iterator[exp.Expr]:
    """What is named after FROM: tables, queries and functions, out of the parentheses of their joins."""
    start = select.args.get("from_")
    if start is not None:
        yield from _joined(start.this)
    for join in select.args.get("joins") or ():
        yield from _joined(join.this)


def _joined(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, exp.Subquery) and not node.alias:
        yield from _joined(node.this)
    else:
        yield node
    for join in node.args.get("joins") or ():
        yield from _joined(join.this)


def _source_of(outputs: Outputs, names: Sequence[str]) -> _Source:
    """An alias may rename the first columns: `b(i, j)`."""
    kept = [name for name, _ in outputs[len(names) :]]
    return _Source({name: carried for name, (_, carried) in zip((*names, *kept), outputs, strict=False)})


def _either(left: Carried | None, right: Carried | None) -> Carried | None:
    return None if left is None or right is None else left | right
