"""Pages with cursors, and rows looked up by a global id: what both hold of a key.

A cursor is the caller's own words and may say anything: its values are compared with the keys of the order, and with
nothing else. So each of these is gated as any other sort key is, and a column that may be read in some rows alone
counts as null in the others here too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from gql_gen.model.predicates import All, ColumnRef, Compare, Pred, Slot
from gql_gen.plan.nodes import (
    Connection,
    ConnectionShow,
    CursorKey,
    Select,
    Show,
    ShowEdges,
    ShowNode,
    ShowPageInfo,
    ShowText,
    SortKey,
)

Key = tuple[ColumnRef, ...]
"""The columns by which a role tells an entity's rows apart; empty where it cannot."""


def page(
    node: Connection, key: Key, *, show: Callable[[Show], Show], sort: Callable[[SortKey], SortKey]
) -> Connection | None:
    """What is shown and the order, gated. None where rows are not told apart, or a cursor does not fit the order."""
    if not key or not _is_complete(node.order, key) or len(node.cursor) not in (0, len(node.order)):
        return None
    return replace(
        node,
        show=tuple(_shown(each, show) for each in node.show),
        order=tuple(
            each if _column_of(each.sort) in key else replace(each, sort=sort(each.sort)) for each in node.order
        ),
    )


def lookup(node: Select, key: Key) -> Pred | None:
    """The test of a row looked up by its whole key, each part compared with a value; None for anything else."""
    if not key or not node.single or node.rows is not None:
        return None
    tests = node.where.parts if isinstance(node.where, All) else (node.where,)
    return node.where if tuple(map(_compared, tests)) == key else None


def _compared(test: Pred) -> ColumnRef | None:
    match test:
        case Compare(left=ColumnRef() as column, operator="_eq", right=Slot()):
            return column
        case _:
            return None


def _is_complete(order: tuple[CursorKey, ...], key: Key) -> bool:
    return set(key) <= {_column_of(each.sort) for each in order}


def _column_of(key: SortKey) -> ColumnRef | None:
    """The column that a key sorts by, where it is one of the row itself."""
    return key.column if isinstance(key.column, ColumnRef) and not key.hops and key.function is None else None


def _shown(each: ConnectionShow, show: Callable[[Show], Show]) -> ConnectionShow:
    match each:
        case ShowEdges():
            parts = (
                replace(part, show=tuple(map(show, part.show))) if isinstance(part, ShowNode) else part
                for part in each.parts
            )
            return replace(each, parts=tuple(parts))
        case ShowPageInfo() | ShowText():
            return each
        case _:
            assert_never(each)
