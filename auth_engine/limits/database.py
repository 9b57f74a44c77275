"""Counting in Postgres: every process over one database counts together, and a restart forgets nothing."""

from __future__ import annotations

from collections.abc import Sequence

from auth_engine.limits.windows import Counter, Window, seconds_to_wait
from auth_engine.store.counters import Counters


class DatabaseCounts:
    """One statement for each limited request. The time is the database's, the same for all processes."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    async def take(self, counters: Sequence[Counter]) -> int:
        rates = {each.key: each.rate for each in counters}
        taken = await self._counters.take([(key, rate.burst, rate.seconds) for key, rate in rates.items()])
        waits = (
            seconds_to_wait(Window(each.current, each.previous, each.elapsed), rates[each.key])
            for each in taken
            if not each.admitted
        )
        return max(waits, default=0)

    async def give_back(self, counter: Counter) -> None:
        await self._counters.give_back(counter.key)

    async def close(self) -> None:
        return None
