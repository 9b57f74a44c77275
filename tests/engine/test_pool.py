"""The pool: bounded, first come first served, whole after cancellation and after the server closed a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from gql_gen.run.pool import Pool, PoolSettings

SLEEP = "select to_json(pg_sleep(($1::text)::float8) is null)"
NUMBER = "select to_json(($1::text)::int)"
BACKENDS = (
    "select to_json(count(*)) from pg_stat_activity where application_name = 'usher' and state = 'active' "
    "and query like '%pg_sleep%' and pid <> pg_backend_pid()"
)


@pytest.fixture
async def pool(database) -> AsyncIterator[Pool]:
    made = Pool(PoolSettings(database("shop"), size=2))
    yield made
    await made.close()


async def number(pool: Pool, value: int) -> bytes:
    row = await pool.fetch(NUMBER, [str(value)], prepare=True)
    assert row is not None
    return bytes(row[0])


async def test_json_comes_as_the_bytes_postgres_printed(pool: Pool) -> None:
    row = await pool.fetch('select \'{"b" :1,  "a":1.0}\'::json', [])
    assert row is not None
    assert row[0] == b'{"b" :1,  "a":1.0}'


async def test_many_callers_share_few_connections(pool: Pool) -> None:
    answers = await asyncio.gather(*(number(pool, value) for value in range(200)))
    assert answers == [str(value).encode() for value in range(200)]
    assert pool._open <= 2


async def test_waiters_are_served_in_order(pool: Pool) -> None:
    served: list[int] = []

    async def one(value: int) -> None:
        await pool.fetch(SLEEP, ["0.01"])
        served.append(value)

    await asyncio.gather(*(one(value) for value in range(12)))
    assert all(abs(value - place) <= 1 for place, value in enumerate(served))


async def test_a_cancelled_query_is_cancelled_in_the_database(pool: Pool) -> None:
    task = asyncio.create_task(pool.fetch(SLEEP, ["60"]))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(100):
        row = await pool.fetch(BACKENDS, [])
        assert row is not None
        if row[0] == b"0":
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("the query goes on in the database")
    assert await number(pool, 7) == b"7"


async def test_a_waiter_that_gives_up_leaves_its_place_to_the_next(pool: Pool) -> None:
    busy = [asyncio.create_task(pool.fetch(SLEEP, ["0.3"])) for _ in range(2)]
    await asyncio.sleep(0.05)
    impatient = asyncio.create_task(number(pool, 1))
    patient = asyncio.create_task(number(pool, 2))
    await asyncio.sleep(0.05)
    impatient.cancel()
    assert await patient == b"2"
    with pytest.raises(asyncio.CancelledError):
        await impatient
    await asyncio.gather(*busy)
    assert await number(pool, 3) == b"3"


async def test_a_connection_closed_by_the_server_is_replaced(pool: Pool, database) -> None:
    assert await number(pool, 1) == b"1"
    other = await asyncpg.connect(database("shop"))
    await other.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where application_name = 'usher' and pid <> pg_backend_pid() and datname = current_database()"
    )
    await other.close()
    assert await asyncio.gather(*(number(pool, value) for value in range(5))) == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_statement_timeout_always_applies(database) -> None:
    pool = Pool(PoolSettings(database("shop"), size=1, statement_timeout_ms=100))
    try:
        with pytest.raises(asyncpg.QueryCanceledError):
            await pool.fetch(SLEEP, ["30"])
        assert await number(pool, 1) == b"1"
    finally:
        await pool.close()


async def test_without_prepared_statements_each_runs_in_its_own_transaction(database) -> None:
    pool = Pool(PoolSettings(database("shop"), size=1, use_prepared_statements=False, statement_timeout_ms=100))
    try:
        assert await number(pool, 4) == b"4"
        with pytest.raises(asyncpg.QueryCanceledError):
            await pool.fetch(SLEEP, ["30"])
        row = await pool.fetch("select to_json(count(*)) from pg_prepared_statements", [])
        assert row is not None
        assert row[0] == b"0"
    finally:
        await pool.close()


async def test_prepared_statements_are_bounded(pool: Pool) -> None:
    for value in range(300):
        await pool.fetch(f"select to_json({value} + ($1::text)::int)", ["0"], prepare=True)
    row = await pool.fetch("select to_json(count(*)) from pg_prepared_statements", [])
    assert row is not None
    assert int(row[0]) <= 260
