"""What a role may read: selects, aggregates and links, with the role's rules put in place.

A dialect with a schema has refused unknown names already; the gate repeats the decision because not every dialect has
one, and because a wrong schema must not become a leak. Refusals look like "not found".
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from gql_gen.gate import connections
from gql_gen.gate.asked import (
    Scope,
    aggregated_rows,
    check_given,
    linked,
    predicate,
    readable_column,
    readable_computed,
    readable_value,
    selectable,
    sort_key,
    unknown,
)
from gql_gen.model.node_keys import node_key
from gql_gen.model.predicates import (
    TRUE,
)
from gql_gen.model.types import RoleModel, Scalar
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
)


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
    check_given(call, root.alias)


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
        order=tuple(sort_key(key, scope, role) for key in node.order),
        distinct=tuple(readable_column(column, scope) for column in node.distinct),
        rule=entity.rule,
        row_limit=entity.limit,
    )


def _aggregate(node: Aggregate, role: RoleModel) -> Aggregate:
    entity = selectable(node.relation, role)
    rule, scope = aggregated_rows(entity), (entity,)
    return replace(
        node,
        show=tuple(_aggregate_show(show, scope, role) for show in node.show),
        where=predicate(node.where, scope, role),
        order=tuple(sort_key(key, scope, role) for key in node.order),
        distinct=tuple(readable_column(column, scope) for column in node.distinct),
        rule=rule,
        row_limit=entity.limit,
    )


def _connection(node: Connection, role: RoleModel) -> Connection:
    entity = selectable(node.relation, role)
    scope = (entity,)
    page = connections.page(
        node,
        node_key(entity, role.model),
        show=lambda show: shown(show, scope, role),
        sort=lambda key: sort_key(key, scope, role),
    )
    if page is None:
        raise unknown("connection")
    return replace(
        page,
        where=predicate(node.where, scope, role),
        distinct=tuple(readable_column(column, scope) for column in node.distinct),
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
            return replace(show, column=readable_column(show.column, scope))
        case ShowText():
            return show
        case ShowLink():
            if getattr(show.node, "rows", None) is not None:
                raise unknown(show.alias)
            linked(show.node.relation, show.on, None, scope[0], role)
            node = node_of(show.node, role)
            assert not isinstance(node, CallValue), "what is related are rows"
            return replace(show, node=node)
        case ShowGlobalId():
            if show.relation != scope[0].entity.ident or not show.key or show.key != node_key(scope[0], role.model):
                raise unknown(show.alias)
            return show
        case ShowComputed():
            return replace(show, value=readable_computed(show.value, scope))
        case ShowRows():
            if show.node.rows is None or show.node.single:
                raise unknown(show.alias)
            linked(show.node.relation, (), show.node.rows, scope[0], role)
            # Rows carry their own table's rule, whoever chose them.
            return replace(show, node=_select(show.node, role))
        case _:
            assert_never(show)


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
            return replace(part, columns=tuple(readable_value(column, scope) for column in part.columns))
        case ShowText():
            return part
        case _:
            assert_never(part)
