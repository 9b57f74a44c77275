"""What is served but hands out more than the rules seem to say, in this database: warnings, each with its remedy.

Three things, none of them a fault, since each may be meant:

- a view that reads a table with row security as the view's owner, whose policies then hold, not the caller's;
- a function that runs as its owner, where some table has row security;
- a view that hands out, under whatever name, a column that is hidden in the table below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from gql_gen.catalog.types import Catalog, Function, Ident, Relation
from gql_gen.rules.types import Fault, Mark, Rules, TableRules

Place = tuple[Ident, str]
"""A column of a relation."""

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def warnings_of(catalog: Catalog, rules: Rules) -> tuple[Fault, ...]:
    """Each warning once, in the order of the file. What the database lacks is not warned of: that is a fault."""
    found = (*_around_row_security(catalog, rules), *_definers(catalog, rules), *_leaks(catalog, rules))
    return tuple(sorted(dict.fromkeys(found), key=lambda fault: (fault.at.line, fault.at.column)))


def _views(catalog: Catalog, rules: Rules) -> Iterator[tuple[TableRules, Relation]]:
    for table in rules.tables.values():
        relation = catalog.relations.get(table.ident)
        if relation is not None and relation.definition is not None:
            yield table, relation


def _reads_of(relation: Relation) -> frozenset[Ident] | None:
    # Not at the top: sqlglot is slow to load, and most databases have nothing to look into.
    from gql_gen.introspect.lineage import relations_read

    reads = relations_read(relation)
    return None if reads is None else frozenset(reads)


# ---------------------------------------------------------------- views and row security


def _around_row_security(catalog: Catalog, rules: Rules) -> Iterator[Fault]:
    if not _has_row_security(catalog):
        return
    for table, view in _views(catalog, rules):
        ways = list(_ways(view, catalog, ()))
        guarded = sorted({way.table for way in ways if way.table is not None})
        owned = dict.fromkeys(each for way in ways for each in way.owned)
        remedy = "; ".join(_remedy(catalog.relations[each]) for each in owned)
        if guarded:
            names = ", ".join(map(str, guarded))
            yield Fault(table.at, f"{view.ident} steps around the row security of {names}", remedy)
        elif ways:
            unread = f"usher cannot read the definition of {ways[0].view}"
            yield Fault(table.at, f"{view.ident} may step around row security: {unread}", remedy)


@dataclass(frozen=True, slots=True)
class _Way:
    """How a table with row security is read as an owner. `owned`: the views on the way that read as their owners;
    `view`: the last one. `table` None: its definition cannot be read."""

    owned: tuple[Ident, ...]
    view: Ident
    table: Ident | None


def _ways(view: Relation, catalog: Catalog, owned: tuple[Ident, ...]) -> Iterator[_Way]:
    if not view.security_invoker:
        owned = (*owned, view.ident)
    reads = _reads_of(view)
    if reads is None and owned:
        yield _Way(owned, view.ident, None)
    for ident in sorted((reads or frozenset()) & catalog.relations.keys()):
        below = catalog.relations[ident]
        if below.definition is not None:
            yield from _ways(below, catalog, owned)
        elif below.row_security and owned:
            yield _Way(owned, view.ident, ident)


def _remedy(view: Relation) -> str:
    if view.kind == "materialized":
        return f"a materialized view has no row security: give {view.ident} row rules of its own"
    return f"alter view {_spelt(view.ident)} set (security_invoker = on)"


def _has_row_security(catalog: Catalog) -> bool:
    return any(relation.row_security for relation in catalog.relations.values())


# ---------------------------------------------------------------- functions that run as their owner


def _definers(catalog: Catalog, rules: Rules) -> Iterator[Fault]:
    """Nobody can see into a function; where no table has row security there is nothing to step around."""
    if not _has_row_security(catalog):
        return
    for ident, at, said in _called(rules):
        for function in catalog.functions.get(ident, ()):
            if function.security_definer:
                message = f"{said} SECURITY DEFINER: in it the row security that holds is its owner's"
                yield Fault(at, message, f"alter function {_signature(function)} security invoker")


def _called(rules: Rules) -> Iterator[tuple[Ident, Mark, str]]:
    for function in rules.functions.values():
        yield function.ident, function.at, f"the function {function.ident} is"
    for table in rules.tables.values():
        for computed in table.computed_fields:
            said = f'the computed field "{computed.name}" of {table.ident} calls {computed.function}, which is'
            yield computed.function, computed.at, said


def _signature(function: Function) -> str:
    """The name with its arguments' types, as ALTER FUNCTION knows it."""
    given = [argument.type for argument in function.arguments if argument.mode in ("in", "inout", "variadic")]
    types = ", ".join(_part(type.name) if type.schema == "pg_catalog" else _spelt(type) for type in given)
    return f"{_spelt(function.ident)}({types})"


