"""What a statement reads, as sqlglot sees it; and what the rules of a role may read beside the role's own columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import (
    AggregateTest,
    All,
    AnyOf,
    CastRef,
    ColumnRef,
    Compare,
    ComputedRef,
    Exists,
    IsNull,
    Not,
    Pred,
    Slot,
    Value,
)
from gql_gen.model.types import RoleModel

# ---------------------------------------------------------------- the statement


def parsed(text: str) -> exp.Expression:
    """One statement, and a read."""
    (tree,) = sqlglot.parse(text, read="postgres")
    assert isinstance(tree, exp.Select)
    assert not list(tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Command, exp.Into, exp.Lock))
    return tree


def relations_read(text: str) -> set[Ident]:
    """Every table in the statement. All are written with their schema."""
    tables = parsed(text).find_all(exp.Table)
    return {Ident(table.db, table.name) for table in tables if not isinstance(table.this, exp.Anonymous)}


def functions_called(text: str) -> set[Ident]:
    """Every function in the statement but those of Postgres itself and the aggregates of extensions' types. All are
    written with their schema."""
    found: set[Ident] = set()
    for call in parsed(text).find_all(exp.Anonymous):
        schema = call.parent.db if isinstance(call.parent, exp.Table) else None
        if isinstance(call.parent, exp.Dot):
            schema = call.parent.this.name
        if schema is not None and schema != "pg_catalog" and _name(call) not in ("min", "max"):
            found.add(Ident(schema, _name(call)))
    return found


def _name(call: exp.Anonymous) -> str:
    return str(call.this.name if isinstance(call.this, exp.Identifier) else call.this)


def columns_read(text: str, makes: Mapping[Ident, Ident]) -> set[tuple[Ident, str]]:
    """Every column of a table: each is written with an alias, which is looked up from the inside outwards. `makes`:
    what the rows are of that functions return."""
    found: set[tuple[Ident, str]] = set()
    for scope in traverse_scope(parsed(text)):
        for column in scope.columns:
            if column.table:
                source = _source(scope, column.table)
                if isinstance(source, exp.Table):
                    found.add((_relation(source, makes), column.name))
    return found


def _relation(source: exp.Table, makes: Mapping[Ident, Ident]) -> Ident:
    call = source.this
    return makes[Ident(source.db, _name(call))] if isinstance(call, exp.Anonymous) else Ident(source.db, source.name)


def _source(scope: Scope | None, alias: str) -> object:
    while scope is not None:
        if alias in scope.sources:
            return scope.sources[alias]
        scope = scope.parent
    raise AssertionError(f"nothing is called {alias}")


_WRITTEN = re.compile(r'(?:insert into|update|delete from) "([^"]+)"\."([^"]+)"')
_READ = re.compile(r'(?:from|join) "([^"]+)"\."([^"]+)"(?!\()')


def relations_written(text: str) -> tuple[set[str], set[Ident]]:
    """The tables that a statement of a mutation writes to, and those that it reads beside. All carry their schema."""
    written = {f"{schema}.{name}" for schema, name in _WRITTEN.findall(text)}
    reads = _READ.findall(text.replace("delete from", "delete"))
    return written, {Ident(schema, name) for schema, name in reads}


# ---------------------------------------------------------------- the rules


@dataclass
class Names:
    """Relations, functions and columns that predicates mention, and those that relationships join by."""

    relations: set[Ident] = field(default_factory=set)
    functions: set[Ident] = field(default_factory=set)
    columns: set[tuple[Ident, str]] = field(default_factory=set)


def names_of_rules(role: RoleModel) -> Names:
    """What the role's row rules read, and the columns that its relationships join by."""
    found = Names()
    for ident, entity in role.entities.items():
        for rule in (entity.insert, entity.update, entity.delete):
            if rule is not None:
                _walk(rule.filter, (ident,), found)
                _walk(rule.check, (ident,), found)
        aggregated = () if entity.aggregate_rule is None else (entity.aggregate_rule,)
        for rows in (entity.rule, *aggregated, *entity.guards.values(), *entity.computed_guards.values()):
            _walk(rows, (ident,), found)
        for link in entity.links.values():
            _join(ident, link.target, link.on, found)
    return found


def functions_of(role: RoleModel) -> dict[Ident, Ident | None]:
    """The functions that the role may call, each with what its rows are of."""
    made = {
        field.routine.ident: field.returns for entity in role.entities.values() for field in entity.computed.values()
    }
    made |= {function.routine.ident: function.returns for function in role.functions.values()}
    return {name: returns if isinstance(returns, Ident) else None for name, returns in made.items()}


def _join(ours: Ident, theirs: Ident, on: tuple[tuple[str, str], ...], found: Names) -> None:
    found.columns |= {(ours, our) for our, _ in on} | {(theirs, their) for _, their in on}


def _walk(pred: Pred, scope: tuple[Ident, ...], found: Names) -> None:
    match pred:
        case Compare():
            _reference(pred.left, scope, found)
            _reference(pred.right, scope, found)
        case IsNull():
            _reference(pred.column, scope, found)
        case All() | AnyOf():
            for part in pred.parts:
                _walk(part, scope, found)
        case Not():
            _walk(pred.part, scope, found)
        case Exists() | AggregateTest():
            if isinstance(pred, Exists) and pred.rows is not None:
                found.functions.add(pred.rows.routine.ident)
            found.relations.add(pred.relation)
            _join(scope[0], pred.relation, pred.on, found)
            _walk(pred.where, (pred.relation, *scope), found)
        case _:
            assert_never(pred)


def _reference(value: Value | CastRef | Slot, scope: tuple[Ident, ...], found: Names) -> None:
    match value:
        case ColumnRef():
            found.columns.add((scope[value.depth], value.column))
        case ComputedRef():
            found.functions.add(value.call.routine.ident)
        case CastRef():
            _reference(value.column, scope, found)
        case Slot():
            pass
        case _:
            assert_never(value)
