"""Where counters live: Postgres, Redis, and this process while Redis is out of reach."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio
from auth_kit import Serve, free_port, new_address
from redis.asyncio import Redis

from auth_engine.core.clock import SystemClock
from auth_engine.core.settings import Rate
from auth_engine.limits.database import DatabaseCounts
from auth_engine.limits.shared import RedisCounts, SharedCounts
from auth_engine.limits.windows import Counter, Counts, counter
from auth_engine.store.runner import open_pool
from auth_engine.store.store import Store

HOUR = 3_600
TEN = Rate(10, HOUR)
SLIDES = [(0.0, 0), (0.9, 0), (1.05, 0), (1.15, 1), (1.55, 5), (1.95, 9), (2.1, 10)]
"""How many of ten fit again, so many hours after ten came at once."""


@pytest_asyncio.fixture
async def stores(auth_database: str) -> AsyncIterator[tuple[Store, Store]]:
    """Two processes' stores over one database."""
    pair = [Store(await open_pool(auth_database, 5)) for _ in range(2)]
    yield pair[0], pair[1]
    for store in pair:
        await store.close()


@pytest.fixture(scope="module")
def redis_port() -> Iterator[int]:
    """The port of a Redis (or Valkey) of this module's own."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("neither redis-server nor valkey-server is installed")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _await_port(port)
            yield port
        finally:
            process.terminate()


def _await_port(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("Redis did not start")


def new_counter(rate: Rate = TEN) -> Counter:
    return counter("test", rate, str(time.monotonic_ns()))


async def admitted(counts: tuple[Counts, ...], *counters: Counter, requests: int = 40) -> int:
    """How many of so many requests at once were admitted, spread over the processes."""
    asked = [counts[number % len(counts)].take(counters) for number in range(requests)]
    return sum(wait == 0 for wait in await asyncio.gather(*asked))


# ---------------------------------------------------------------- Postgres


async def test_two_processes_over_one_database_admit_the_burst_and_not_one_more(stores: tuple[Store, Store]) -> None:
    both = tuple(DatabaseCounts(store.counters) for store in stores)
    mine, wider = new_counter(), new_counter(Rate(25, HOUR))
    assert await admitted(both, mine, wider) == 10
    # The wider one had room for 25 of the 40, and counted them.
    assert await admitted(both, wider) == 0
    assert 1 <= await both[0].take([mine]) <= HOUR * 2


async def test_counters_in_any_order_do_not_lock_each_other_out(stores: tuple[Store, Store]) -> None:
    counts = DatabaseCounts(stores[0].counters)
    keys = [new_counter(Rate(1_000, HOUR)) for _ in range(4)]
    waits = await asyncio.gather(*(counts.take(keys if number % 2 else keys[::-1]) for number in range(40)))
    assert set(waits) == {0}


@pytest.mark.parametrize(("hours", "has_room"), SLIDES)
async def test_a_row_slides_with_time(
    stores: tuple[Store, Store], sql: asyncpg.Connection, hours: float, has_room: int
) -> None:
    counts, mine = DatabaseCounts(stores[0].counters), new_counter()
    assert await admitted((counts,), mine) == 10
    await sql.execute(
        "update auth_engine.counters set window_start = window_start - make_interval(secs => $2) where key = $1",
        mine.key,
        hours * HOUR,
    )
    assert await admitted((counts,), mine, requests=12) == has_room


async def test_what_is_given_back_is_free_again_in_either_window(
    stores: tuple[Store, Store], sql: asyncpg.Connection
) -> None:
    counts, mine = DatabaseCounts(stores[0].counters), new_counter(Rate(1, HOUR))
    assert await counts.take([mine]) == 0
    assert await counts.take([mine]) > 0
    await counts.give_back(mine)
    await counts.give_back(mine)  # never below nothing
    assert [await counts.take([mine]) > 0 for _ in range(2)] == [False, True]
    await sql.execute("update auth_engine.counters set previous = current, current = 0 where key = $1", mine.key)
    await counts.give_back(mine)
    assert await counts.take([mine]) == 0


async def test_the_table_costs_no_write_ahead_log(sql: asyncpg.Connection) -> None:
    kind = await sql.fetchval("select relpersistence::text from pg_class where oid = 'auth_engine.counters'::regclass")
    assert kind == "u"


# ---------------------------------------------------------------- Redis


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
async def test_two_processes_over_one_redis_admit_the_burst_and_not_one_more(redis_port: int, scheme: str) -> None:
    both = tuple(RedisCounts(f"{scheme}://127.0.0.1:{redis_port}/0") for _ in range(2))
    mine, wider = new_counter(), new_counter(Rate(25, HOUR))
    try:
        assert await admitted(both, mine, wider) == 10
        assert await admitted(both, wider) == 0
        await both[0].give_back(mine)
        assert await both[1].take([mine]) == 0
        assert 1 <= await both[0].take([mine]) <= HOUR * 2
    finally:
        for counts in both:
            await counts.close()


@pytest.mark.parametrize(("hours", "has_room"), SLIDES)
async def test_a_window_slides_in_redis(redis_port: int, hours: float, has_room: int) -> None:
    address = f"redis://127.0.0.1:{redis_port}/0"
    counts, mine = RedisCounts(address), new_counter()
    try:
        assert await admitted((counts,), mine) == 10
        async with Redis.from_url(address) as client:
            await client.hincrbyfloat(f"auth-engine:{mine.key}", "start", -hours * HOUR)  # type: ignore[misc]
            assert 0 < await client.ttl(f"auth-engine:{mine.key}") <= 2 * HOUR
        assert await admitted((counts,), mine, requests=12) == has_room
    finally:
        await counts.close()


async def test_without_redis_each_process_counts_for_itself_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    address = f"redis://:a-secret-password@127.0.0.1:{free_port()}/0"
    counts = SharedCounts(RedisCounts(address), SystemClock())
    mine = new_counter()
    with caplog.at_level(logging.WARNING):
        assert await admitted((counts,), mine, requests=1) == 1
        assert await admitted((counts,), mine) == 9
        await counts.give_back(mine)
        assert await counts.take([mine]) == 0
    await counts.close()
    assert caplog.text.count("by each process alone") == 1
    assert "a-secret-password" not in caplog.text


async def test_two_engines_over_one_redis_stop_guesses_together(
    serve: Serve, redis_port: int, sql: asyncpg.Connection
) -> None:
    store = {"AUTH_RATE_LIMIT_STORE": f"redis://127.0.0.1:{redis_port}/0", "AUTH_RATE_LIMIT_ACCOUNT": "4/1h"}
    here, there = await serve(**store), await serve(**store)
    address, before = new_address(), await sql.fetchval("select count(*) from auth_engine.counters")
    answers = await asyncio.gather(*(engine.sign_in(address, "wrong") for engine in (here, there) * 4))
    assert sorted(answer.status_code for answer in answers) == [401] * 4 + [429] * 4
    assert await sql.fetchval("select count(*) from auth_engine.counters") == before


async def test_an_engine_that_counts_in_memory_stops_guesses_too(serve: Serve, sql: asyncpg.Connection) -> None:
    before = await sql.fetchval("select count(*) from auth_engine.counters")
    server = await serve(AUTH_RATE_LIMIT_STORE="memory", AUTH_RATE_LIMIT_ACCOUNT="4/1h")
    address = new_address()
    answers = await asyncio.gather(*(server.sign_in(address, "wrong") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [401] * 4 + [429] * 2
    assert await sql.fetchval("select count(*) from auth_engine.counters") == before
