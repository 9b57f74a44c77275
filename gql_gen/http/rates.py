"""How many operations a minute: counted here, or in Redis for several processes together.

A sliding window of two counts: those of this minute, and of the last one as much as still lies within sixty seconds.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
from starlette.types import Scope

from commons.addresses import Network, origin
from gql_gen.rules.types import RateRule
from gql_gen.session import Caller

if TYPE_CHECKING:
    from gql_gen.http.shared_rates import SharedCounts

logger = logging.getLogger(__name__)

WINDOW: Final = 60
MEMORY: Final = "memory://"
SCHEMES: Final = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
"""Addresses of shared storages, and what the client calls them: Valkey speaks the same language."""
_MOST_KEYS: Final = 200_000
_PAUSE_SECONDS: Final = 5.0

Key: TypeAlias = tuple[str, ...]


def is_storage(address: str) -> bool:
    """Whether counts can be kept there."""
    scheme, _, rest = address.partition("://")
    return address == MEMORY or (scheme in SCHEMES and bool(rest))


class Rates:
    """Counts the operations of callers. While Redis is out of reach each process counts for itself."""

    def __init__(
        self, storage: str, proxies: tuple[Network, ...] = (), *, clock: Callable[[], float] = time.time
    ) -> None:
        self._storage = storage
        self._proxies = proxies
        self._clock = clock
        self._here = LocalCounts(clock)
        self._shared: SharedCounts | None = None
        self._again = float("-inf")

    async def take(self, rule: RateRule, caller: Caller, scope: Scope, operations: int) -> int:
        """Counts them if they may be asked now: 0, else the seconds to wait, and nothing is counted."""
        key = self._key(rule, caller, scope)
        if self._storage != MEMORY and self._clock() >= self._again:
            try:
                return await self._open().take(_digest(key), rule.per_minute, operations)
            except Exception as error:
                # Refusing everybody would let a lost Redis stop the service, which limits are there to protect.
                self._again = self._clock() + _PAUSE_SECONDS
                logger.warning("rates are counted by each process alone for a while: %s", error)
        return self._here.take(key, rule.per_minute, operations)

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.close()

    def _open(self) -> SharedCounts:
        if self._shared is None:
            from gql_gen.http.shared_rates import SharedCounts

            self._shared = SharedCounts(self._storage)
        return self._shared

    def _key(self, rule: RateRule, caller: Caller, scope: Scope) -> Key:
        parts = [origin(scope, self._proxies) if name == "ip" else caller.variables.get(name, "") for name in rule.by]
        return (caller.role, *parts)


class LocalCounts:
    """Counts of this process. The library's own memory walks through all its keys at every hit (measured: 1.9 ms with
    20,000 callers); here a minute's counts go together when the minute after is over."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._minute = 0
        self._now: dict[Key, int] = {}
        self._before: dict[Key, int] = {}

    def take(self, key: Key, most: int, cost: int) -> int:
        minute, elapsed = divmod(self._clock(), WINDOW)
        self._turn_to(int(minute))
        if key not in self._now and len(self._now) >= _MOST_KEYS:
            # Newcomers of a flood count together.
            key = ("",)
        before, now = self._before.get(key, 0), self._now.get(key, 0)
        if math.floor(before * (WINDOW - elapsed) / WINDOW) + now + cost > most:
            return wait_for(before, now, elapsed, most, cost)
        self._now[key] = now + cost
        return 0

    def _turn_to(self, minute: int) -> None:
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else {}
            self._now = {}
            self._minute = minute


def wait_for(before: int, now: int, elapsed: float, most: int, cost: int) -> int:
    """Seconds until so many more may be asked, nothing else being asked: `before` were in the last minute, `now` in
    this one, of which `elapsed` seconds are over."""
    room = most - cost + 1
    if room <= 0:
        return WINDOW
    if now < room:
        seconds = WINDOW * (1 - (room - now) / max(before, 1)) - elapsed
    else:
        seconds = WINDOW - elapsed + WINDOW * max(0.0, 1 - room / now)
    return max(1, math.floor(seconds) + 1)


def _digest(key: Key) -> str:
    """A name of one length that shows nobody's variables to whoever reads the storage."""
    return hashlib.sha256(msgspec.json.encode(key)).hexdigest()
