"""What has expired is removed, in batches, by one process at a time; what has not stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
import pytest_asyncio

from auth_engine.store import sweep
from auth_engine.store.runner import PoolRunner, open_pool
from auth_engine.store.sweep import Sweeper

TABLES = {
    "auth.refresh_tokens": ("(user_id, expires_at)", "($1::uuid, {end})"),
    "auth_engine.codes": ("(user_id, kind, code_hash, expires_at)", "($1::uuid, {name}, 'x', {end})"),
    "auth_engine.challenges": ("(digest, purpose, user_id, expires_at)", "({name}, 'x', $1::uuid, {end})"),
    "auth_engine.oauth_states": ("(digest, provider, browser, sealed, expires_at)", "({name}, 'x', 'x', 'x', {end})"),
    "auth_engine.outbox": ("(kind, user_id, sealed, expires_at)", "('mail', $1::uuid, 'x', {end})"),
    "auth_engine.counters": (
        "(key, burst, seconds, window_start, current, previous, admitted, expires_at)",
        "({name}, 1, 1, now(), 0, 0, true, {end})",
    ),
    "auth_engine.known_sources": ("(user_id, source, seen_at)", "($1::uuid, {name}, {end} - interval '180 days')"),
    "auth_engine.deletions": ("(user_id, deleted_at)", "(gen_random_uuid(), {end} - interval '1 year')"),
}
EXPIRED, OPEN = 7, 3


@pytest_asyncio.fixture
async def pool(fresh_auth_database: str) -> AsyncIterator[PoolRunner]:
    runner = await open_pool(fresh_auth_database, 4)
    yield runner
    await runner.close()


async def _fill(pool: PoolRunner) -> None:
    user = await pool.value("insert into auth.users (locale) values ('en') returning id::text")
    for table, (columns, values) in TABLES.items():
        for number in range(EXPIRED + OPEN):
            end = "now() - interval '1 second'" if number < EXPIRED else "now() + interval '1 hour'"
            row = values.format(name=f"'{number}'", end=end)
            arguments = [user] if "$1" in row else []
            await pool.run(f"insert into {table} {columns} values {row}", *arguments)


async def _left(pool: PoolRunner) -> dict[str, int]:
    return {table: await pool.value(f"select count(*) from {table}") for table in TABLES}


async def _is_swept(pool: PoolRunner) -> bool:
    return await _left(pool) == dict.fromkeys(TABLES, OPEN)


async def _says(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    return words in caplog.text


async def _soon(has_come: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it comes about within ten seconds."""
    for _ in range(500):
        if await has_come():
            return True
        await asyncio.sleep(0.02)
    return False


async def test_what_has_expired_goes_in_batches_and_the_rest_stays(pool: PoolRunner) -> None:
    await _fill(pool)
    assert await Sweeper(pool).sweep(batch=3) == EXPIRED * len(TABLES)
    assert await _left(pool) == dict.fromkeys(TABLES, OPEN)
    assert await Sweeper(pool).sweep() == 0


async def test_one_process_sweeps_at_a_time_and_locked_rows_are_passed_over(
    pool: PoolRunner, fresh_auth_database: str
) -> None:
    await _fill(pool)
    other = await asyncpg.connect(fresh_auth_database)
    async with other.transaction():
        await other.execute("select pg_advisory_xact_lock($1)", sweep._LOCK)
        assert await Sweeper(pool).sweep() == 0
    async with other.transaction():
        await other.execute("select * from auth.refresh_tokens where expires_at < now() limit 2 for update")
        assert await Sweeper(pool).sweep() == EXPIRED * len(TABLES) - 2
    await other.close()


async def test_sweeps_come_by_and_by_and_a_failing_one_is_not_the_last(
    pool: PoolRunner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sweep, "INTERVAL_SECONDS", 0.02)
    await _fill(pool)
    await pool.run("alter table auth_engine.codes rename to hidden")
    sweeper = Sweeper(pool)
    await sweeper.start()
    try:
        assert await _soon(lambda: _says(caplog, "UndefinedTableError"))
        await pool.run("alter table auth_engine.hidden rename to codes")
        assert await _soon(lambda: _is_swept(pool))
    finally:
        await sweeper.stop()
