"""Writers who get in each other's way: each comes through, or is told that it did not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from crash.conftest import OpenDesk
from crash.kit import Observer

PAIRS = 40
CROSSWISE = """
mutation ($first: Int!, $second: Int!) {
  a: update_counters_by_pk(pk_columns: {id: $first}, _inc: {value: 1}) { value }
  b: update_counters_by_pk(pk_columns: {id: $second}, _inc: {value: 1}) { value }
}
"""


@pytest.mark.parametrize("isolation", ["read-committed", "repeatable-read", "serializable"])
async def test_two_who_update_the_same_rows_in_opposite_order_come_through_or_are_told(
    open_desk: OpenDesk, observer: Observer, isolation: str
) -> None:
    name = await observer.fetchval("select quote_ident(current_database())")
    await observer.execute(f"alter database {name} set deadlock_timeout = '5ms'")
    desk = await open_desk(more_rules=f"\nisolation_level: {isolation}\n")
    asked = [desk.ask(CROSSWISE, first=1 + turn % 2, second=2 - turn % 2) for turn in range(2 * PAIRS)]
    answers = await asyncio.gather(*asked)
    came_through = sum(is_done(answer) for answer in answers)
    values = await observer.fetch("select value from counters where id in (1, 2)")
    assert [row["value"] for row in values] == [came_through, came_through]
    assert came_through >= PAIRS / 2
    collisions = await observer.fetchval("select deadlocks from pg_stat_database where datname = current_database()")
    print(isolation, came_through, collisions)
    assert collisions > 0 or isolation != "read-committed"


def is_done(answer: Any) -> bool:
    """Whether a write came through; if not, it says so with the right code."""
    if "errors" not in answer:
        return True
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["concurrent-update"]
    assert "data" not in answer
    return False
