"""A rule's boolean expression → Pred: every name looked up, every value checked.

Rules speak SQL names of columns, hidden ones too, and the names of relationships. They walk through tables whatever
the role may see of those, and they see every row there. What cannot be resolved is a fault, and then there is no
predicate at all: a rule is never served in part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, assert_never, cast

from gql_gen.catalog.types import Column, Ident, Relation
from gql_gen.model.operands import Left, apply_operator, find_operator
from gql_gen.model.operators import COLUMN_COMPARISONS
from gql_gen.model.predicates import (
    FALSE,
    AggregateTest,
    All,
    AnyOf,
    ColumnRef,
    Compare,
    ComputedRef,
    Exists,
    IsNull,
    Not,
    Pred,
    both,
)
from gql_gen.model.scalars import PG_CATALOG, are_comparable, scalar_of
from gql_gen.model.types import Call, ComputedField, Link, Model, Scalar
from gql_gen.names import aggregate_field_name
from gql_gen.rules.expressions import CONNECTIVES, OPERATORS
from gql_gen.rules.faults import Faults, nearest
from gql_gen.rules.types import BoolExp, Both, Either, ExistsIn, Fault, Mark, NamedRule, Negated, OnField, Operator

Scope = tuple[Relation, ...]
"""The rows in sight, innermost first; the last is the row of the table that the rule stands under."""

AGGREGATES: Mapping[str, Ident] = {
    "count": Ident(PG_CATALOG, "int4"),
    "bool_and": Ident(PG_CATALOG, "bool"),
    "bool_or": Ident(PG_CATALOG, "bool"),
}
"""The aggregates that a rule may test, and the type of what they give."""


def resolve(
    expression: BoolExp, relation: Ident, model: Model, named: Mapping[str, BoolExp]
) -> tuple[Pred | None, tuple[Fault, ...]]:
    """The predicate over rows of `relation`, or None and what is wrong."""
    faults = Faults()
    pred = _Resolver(model, named, faults).expression(expression, (model.catalog.relations[relation],))
    return (None, tuple(faults.found)) if faults.found else (pred, ())


def scalar_of_column(relation: Relation, column: Column, model: Model) -> Scalar:
    """A column's type, also of columns that no field shows."""
    entity = model.entities.get(relation.ident)
    field = None if entity is None else entity.field_of(column.name)
    return scalar_of(column.type, model.catalog) if field is None else field.scalar


