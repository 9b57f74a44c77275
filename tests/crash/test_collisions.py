"""Writers who get in each other's way: each comes through, or is told that it did not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from crash.conftest import OpenDesk
from crash.kit import Desk, Observer, until

COUPLES = 15
CROWD = 60
CROSSWISE = """
mutation ($first: Int!, $second: Int!) {
  a: update_counters_by_pk(pk_columns: {id: $first}, _inc: {value: 1}) { value }
  b: update_counters_by_pk(pk_columns: {id: $second}, _inc: {value: 1}) { value }
}
"""
LINGER = """
create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(0.01); return new; end $$;
create trigger linger after update on counters for each row execute function linger();
"""
"""So that both of a couple have their first row before they want the other's."""


@pytest.mark.parametrize("isolation", ["read-committed", "repeatable-read", "serializable"])
async def test_two_who_update_the_same_rows_in_opposite_order_both_come_through(
    open_desk: OpenDesk, observer: Observer, isolation: str
) -> None:
    await find_deadlocks_soon(observer)
    await observer.execute(LINGER)
    desk = await open_desk(more_rules=f"\nisolation_level: {isolation}\n")
    for _ in range(COUPLES):
        answers = await asyncio.gather(crosswise(desk, 1, 2), crosswise(desk, 2, 1))
        assert [answer.keys() for answer in answers] == [{"data"}, {"data"}]
    assert await values(observer) == [2 * COUPLES, 2 * COUPLES]
    await desk.engine.close()
    # Counted when a connection ends. Else nothing was tried here.
    await until(observer, "select deadlocks > 5 from pg_stat_database where datname = current_database()")


async def test_of_a_crowd_each_comes_through_or_is_told(open_desk: OpenDesk, observer: Observer) -> None:
    await find_deadlocks_soon(observer)
    desk = await open_desk()
    answers = await asyncio.gather(*(crosswise(desk, 1 + turn % 2, 2 - turn % 2) for turn in range(CROWD)))
    done = sum(map(is_done, answers))
    assert await values(observer) == [done, done]
    assert done > 0


async def find_deadlocks_soon(observer: Observer) -> None:
    name = await observer.fetchval("select quote_ident(current_database())")
    await observer.execute(f"alter database {name} set deadlock_timeout = '5ms'")


async def crosswise(desk: Desk, first: int, second: int) -> Any:
    return await desk.ask(CROSSWISE, first=first, second=second)


async def values(observer: Observer) -> list[int]:
    return [row["value"] for row in await observer.fetch("select value from counters where id in (1, 2)")]


def is_done(answer: Any) -> bool:
    """Whether a write came through; if not, it says so with the right code."""
    if answer.keys() == {"data"}:
        return True
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["concurrent-update"]
    assert "data" not in answer
    return False
