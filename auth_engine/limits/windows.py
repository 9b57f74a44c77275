"""Sliding windows: the requests of this window, and those of the last one as far as they still lie within it.

A window begins with its first request. Every store counts by these rules; what one counter admits is exactly its burst
within any window, and a refused request is not counted.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from auth_engine.core.settings import Rate

TOLERANCE: Final = 1e-6
"""Of a request: what adding up fractions may cost. `counters.sql` and `count.lua` know the same number."""
_KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted in. Whatever changes of it, counting starts anew."""

    key: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Window:
    """A counter at some moment: what came in this window and in the last one, and how much of this one is over."""

    current: int
    previous: int
    elapsed: float
    """From 0 to 1."""

    def has_room(self, burst: int) -> bool:
        return self.current + self.previous * (1 - self.elapsed) + 1 <= burst + TOLERANCE


class Counts(Protocol):
    """Where counters live. Each method is one atomic step."""

    async def take(self, counters: Sequence[Counter]) -> int:
        """Count one request in each counter that has room: 0 when all had, else the seconds to wait for the last."""

    async def give_back(self, counter: Counter) -> None:
        """Take one request off again."""

    async def close(self) -> None: ...


def counter(bucket: str, rate: Rate, client: str) -> Counter:
    """The counter of a client in a bucket. Its key names the bucket and shows nobody's address."""
    whole = f"{bucket}:{rate.burst}:{rate.seconds}:{client}".encode("utf-8", "surrogatepass")
    return Counter(f"{bucket}:{hashlib.blake2b(whole, digest_size=_KEY_BYTES).hexdigest()}", rate)


def seconds_to_wait(window: Window, rate: Rate) -> int:
    """Until there is room for one more, nothing else being counted: whole seconds, at least one."""
    room = rate.burst - 1
    if window.current <= room:
        fraction = 1 - (room - window.current) / max(window.previous, 1) - window.elapsed
    else:
        fraction = 1 - window.elapsed + (1 - room / window.current)
    return max(1, math.ceil(round(fraction * rate.seconds, 6)))
