"""What a caller asks about: predicates, sort keys and values, each within what the role may read.

Two predicates, two treatments. What the **caller** wrote (where, order_by, aggregate predicates) may name only readable
columns and carries the row rule of every relation it walks through, so that nothing can be probed; a column that may be
read in some rows alone carries those as its guard, wherever it stands. What a **rule** says was resolved when the rules
met the database and sees the relations it walks through as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from gql_gen.catalog.types import Ident
from gql_gen.errors import Rejected
from gql_gen.model.predicates import (
    TRUE,
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
    Value,
)
from gql_gen.model.types import ComputedField, RoleEntity, RoleModel, Scalar
from gql_gen.plan.nodes import Call, SortKey

_ABSENT = object()
Scope = tuple[RoleEntity, ...]
"""The entities whose rows are in sight, innermost first: `ColumnRef.depth` counts into it."""


def predicate(pred: Pred, scope: Scope, role: RoleModel) -> Pred:
    match pred:
        case Compare():
            right = readable_column(pred.right, scope) if isinstance(pred.right, ColumnRef) else pred.right
            return replace(pred, left=_operand(pred.left, scope), right=right)
        case IsNull():
            return replace(pred, column=_operand(pred.column, scope))
        case All():
            return All(tuple(predicate(part, scope, role) for part in pred.parts))
        case AnyOf():
            return AnyOf(tuple(predicate(part, scope, role) for part in pred.parts))
        case Not():
            return Not(predicate(pred.part, scope, role))
        case Exists():
            target = linked(pred.relation, pred.on, pred.rows, scope[0], role)
            guard = None if pred.rows is None or scope[0].rule == TRUE else scope[0].rule
            return replace(pred, where=predicate(pred.where, (target, *scope), role), rule=target.rule, guard=guard)
        case AggregateTest():
            return _aggregate_test(pred, scope, role)
        case _:
            assert_never(pred)


def _aggregate_test(test: AggregateTest, scope: Scope, role: RoleModel) -> AggregateTest:
    target = linked(test.relation, test.on, None, scope[0], role)
    rule = aggregated_rows(target)
    for column in test.arguments:
        if column not in target.columns:
            raise unknown(column)
    inner = (target, *scope)
    return replace(
        test,
        where=predicate(test.where, inner, role),
        tests=tuple(_aggregate_compared(each, inner) for each in test.tests),
        rule=rule,
        guards=tuple((name, target.guards[name]) for name in dict.fromkeys(test.arguments) if name in target.guards),
    )


def _aggregate_compared(test: Compare | IsNull, scope: Scope) -> Compare | IsNull:
    if isinstance(test, Compare) and isinstance(test.right, ColumnRef):
        return replace(test, right=readable_column(test.right, scope))
    return test


def sort_key(key: SortKey, scope: Scope, role: RoleModel) -> SortKey:
    if not key.hops:
        return key if key.column is None else replace(key, column=readable_value(key.column, scope))
    targets: list[RoleEntity] = []
    for hop in key.hops:
        targets.append(linked(hop.relation, hop.on, hop.rows, targets[-1] if targets else scope[0], role))
    column = None if key.column is None else readable_value(key.column, (targets[-1],))
    rules = [target.rule for target in targets]
    if key.function is not None:
        rules[-1] = aggregated_rows(targets[-1])
    hops = tuple(replace(hop, rule=rule) for hop, rule in zip(key.hops, rules, strict=True))
    return replace(key, hops=hops, column=column)


def aggregated_rows(entity: RoleEntity) -> Pred:
    """The rows that the role may make aggregates of."""
    if entity.aggregate_rule is None:
        raise unknown("aggregate")
    return entity.aggregate_rule


def _operand(operand: Value | CastRef, scope: Scope) -> Value | CastRef:
    if isinstance(operand, CastRef):
        return replace(operand, column=readable_value(operand.column, scope, chooses=True))
    return readable_value(operand, scope, chooses=True)


def readable_value(value: Value, scope: Scope, *, chooses: bool = False) -> Value:
    return (
        readable_column(value, scope)
        if isinstance(value, ColumnRef)
        else readable_computed(value, scope, chooses=chooses)
    )


def readable_column(column: ColumnRef, scope: Scope) -> ColumnRef:
    """A column that the role may read, with the rows it may read it in."""
    if not 0 <= column.depth < len(scope) or column.column not in scope[column.depth].columns:
        raise unknown(column.column)
    guard = scope[column.depth].guards.get(column.column)
    return column if column.guard is guard else replace(column, guard=guard)


def readable_computed(value: ComputedRef, scope: Scope, *, chooses: bool = False) -> ComputedRef:
    """The same for a computed value. One that chooses rows must not be computed for a row that the role does not see:
    the function may fail, and that would tell."""
    if not 0 <= value.depth < len(scope):
        raise unknown(value.call.routine.ident.name)
    entity = scope[value.depth]
    field = _own(value.call, entity)
    if not isinstance(field.returns, Scalar):
        raise unknown(field.name)
    guard = entity.computed_guards.get(field.name, entity.rule if chooses else TRUE)
    return replace(value, guard=None if guard == TRUE else guard)


def linked(
    relation: Ident, on: tuple[tuple[str, str], ...], rows: Call | None, source: RoleEntity, role: RoleModel
) -> RoleEntity:
    """The entity that one of the source's own relationships leads to, or one of its functions that return rows. Any
    other join could probe hidden columns."""
    if rows is None:
        leads = any(link.target == relation and link.on == on for link in source.links.values())
    else:
        leads = not on and _own(rows, source).returns == relation
    if not leads:
        raise unknown(relation.name)
    return selectable(relation, role)


def selectable(relation: Ident, role: RoleModel) -> RoleEntity:
    """The relation as the role may select from it."""
    entity = role.entities.get(relation)
    if entity is None or not entity.is_selectable:
        raise unknown(relation.name)
    return entity


def unknown(name: str) -> Rejected:
    return Rejected(f"field '{name}' not found")


def _own(call: Call, entity: RoleEntity) -> ComputedField:
    """The role's computed field that a call is of, with nothing given but what is the caller's to give."""
    for field in entity.computed.values():
        if field.routine == call.routine:
            check_given(call, field.name)
            return field
    raise unknown(call.routine.ident.name)


def check_given(call: Call, name: str) -> None:
    given = dict(call.given)
    for place, parameter in enumerate(call.routine.parameters):
        is_given = given.pop(place, _ABSENT) is not _ABSENT
        is_right = is_given or parameter.has_default if parameter.filled_by == "caller" else not is_given
        if not is_right:
            raise unknown(parameter.name or name)
    if given or any(slot is not None and slot.source == "claims" for _, slot in call.given):
        raise unknown(name)
