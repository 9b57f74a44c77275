"""Counting in this process alone."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Final

from auth_engine.core.ports import Clock
from auth_engine.limits.windows import Counter, Window, seconds_to_wait

_MOST_COUNTERS: Final = 50_000


class _Row:
    __slots__ = ("current", "previous", "seconds", "start")

    def __init__(self, start: float, seconds: int) -> None:
        self.start = start
        self.seconds = seconds
        self.current = 0
        self.previous = 0

    def roll(self, now: float) -> Window:
        """Move on to the window of now."""
        age = max(now - self.start, 0.0) / self.seconds
        if age >= 2:
            self.start, self.previous, self.current, age = now, 0, 0, 0.0
        elif age >= 1:
            self.start, self.previous, self.current, age = self.start + self.seconds, self.current, 0, age - 1
        return Window(self.current, self.previous, age)


class MemoryCounts:
    """Bounded: where too many clients are counted, those who asked the least are forgotten first."""

    def __init__(self, clock: Clock, most: int = _MOST_COUNTERS) -> None:
        self._clock = clock
        self._most = most
        self._rows: dict[str, _Row] = {}

    async def take(self, counters: Sequence[Counter]) -> int:
        return max(map(self.take_one, counters), default=0)

    def take_one(self, counter: Counter) -> int:
        """0, or the seconds to wait."""
        now = self._clock.monotonic()
        row = self._rows.get(counter.key)
        if row is None:
            if len(self._rows) >= self._most:
                self._make_room(now)
            row = self._rows[counter.key] = _Row(now, counter.rate.seconds)
        window = row.roll(now)
        if not window.has_room(counter.rate.burst):
            return seconds_to_wait(window, counter.rate)
        row.current += 1
        return 0

    async def give_back(self, counter: Counter) -> None:
        row = self._rows.get(counter.key)
        if row is not None and row.current:
            row.current -= 1

    async def close(self) -> None:
        self._rows.clear()

    def _make_room(self, now: float) -> None:
        def weight(item: tuple[str, _Row]) -> float:
            window = item[1].roll(now)
            return window.current + window.previous

        for key, _ in heapq.nsmallest(max(1, self._most // 10), self._rows.items(), weight):
            del self._rows[key]
