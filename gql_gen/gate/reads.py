"""What a role may read: selects, aggregates, links, predicates and orders, with the role's rules put in place.

Two predicates, two treatments. What the **caller** wrote (where, order_by, aggregate predicates) may name only readable
columns and carries the row rule of every relation it walks through, so that nothing can be probed. What a **rule** says
was resolved when the rules met the database and sees the relations it walks through as they are.

A dialect with a schema has refused unknown names already; the gate repeats the decision because not every dialect has
one, and because a wrong schema must not become a leak. Refusals look like "not found".
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from gql_gen.catalog.types import Ident
from gql_gen.errors import Rejected
from gql_gen.model.predicates import (
    AggregateTest,
    All,
    AnyOf,
    CastRef,
    ColumnRef,
    Compare,
    Exists,
    IsNull,
    Not,
    Pred,
)
from gql_gen.model.types import RoleEntity, RoleModel
from gql_gen.plan.nodes import (
    Access,
    Aggregate,
    AggregateShow,
    Call,
    Hop,
    Node,
    Root,
    Select,
    Show,
    ShowAggregate,
    ShowColumn,
    ShowComputed,
    ShowGroup,
    ShowLink,
    ShowNodes,
    ShowRows,
    ShowText,
    SortKey,
)

_ABSENT = object()
Scope = tuple[RoleEntity, ...]
"""The entities whose rows are in sight, innermost first: `ColumnRef.depth` counts into it."""


def root(root: Root, role: RoleModel) -> Root:
    entity = selectable(root.node.relation, role)
    if root.access not in entity.query_roots or root.access != _access(root.node):
        raise unknown(root.alias)
    return replace(root, node=node_of(root.node, role))


def _access(node: Node) -> Access:
    """The right that a node needs at the root, whatever the plan says."""
    match node:
        case Select():
            return "select_by_pk" if node.single else "select"
        case Aggregate():
            return "select_aggregate"
        case _:
            assert_never(node)


def node_of(node: Node, role: RoleModel) -> Node:
    match node:
        case Select():
            return _select(node, role)
        case Aggregate():
            return _aggregate(node, role)
        case _:
            assert_never(node)


def _select(node: Select, role: RoleModel) -> Select:
    entity = selectable(node.relation, role)
    scope = (entity,)
    return replace(
        node,
        show=tuple(shown(show, scope, role) for show in node.show),
        where=predicate(node.where, scope, role),
        order=tuple(_sort(key, scope, role) for key in node.order),
        distinct=_readable_all(node.distinct, scope),
        rule=entity.rule,
        row_limit=entity.limit,
    )


def _aggregate(node: Aggregate, role: RoleModel) -> Aggregate:
    entity = selectable(node.relation, role)
    if not entity.allow_aggregations:
        raise unknown("aggregate")
    scope = (entity,)
    return replace(
        node,
        show=tuple(_aggregate_show(show, scope, role) for show in node.show),
        where=predicate(node.where, scope, role),
        order=tuple(_sort(key, scope, role) for key in node.order),
        distinct=_readable_all(node.distinct, scope),
        rule=entity.rule,
        row_limit=entity.limit,
    )


# ---------------------------------------------------------------- what is shown


def shown(show: Show, scope: Scope, role: RoleModel) -> Show:
    match show:
        case ShowColumn():
            _readable(show.column, scope)
            return show
        case ShowText():
            return show
        case ShowLink():
            _linked(show.node.relation, show.on, scope[0], role)
            return replace(show, node=node_of(show.node, role))
        case ShowComputed():
            _callable(show.call, scope[0])
            if isinstance(show.call.field.returns, Ident):
                raise unknown(show.call.field.name)
            return show
        case ShowRows():
            _callable(show.call, scope[0])
            if show.call.field.returns != show.node.relation or show.node.single:
                raise unknown(show.call.field.name)
            # Rows carry their own table's rule, whoever chose them.
            return replace(show, node=_select(show.node, role))
        case _:
            assert_never(show)


def _callable(call: Call, entity: RoleEntity) -> None:
    """One of the role's own functions, with nothing given but what is the caller's to give."""
    field = call.field
    if entity.computed.get(field.name) != field:
        raise unknown(field.name)
    given = dict(call.given)
    for place, parameter in enumerate(field.parameters):
        is_given = given.pop(place, _ABSENT) is not _ABSENT
        is_right = is_given or parameter.has_default if parameter.filled_by == "caller" else not is_given
        if not is_right:
            raise unknown(parameter.name or field.name)
    if given or any(slot is not None and slot.source == "claims" for _, slot in call.given):
        raise unknown(field.name)


def _aggregate_show(show: AggregateShow, scope: Scope, role: RoleModel) -> AggregateShow:
    match show:
        case ShowGroup():
            _group(show, scope)
            return show
        case ShowNodes():
            return replace(show, show=tuple(shown(part, scope, role) for part in show.show))
        case ShowText():
            return show
        case _:
            assert_never(show)


def _group(group: ShowGroup, scope: Scope) -> None:
    for part in group.parts:
        match part:
            case ShowGroup():
                _group(part, scope)
            case ShowAggregate():
                _readable_all(part.columns, scope)
            case ShowText():
                pass
            case _:
                assert_never(part)


# ---------------------------------------------------------------- what is asked about


def predicate(pred: Pred, scope: Scope, role: RoleModel) -> Pred:
    match pred:
        case Compare():
            _readable(pred.left, scope)
            if isinstance(pred.right, ColumnRef):
                _readable(pred.right, scope)
            return pred
        case IsNull():
            _readable(pred.column, scope)
            return pred
        case All():
            return All(tuple(predicate(part, scope, role) for part in pred.parts))
        case AnyOf():
            return AnyOf(tuple(predicate(part, scope, role) for part in pred.parts))
        case Not():
            return Not(predicate(pred.part, scope, role))
        case Exists():
            target = _linked(pred.relation, pred.on, scope[0], role)
            return replace(pred, where=predicate(pred.where, (target, *scope), role), rule=target.rule)
        case AggregateTest():
            return _aggregate_test(pred, scope, role)
        case _:
            assert_never(pred)


def _aggregate_test(test: AggregateTest, scope: Scope, role: RoleModel) -> AggregateTest:
    target = _linked(test.relation, test.on, scope[0], role)
    if not target.allow_aggregations:
        raise unknown("aggregate")
    for column in test.arguments:
        if column not in target.columns:
            raise unknown(column)
    for compared in test.tests:
        if isinstance(compared, Compare) and isinstance(compared.right, ColumnRef):
            _readable(compared.right, (target, *scope))
    return replace(test, where=predicate(test.where, (target, *scope), role), rule=target.rule)


def _sort(key: SortKey, scope: Scope, role: RoleModel) -> SortKey:
    if not key.hops:
        if key.column is not None:
            _readable(key.column, scope)
        return key
    targets: list[RoleEntity] = []
    for hop in key.hops:
        targets.append(_linked(hop.relation, hop.on, targets[-1] if targets else scope[0], role))
    if key.function is not None and not targets[-1].allow_aggregations:
        raise unknown("aggregate")
    if key.column is not None:
        _readable(key.column, (targets[-1],))
    hops = tuple(Hop(hop.relation, hop.on, target.rule) for hop, target in zip(key.hops, targets, strict=True))
    return replace(key, hops=hops)


def _readable_all(columns: tuple[ColumnRef, ...], scope: Scope) -> tuple[ColumnRef, ...]:
    for column in columns:
        _readable(column, scope)
    return columns


def _readable(reference: ColumnRef | CastRef, scope: Scope) -> None:
    column = reference.column if isinstance(reference, CastRef) else reference
    if not 0 <= column.depth < len(scope) or column.column not in scope[column.depth].columns:
        raise unknown(column.column)


def _linked(relation: Ident, on: tuple[tuple[str, str], ...], source: RoleEntity, role: RoleModel) -> RoleEntity:
    """The entity that one of the source's own relationships leads to. Any other join could probe hidden columns."""
    if not any(link.target == relation and link.on == on for link in source.links.values()):
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
