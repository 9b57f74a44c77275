"""Whoever walks a list by pages meets every row once, in order, and is told rightly where the list ends: for any order
over nullable, repeated, guarded and computed values, in either direction, with pages of any size."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relay_kit import Shelf, opened_shelf

from usher.postgres import EmbeddedPostgres

USER = 1
RULE = f"(not item.hidden or item.owner_id = {USER})"
OPEN = "case when not item.hidden then {} end"
OWN = f"case when item.owner_id = {USER} then {{}} end"
OWNER = "(select {} from owner where owner.id = item.owner_id and rank > 0)"
KEYS = {
    "shelf": "item.shelf",
    "number": "item.number",
    **{
        column: OPEN.format(f"item.{column}")
        for column in ("name", "size", "seen", "day", "flag", "tags", "mood", "meta", "code", "uid")
    },
    "price": OWN.format("item.price"),
    "weight": OWN.format("item.weight"),
    "shout": OPEN.format("upper(item.name)"),
    "owner.name": OWNER.format("name"),
    "owner.rank": OWNER.format("rank"),
    "owner.items_aggregate.count": OWNER.format(
        "(select count(*) from item as i where i.owner_id = owner.id and not i.hidden)"
    ),
    **{
        f"owner.items_aggregate.{function}.{column}": OWNER.format(
            f"(select {function}({value}) from item as i where i.owner_id = owner.id and not i.hidden)"
        )
        for function, column, value in (
            *((function, "size", "i.size") for function in ("max", "sum", "avg", "stddev", "var_pop")),
            *((function, "price", f"case when i.owner_id = {USER} then i.price end") for function in ("sum", "avg")),
            ("min", "weight", f"case when i.owner_id = {USER} then i.weight end"),
            ("avg", "weight", f"case when i.owner_id = {USER} then i.weight end"),
        )
    },
}
"""Sort keys, and what each is in SQL for the role."""
DIRECTIONS = ("asc", "asc_nulls_first", "asc_nulls_last", "desc", "desc_nulls_first", "desc_nulls_last")
orders = st.lists(st.tuples(st.sampled_from(list(KEYS)), st.sampled_from(DIRECTIONS)), max_size=3)
QUERY = """
query ($order: [item_order_by!], $where: item_bool_exp, $first: Int, $last: Int, $after: String, $before: String) {
  page: item_connection(order_by: $order, where: $where, first: $first, last: $last, after: $after, before: $before) {
    edges { cursor node { shelf number } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


@pytest.fixture(scope="module")
async def shelf(postgres: EmbeddedPostgres) -> AsyncIterator[Shelf]:
    async with opened_shelf(postgres, "relay_pages") as found:
        yield found


@dataclass(frozen=True)
class Walk:
    """One list, and the rows that it should have."""

    shelf: Shelf
    order: list[dict[str, Any]]
    where: dict[str, Any] | None
    expected: list[tuple[str, int]]

    @classmethod
    async def of(cls, shelf: Shelf, order: list[tuple[str, str]], size: int | None) -> Walk:
        where = None if size is None else {"size": {"_gte": size}}
        test = "" if size is None else f" and {KEYS['size']} >= {size}"
        keys = [f"{KEYS[key]} {direction.replace('_', ' ')}" for key, direction in order]
        text = f"select shelf, number from item where {RULE}{test} order by {', '.join([*keys, 'shelf', 'number'])}"
        rows = [(row[0], row[1]) for row in await shelf.connection.fetch(text)]
        return cls(shelf, [nested(key.split("."), direction) for key, direction in order], where, rows)

    async def page(self, **arguments: Any) -> tuple[list[tuple[str, int]], dict[str, Any]]:
        """The rows of a page, and what is told of it."""
        data = await self.shelf.data(QUERY, {"order": self.order, "where": self.where, **arguments})
        edges, info = data["page"]["edges"], data["page"]["pageInfo"]
        ends = [edges[0]["cursor"], edges[-1]["cursor"]] if edges else ["", ""]
        assert [info["startCursor"], info["endCursor"]] == ends
        info["cursors"] = [edge["cursor"] for edge in edges]
        return [(edge["node"]["shelf"], edge["node"]["number"]) for edge in edges], info


def nested(path: list[str], leaf: str) -> dict[str, Any]:
    return {path[0]: leaf if len(path) == 1 else nested(path[1:], leaf)}


@given(order=orders, size=st.sampled_from([None, 0]), step=st.integers(1, 60))
@settings(max_examples=50, deadline=None)
async def test_pages_follow_one_another_forward(
    shelf: Shelf, order: list[tuple[str, str]], size: int | None, step: int
) -> None:
    walk = await Walk.of(shelf, order, size)
    step = max(step, 5)
    after = None
    for start in range(0, len(walk.expected), step):
        rows, info = await walk.page(first=step, after=after)
        assert rows == walk.expected[start : start + step]
        assert info["hasPreviousPage"] == (start > 0)
        assert info["hasNextPage"] == (start + step < len(walk.expected))
        after = info["endCursor"]
    rows, info = await walk.page(first=step, after=after)
    assert (rows, info["hasNextPage"], info["hasPreviousPage"]) == ([], False, True)


@given(order=orders, size=st.sampled_from([None, 0]), step=st.integers(5, 60))
@settings(max_examples=50, deadline=None)
async def test_pages_follow_one_another_backward(
    shelf: Shelf, order: list[tuple[str, str]], size: int | None, step: int
) -> None:
    walk = await Walk.of(shelf, order, size)
    before, end = None, len(walk.expected)
    while end > 0:
        rows, info = await walk.page(last=step, before=before)
        assert rows == walk.expected[max(0, end - step) : end]
        assert info["hasNextPage"] == (end < len(walk.expected))
        assert info["hasPreviousPage"] == (end > step)
        before, end = info["startCursor"], end - step
    rows, info = await walk.page(last=step, before=before)
    assert (rows, info["hasNextPage"], info["hasPreviousPage"]) == ([], True, False)


@given(order=orders, place=st.integers(0, 100), step=st.integers(0, 10))
@settings(max_examples=50, deadline=None)
async def test_a_cursor_parts_the_list_at_its_row(
    shelf: Shelf, order: list[tuple[str, str]], place: int, step: int
) -> None:
    walk = await Walk.of(shelf, order, None)
    everything, info = await walk.page()
    assert everything == walk.expected
    assert not info["hasNextPage"]
    assert not info["hasPreviousPage"]
    place %= len(everything)
    cursor, (before, after) = info["cursors"][place], (everything[:place], everything[place + 1 :])
    for arguments, rows, has_next, has_previous in (
        ({"after": cursor}, after, False, True),
        ({"before": cursor}, before, True, False),
        ({"after": cursor, "first": step}, after[:step], len(after) > step, True),
        ({"before": cursor, "first": step}, before[:step], True, False),
        ({"after": cursor, "last": step}, after[len(after) - step :] if step < len(after) else after, False, True),
        ({"before": cursor, "last": step}, before[max(0, place - step) :], True, place > step),
    ):
        found, told = await walk.page(**arguments)
        assert found == rows, arguments
        assert (told["hasNextPage"], told["hasPreviousPage"]) == (has_next, has_previous), arguments