@dataclass(frozen=True, slots=True)
class _Resolver:
    model: Model
    named: Mapping[str, BoolExp]
    faults: Faults

    def expression(self, expression: BoolExp, scope: Scope) -> Pred:
        match expression:
            case Both(parts=parts):
                return both(*(self.expression(part, scope) for part in parts))
            case Either(parts=parts):
                return AnyOf(tuple(self.expression(part, scope) for part in parts))
            case Negated(part=part):
                return Not(self.expression(part, scope))
            case NamedRule(name=name):
                return self.expression(self.named[name], scope)
            case ExistsIn():
                return self.exists(expression, scope)
            case OnField():
                return self.field(expression, scope)
            case _:
                assert_never(expression)

    def exists(self, expression: ExistsIn, scope: Scope) -> Pred:
        target = self.model.catalog.relations.get(expression.table)
        if target is None:
            hint = nearest(str(expression.table), map(str, self.model.catalog.relations))
            return self.fault(expression.at, f"the database has no table or view {expression.table}", hint)
        return Exists(target.ident, (), self.expression(expression.where, (target, *scope)))

    def field(self, field: OnField, scope: Scope) -> Pred:
        """A column when it can be one, else a relationship, else a computed field, else an aggregate over a
        relationship."""
        column = scope[0].columns.get(field.name)
        if column is not None and field.operators is not None:
            left = self.left(column, scope[0])
            return both(*(self.operator(left, operator, scope) for operator in field.operators))
        link = self.links(scope[0]).get(field.name)
        if link is not None and field.nested is not None:
            target = self.model.catalog.relations[link.target]
            return Exists(link.target, link.on, self.expression(field.nested, (target, *scope)))
        computed = self.computed(scope[0]).get(field.name)
        if computed is not None:
            return self.made(computed, field, scope)
        counted = next((each for each in self.links(scope[0]).values() if self.is_aggregate(each, field.name)), None)
        if counted is not None and field.nested is not None:
            return self.aggregates(counted, field.nested, scope)
        return self.misread(field, column, link or counted, scope[0])

    def made(self, computed: ComputedField, field: OnField, scope: Scope) -> Pred:
        """A computed field: its value compared, or its rows looked through."""
        said = f'the computed field "{computed.name}" of {scope[0].ident}'
        if not computed.is_plain:
            return self.fault(field.at, f"{said} takes arguments, which a rule cannot give")
        call = Call(computed.routine)
        if isinstance(computed.returns, Ident):
            if field.nested is None:
                return self.fault(field.at, f"{said} needs an expression about {computed.returns}")
            target = self.model.catalog.relations[computed.returns]
            return Exists(target.ident, (), self.expression(field.nested, (target, *scope)), rows=call)
        if field.operators is None:
            return self.fault(field.at, f"{said} needs operators, such as _eq")
        left = Left(ComputedRef(call, computed.returns.pg), computed.returns, said)
        return both(*(self.operator(left, operator, scope) for operator in field.operators))

    def misread(self, field: OnField, column: Column | None, link: Link | None, relation: Relation) -> Pred:
        if column is not None:
            for part in _fields(field.nested) if field.nested is not None else ():
                if part.name.startswith("_"):
                    return self.fault(part.at, f'"{part.name}" is no operator', nearest(part.name, OPERATORS))
            return self.fault(field.at, f'column "{field.name}" of {relation.ident} needs operators, such as _eq')
        if link is not None:
            return self.fault(field.at, f'the relationship "{field.name}" needs an expression about {link.target}')
        words = CONNECTIVES if field.name.startswith("_") else ()
        known = (*relation.columns, *self.links(relation), *self.computed(relation), *words)
        hint = nearest(field.name, known)
        return self.fault(field.at, f'{relation.ident} has no column or relationship "{field.name}"', hint)

    def links(self, relation: Relation) -> Mapping[str, Link]:
        entity = self.model.entities.get(relation.ident)
        return {} if entity is None else entity.links

    def computed(self, relation: Relation) -> Mapping[str, ComputedField]:
        entity = self.model.entities.get(relation.ident)
        return {} if entity is None else entity.computed

    def is_aggregate(self, link: Link, name: str) -> bool:
        return link.kind == "array" and aggregate_field_name(link.name, self.model.naming) == name

    def left(self, column: Column, relation: Relation) -> Left:
        scalar = scalar_of_column(relation, column, self.model)
        return Left(ColumnRef(column.name, scalar.pg), scalar, f'column "{column.name}" of {relation.ident}')

    def operator(self, left: Left, operator: Operator, scope: Scope) -> Pred:
        if operator.name in COLUMN_COMPARISONS:
            return self.column_comparison(left, operator, scope)
        return apply_operator(left, operator, self.model.catalog, self.faults)

    def column_comparison(self, left: Left, operator: Operator, scope: Scope) -> Pred:
        """`_ceq: other`, or `_ceq: ["$", other]` for a column of the rule's own table, from any depth."""
        match operator.value.json:
            case str(name) | [str(name)]:
                depth = 0
            case ["$", str(name)]:
                depth = len(scope) - 1
            case _:
                return self.fault(operator.value.at, f'"{operator.name}" expects column, [column] or ["$", column]')
        other = scope[depth].columns.get(name)
        if other is None:
            hint = nearest(name, scope[depth].columns)
            return self.fault(operator.value.at, f'{scope[depth].ident} has no column "{name}"', hint)
        spec = find_operator(left, COLUMN_COMPARISONS[operator.name], operator.at, self.faults)
        right = self.left(other, scope[depth])
        if not are_comparable(left.scalar.pg, right.scalar.pg):
            types = f"{left.scalar.pg.name} and {right.scalar.pg.name} cannot be compared"
            return self.fault(operator.at, f"{left.said} and {right.said}: {types}")
        return FALSE if spec is None else Compare(left.ref, spec.name, ColumnRef(name, right.scalar.pg, depth))

    def fault(self, at: Mark, message: str, hint: str | None = None) -> Pred:
        """Notes what is wrong; what is returned is never served."""
        self.faults.add(at, message, hint)
        return FALSE

    # ------------------------------------------------------------ aggregates over relationships

    def aggregates(self, link: Link, expression: BoolExp, scope: Scope) -> Pred:
        tests = []
        for name, at, body in _entries(expression):
            if name not in AGGREGATES or not isinstance(body, (Both, OnField)):
                self.fault(at, f'a rule may test count, bool_and and bool_or of a relationship, not "{name}"')
            else:
                tests.append(self.aggregate(name, at, link, body, scope))
        return both(*tests)

    def aggregate(self, name: str, at: Mark, link: Link, body: BoolExp, scope: Scope) -> Pred:
        target = self.model.catalog.relations[link.target]
        parts = {part.name: part for part in _fields(body)}
        for unknown in parts.keys() - {"predicate", "filter", "arguments", "distinct"}:
            self.fault(parts[unknown].at, f'"{name}" takes predicate, filter, arguments and distinct, not "{unknown}"')
        where = parts["filter"].nested if "filter" in parts else None
        if "filter" in parts and where is None:
            self.fault(parts["filter"].at, '"filter" needs an expression')
        return AggregateTest(
            relation=link.target,
            on=link.on,
            function=cast(Literal["count", "bool_and", "bool_or"], name),
            arguments=self.arguments(name, at, parts.get("arguments"), target),
            distinct=_literal(parts.get("distinct")) is True,
            where=All(()) if where is None else self.expression(where, (target, *scope)),
            tests=self.tests(name, at, parts.get("predicate")),
        )

    def tests(self, name: str, at: Mark, predicate: OnField | None) -> tuple[Compare | IsNull, ...]:
        scalar = scalar_of(AGGREGATES[name], self.model.catalog)
        left = Left(ColumnRef(name, scalar.pg), scalar, f"{name}(…)")
        operators = () if predicate is None or predicate.operators is None else predicate.operators
        if not operators:
            self.fault(at, f'"{name}" needs a predicate, such as {{_gt: 3}}')
        tests = [apply_operator(left, operator, self.model.catalog, self.faults) for operator in operators]
        if not all(isinstance(test, (Compare, IsNull)) or test == FALSE for test in tests):
            self.fault(at, f'"{name}" is compared with single values only')
        return tuple(test for test in tests if isinstance(test, (Compare, IsNull)))

    def arguments(self, name: str, at: Mark, given: OnField | None, target: Relation) -> tuple[str, ...]:
        value = _literal(given)
        columns = [] if value is None else value if isinstance(value, list) else [value]
        for column in columns:
            if column not in target.columns:
                self.fault(at, f'{target.ident} has no column "{column}"', nearest(str(column), target.columns))
            elif name != "count" and self.left(target.columns[column], target).scalar.pg != AGGREGATES[name]:
                self.fault(at, f'"{name}" takes a boolean column, and "{column}" is none')
        if name != "count" and len(columns) != 1:
            self.fault(at, f'"{name}" takes one column under arguments')
        return tuple(map(str, columns))


def _fields(expression: BoolExp) -> Iterator[OnField]:
    """The keys of what was written as one mapping."""
    parts = expression.parts if isinstance(expression, Both) else (expression,)
    return (part for part in parts if isinstance(part, OnField))


def _entries(expression: BoolExp) -> Iterator[tuple[str, Mark, BoolExp | None]]:
    for part in expression.parts if isinstance(expression, Both) else (expression,):
        yield (part.name, part.at, part.nested) if isinstance(part, OnField) else ("…", part.at, None)


def _literal(given: OnField | None) -> Any:
    """A plain value where the reader of rules saw a column with an implicit `_eq`."""
    if given is None or not given.operators:
        return None
    return given.operators[0].value.json
