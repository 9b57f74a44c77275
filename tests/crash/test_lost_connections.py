"""Connections that end while nobody looks, or at the worst moment: a write is never run twice, and never told to have
failed when it has not."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from crash.conftest import OpenDesk
from crash.kit import COUNT, COUNTED_ENTRY, ENTRY, WAITERS, WAITS, Observer, Wire, message, until
from crash.writers import UNKNOWN

END_IDLE_CONNECTIONS = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where application_name = 'usher' and datname = current_database() and state = 'idle'
"""
GONE = "select count(*) = 0 from pg_stat_activity where application_name = 'usher' and datname = current_database()"
THROW_OUT = f"select pg_terminate_backend(pid) {WAITERS}"
TRIES = 20


@pytest.fixture
async def wire(url: str) -> AsyncIterator[Wire]:
    with tempfile.TemporaryDirectory(prefix="usher-wire-") as folder:
        async with Wire.to(url, Path(folder)) as wire:
            yield wire


@pytest.mark.parametrize("text", [ENTRY, COUNTED_ENTRY], ids=["one statement", "two statements"])
@pytest.mark.parametrize("notices", [True, False], ids=["noticed", "unnoticed"])
async def test_a_connection_closed_while_idle_costs_no_write(
    open_desk: OpenDesk, observer: Observer, text: str, notices: bool
) -> None:
    desk = await open_desk(pool_size=2)
    for _ in range(TRIES):
        await asyncio.gather(*(desk.ask(COUNT) for _ in range(2)))
        await end_idle_connections(observer, notices)
        key, answer = await desk.enter(text)
        assert answer["data"]["insert_entries_one"] == {"id": key}
    assert await observer.fetchval("select count(*) from entries") == TRIES


async def end_idle_connections(observer: Observer, notices: bool) -> None:
    """`notices`: usher's event loop may see it before the next write."""
    assert await observer.fetchval(END_IDLE_CONNECTIONS) > 0
    await until(observer, GONE, pause=0.01 if notices else 0)


@pytest.mark.parametrize("text", [ENTRY, COUNTED_ENTRY], ids=["one statement", "two statements"])
async def test_an_answer_lost_on_the_way_is_told_as_not_known_and_nothing_is_sent_again(
    open_desk: OpenDesk, observer: Observer, wire: Wire, url: str, text: str
) -> None:
    desk = await open_desk(wire.url(url))
    for _ in range(3):  # so that it is prepared, and one word from the server is the whole answer
        await desk.enter(text)
    wire.cut = True
    key, answer = await desk.enter(text)
    wire.cut = False
    found = await observer.fetchval("select count(*) from entries where id = $1", key)
    if text is ENTRY:
        assert (found, UNKNOWN in message(answer)) == (1, True)
    else:  # lost at its beginning: that can be tried again, and is not heard the second time either
        assert found == 0
        assert message(answer)
    key, answer = await desk.enter(text)
    assert answer["data"]["insert_entries_one"] == {"id": key}


async def test_a_commit_whose_answer_is_lost_is_told_as_not_known(
    open_desk: OpenDesk, observer: Observer, wire: Wire, url: str
) -> None:
    """A deferred trigger waits for a lock, so that the wire can be cut during the commit."""
    await observer.execute(SLOW_COMMIT)
    desk = await open_desk(wire.url(url))
    async with observer.transaction():
        await observer.execute("select pg_advisory_xact_lock(1)")
        writing = asyncio.create_task(desk.enter(COUNTED_ENTRY))
        await until(observer, WAITS)
        wire.cut = True
    key, answer = await writing
    assert UNKNOWN in message(answer)
    assert await observer.fetchval("select count(*) from entries where id = $1", key) == 1
    assert await observer.fetchval("select value from counters where id = 1") == 1


SLOW_COMMIT = """
create function wait_for_lock() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(1);
    return null;
end
$$;
create constraint trigger slow after insert on entries deferrable initially deferred
for each row execute function wait_for_lock();
"""


@pytest.mark.parametrize("text", [ENTRY, COUNTED_ENTRY], ids=["one statement", "two statements"])
async def test_a_writer_thrown_out_while_it_waits_has_changed_nothing_and_is_told(
    open_desk: OpenDesk, observer: Observer, text: str
) -> None:
    desk = await open_desk()
    async with observer.transaction():
        await observer.execute("lock table entries in exclusive mode")
        writing = asyncio.create_task(desk.enter(text))
        await until(observer, WAITS)
        await observer.execute(THROW_OUT)
        key, answer = await writing
    assert message(answer)
    assert await observer.fetchval("select count(*) from entries where id = $1", key) == 0
    assert await observer.fetchval("select value from counters where id = 1") == 0
    key, answer = await desk.enter(text)
    assert answer["data"]["insert_entries_one"] == {"id": key}