# ---------------------------------------------------------------- hidden columns under another name


def _leaks(catalog: Catalog, rules: Rules) -> Iterator[Fault]:
    hidden = {(table.ident, name): at for table in rules.tables.values() for name, at in table.hide}
    views = list(_views(catalog, rules))
    if not hidden or not views:
        return
    trace = _Trace(catalog, hidden)
    for table, view in views:
        yield from trace.leaks(table, view)


class _Trace:
    """Follows a view's columns down, until one that is hidden."""

    def __init__(self, catalog: Catalog, hidden: Mapping[Place, Mark]) -> None:
        self._catalog = catalog
        self._hidden = hidden
        self._hiding = {ident for ident, _ in hidden}
        self._below = cache(self._read)

    def leaks(self, table: TableRules, view: Relation) -> Iterator[Fault]:
        own = {name for name, _ in table.hide}
        unknown: list[str] = []
        for column in (name for name in view.columns if name not in own):
            sources = self._hidden_sources((view.ident, column))
            if sources is None:
                unknown.append(column)
            for ident, name in sorted(sources or ()):
                message = (
                    f'column "{column}" of {view.ident} shows {ident}.{name}, hidden at {self._hidden[ident, name]}'
                )
                yield Fault(table.at, message, f"hide: [{column}]")
        if unknown and self._may_reach_hidden(view.ident):
            message = f"usher cannot tell what {', '.join(unknown)} of {view.ident} shows, and hidden columns are near"
            yield Fault(table.at, message, f"look at it; if it shows one: hide: [{', '.join(unknown)}]")

    def _hidden_sources(self, place: Place) -> frozenset[Place] | None:
        """The hidden columns whose values a column shows; None when it cannot be followed to its end."""
        found: set[Place] = set()
        waiting, seen = [place], {place}
        while waiting:
            ident, column = waiting.pop()
            if (ident, column) in self._hidden and (ident, column) != place:
                found.add((ident, column))
                continue
            if self._catalog.relations[ident].definition is None:
                continue
            below = self._below(ident).get(column)
            if below is None:
                return None
            waiting += [each for each in below if each not in seen]
            seen.update(below)
        return frozenset(found)

    def _read(self, ident: Ident) -> Mapping[str, tuple[Place, ...]]:
        from gql_gen.introspect.lineage import lineage

        return lineage(self._catalog.relations[ident], self._catalog, one_step=True)

    def _may_reach_hidden(self, ident: Ident) -> bool:
        """Whether something hidden is read below this view, or may be."""
        view = self._catalog.relations[ident]
        if view.definition is None:
            return False
        reads = _reads_of(view)
        if reads is None:
            return True
        known = reads & self._catalog.relations.keys()
        return bool(known & self._hiding) or any(self._may_reach_hidden(each) for each in known)


# ---------------------------------------------------------------- spelling


def _spelt(ident: Ident) -> str:
    """As it may be typed into psql."""
    return f"{_part(ident.schema)}.{_part(ident.name)}"


def _part(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'
