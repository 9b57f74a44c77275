"""What a role may read: selects, aggregates, links, predicates and orders, with the role's rules put in place.

Two predicates, two treatments. What the **caller** wrote (where, order_by, aggregate predicates) may name only readable
columns and carries the row rule of every relation it walks through, so that nothing can be probed; a column that may be
read in some rows alone carries those as its guard, wherever it stands. What a **rule** says was resolved when the rules
met the database and sees the relations it walks through as they are.

A dialect with a schema has refused unknown names already; the gate repeats the decision because not every dialect has
one, and because a wrong schema must not become a leak. Refusals look like "not found".
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from gql_gen.catalog.types import Ident
from gql_gen.errors import Rejected
from gql_gen.gate import connections
from gql_gen.model.node_keys import node_key
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
from gql_gen.plan.nodes import (
    Access,
    Aggregate,
    AggregateShow,
    Call,
    CallValue,
    Connection,
    Node,
    Root,
    Select,
    Show,
    ShowAggregate,
    ShowColumn,
    ShowComputed,
    ShowGlobalId,
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


def root(root: Root, role: RoleModel, *, may_write: bool = False) -> Root:
    """`may_write`: whether the root runs where functions may write."""
    if root.access == "node":
        return replace(root, node=_lookup(root, role))
    if root.access != _access(root.node):
        raise unknown(root.alias)
    call = root.node.call if isinstance(root.node, CallValue) else root.node.rows
    if call is not None:
        _callable_root(call, root, role, may_write=may_write)
    elif isinstance(root.node, CallValue) or root.access not in selectable(root.node.relation, role).query_roots:
        raise unknown(root.alias)
    return replace(root, node=node_of(root.node, role))


def _access(node: Node) -> Access:
    """The right that a node needs at the root, whatever the plan says."""
    match node:
        case Select(rows=None):
            return "select_by_pk" if node.single else "select"
        case Connection(rows=None):
            return "select"
        case Aggregate(rows=None):
            return "select_aggregate"
        case Aggregate():
            return "call_aggregate"
        case Select() | Connection() | CallValue():
            return "call"
        case _:
            assert_never(node)


def _callable_root(call: Call, root: Root, role: RoleModel, *, may_write: bool) -> None:
    """One of the functions that the role may call, giving what it gives."""
    function = role.functions.get(call.routine.ident)
    if function is None or function.routine != call.routine or (call.routine.is_volatile and not may_write):
        raise unknown(root.alias)
    node = root.node
    if isinstance(node, Connection) and call.routine.is_volatile:
        raise unknown(root.alias)
    if isinstance(node, CallValue):
        gives = isinstance(function.returns, Scalar)
    else:
        is_set = not isinstance(node, Select) or not node.single
        gives = function.returns == node.relation and function.is_set == is_set
    if not gives:
        raise unknown(root.alias)
    _given(call, root.alias)


def node_of(node: Node, role: RoleModel) -> Node:
    match node:
        case Select():
            return _select(node, role)
        case Aggregate():
            return _aggregate(node, role)
        case Connection():
            return _connection(node, role)
        case CallValue():
            return node
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
        distinct=tuple(_column(column, scope) for column in node.distinct),
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
        distinct=tuple(_column(column, scope) for column in node.distinct),
        rule=entity.aggregate_rule,
        row_limit=entity.limit,
    )


def _connection(node: Connection, role: RoleModel) -> Connection:
    entity = selectable(node.relation, role)
    scope = (entity,)
    page = connections.page(
        node,
        node_key(entity, role.model),
        show=lambda show: shown(show, scope, role),
        sort=lambda key: _sort(key, scope, role),
    )
    if page is None:
        raise unknown("connection")
    return replace(
        page,
        where=predicate(node.where, scope, role),
        distinct=tuple(_column(column, scope) for column in node.distinct),
        rule=entity.rule,
        row_limit=entity.limit,
    )


def _lookup(root: Root, role: RoleModel) -> Select:
    """One row by its global id, which whoever may select the row may ask for."""
    if not isinstance(root.node, Select):
        raise unknown(root.alias)
    entity = selectable(root.node.relation, role)
    test = connections.lookup(root.node, node_key(entity, role.model))
    if test is None:
        raise unknown(root.alias)
    return replace(_select(replace(root.node, where=TRUE), role), where=test)


# ---------------------------------------------------------------- what is shown


def shown(show: Show, scope: Scope, role: RoleModel) -> Show:
    match show:
        case ShowColumn():
            return replace(show, column=_column(show.column, scope))
        case ShowText():
            return show
        case ShowLink():
            if getattr(show.node, "rows", None) is not None:
                raise unknown(show.alias)
            _linked(show.node.relation, show.on, None, scope[0], role)
            node = node_of(show.node, role)
            assert not isinstance(node, CallValue), "what is related are rows"
            return replace(show, node=node)
        case ShowGlobalId():
            if show.relation != scope[0].entity.ident or not show.key or show.key != node_key(scope[0], role.model):
                raise unknown(show.alias)
            return show
        case ShowComputed():
            return replace(show, value=_computed(show.value, scope))
        case ShowRows():
            if show.node.rows is None or show.node.single:
                raise unknown(show.alias)
            _linked(show.node.relation, (), show.node.rows, scope[0], role)
            # Rows carry their own table's rule, whoever chose them.
            return replace(show, node=_select(show.node, role))
        case _:
            assert_never(show)


def _own(call: Call, entity: RoleEntity) -> ComputedField:
    """The role's computed field that a call is of, with nothing given but what is the caller's to give."""
    for field in entity.computed.values():
        if field.routine == call.routine:
            _given(call, field.name)
            return field
    raise unknown(call.routine.ident.name)


def _given(call: Call, name: str) -> None:
    given = dict(call.given)
    for place, parameter in enumerate(call.routine.parameters):
        is_given = given.pop(place, _ABSENT) is not _ABSENT
        is_right = is_given or parameter.has_default if parameter.filled_by == "caller" else not is_given
        if not is_right:
            raise unknown(parameter.name or name)
    if given or any(slot is not None and slot.source == "claims" for _, slot in call.given):
        raise unknown(name)


def _aggregate_show(show: AggregateShow, scope: Scope, role: RoleModel) -> AggregateShow:
    match show:
        case ShowGroup():
            return _group(show, scope)
        case ShowNodes():
            return replace(show, show=tuple(shown(part, scope, role) for part in show.show))
        case ShowText():
            return show
        case _:
            assert_never(show)


def _group(group: ShowGroup, scope: Scope) -> ShowGroup:
    return replace(group, parts=tuple(_group_part(part, scope) for part in group.parts))


def _group_part(part: ShowAggregate | ShowGroup | ShowText, scope: Scope) -> ShowAggregate | ShowGroup | ShowText:
    match part:
        case ShowGroup():
            return _group(part, scope)
        case ShowAggregate():
            return replace(part, columns=tuple(_value(column, scope) for column in part.columns))
        case ShowText():
            return part
        case _:
            assert_never(part)


# ---------------------------------------------------------------- what is asked about


def predicate(pred: Pred, scope: Scope, role: RoleModel) -> Pred:
    match pred:
        case Compare():
            right = _column(pred.right, scope) if isinstance(pred.right, ColumnRef) else pred.right
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
            target = _linked(pred.relation, pred.on, pred.rows, scope[0], role)
            guard = None if pred.rows is None or scope[0].rule == TRUE else scope[0].rule
            return replace(pred, where=predicate(pred.where, (target, *scope), role), rule=target.rule, guard=guard)
        case AggregateTest():
            return _aggregate_test(pred, scope, role)
        case _:
            assert_never(pred)


def _aggregate_test(test: AggregateTest, scope: Scope, role: RoleModel) -> AggregateTest:
    target = _linked(test.relation, test.on, None, scope[0], role)
    if not target.allow_aggregations:
        raise unknown("aggregate")
    for column in test.arguments:
        if column not in target.columns:
            raise unknown(column)
    inner = (target, *scope)
    return replace(
        test,
        where=predicate(test.where, inner, role),
        tests=tuple(_aggregate_compared(each, inner) for each in test.tests),
        rule=target.aggregate_rule,
        guards=tuple((name, target.guards[name]) for name in dict.fromkeys(test.arguments) if name in target.guards),
    )


def _aggregate_compared(test: Compare | IsNull, scope: Scope) -> Compare | IsNull:
    if isinstance(test, Compare) and isinstance(test.right, ColumnRef):
        return replace(test, right=_column(test.right, scope))
    return test


def _sort(key: SortKey, scope: Scope, role: RoleModel) -> SortKey:
    if not key.hops:
        return key if key.column is None else replace(key, column=_value(key.column, scope))
    targets: list[RoleEntity] = []
    for hop in key.hops:
        targets.append(_linked(hop.relation, hop.on, hop.rows, targets[-1] if targets else scope[0], role))
    if key.function is not None and not targets[-1].allow_aggregations:
        raise unknown("aggregate")
    column = None if key.column is None else _value(key.column, (targets[-1],))
    rules = [target.rule for target in targets]
    if key.function is not None:
        rules[-1] = targets[-1].aggregate_rule
    hops = tuple(replace(hop, rule=rule) for hop, rule in zip(key.hops, rules, strict=True))
    return replace(key, hops=hops, column=column)


def _operand(operand: Value | CastRef, scope: Scope) -> Value | CastRef:
    if isinstance(operand, CastRef):
        return replace(operand, column=_value(operand.column, scope, chooses=True))
    return _value(operand, scope, chooses=True)


def _value(value: Value, scope: Scope, *, chooses: bool = False) -> Value:
    return _column(value, scope) if isinstance(value, ColumnRef) else _computed(value, scope, chooses=chooses)


def _column(column: ColumnRef, scope: Scope) -> ColumnRef:
    """A column that the role may read, with the rows it may read it in."""
    if not 0 <= column.depth < len(scope) or column.column not in scope[column.depth].columns:
        raise unknown(column.column)
    guard = scope[column.depth].guards.get(column.column)
    return column if column.guard is guard else replace(column, guard=guard)


def _computed(value: ComputedRef, scope: Scope, *, chooses: bool = False) -> ComputedRef:
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


def _linked(
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
