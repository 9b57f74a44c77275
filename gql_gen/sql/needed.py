"""The columns of a row that what is shown of it is made from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from gql_gen.model.predicates import value_columns
from gql_gen.plan.nodes import (
    Show,
    ShowAggregate,
    ShowColumn,
    ShowComputed,
    ShowGlobalId,
    ShowGroup,
    ShowLink,
    ShowRows,
    ShowText,
)


def shown_columns(shows: tuple[Show, ...]) -> Iterator[str]:
    """SQL names, maybe repeated, in an order that does not change. A function that takes the row takes all of it."""
    for show in shows:
        match show:
            case ShowColumn():
                yield from sorted(value_columns(show.column))
            case ShowLink():
                yield from (ours for ours, _ in show.on)
            case ShowComputed():
                yield from sorted(value_columns(show.value))
            case ShowRows():
                assert show.node.rows is not None
                yield from show.node.rows.routine.row
            case ShowGlobalId():
                yield from (part.column for part in show.key)
            case ShowText():
                pass
            case _:
                assert_never(show)


def group_columns(group: ShowGroup) -> Iterator[str]:
    """The same for aggregates."""
    for part in group.parts:
        match part:
            case ShowGroup():
                yield from group_columns(part)
            case ShowAggregate():
                for value in part.columns:
                    yield from sorted(value_columns(value))
            case ShowText():
                pass
            case _:
                assert_never(part)
