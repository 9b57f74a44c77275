"""Counting in Redis or Valkey, for many processes over many machines.

While it is out of reach each process counts for itself: refusing everybody would let a lost Redis stop the service,
which limits are there to protect.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from auth_engine.core.ports import Clock
from auth_engine.limits.memory import MemoryCounts
from auth_engine.limits.windows import Counter, Counts, Window, seconds_to_wait

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

logger = logging.getLogger(__name__)

T = TypeVar("T")

SCHEMES: Final = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
"""Addresses of stores, and what the client calls them: Valkey speaks the same language."""
_PREFIX: Final = "auth-engine:"
_TIMEOUT_SECONDS: Final = 0.5
_CONNECTIONS: Final = 32
_PAUSE_SECONDS: Final = 5.0
_SCRIPTS: Final = Path(__file__).parent


class RedisCounts:
    """One script for each limited request. Raises what the client raises."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Redis | None = None
        self._count: AsyncScript | None = None
        self._give_back: AsyncScript | None = None

    async def take(self, counters: Sequence[Counter]) -> int:
        if self._count is None:
            self._open()
        assert self._count is not None
        arguments = [number for each in counters for number in (each.rate.burst, each.rate.seconds)]
        answers: list[Any] = await self._count([_PREFIX + each.key for each in counters], arguments)
        waits = (
            seconds_to_wait(Window(int(current), int(previous), float(elapsed)), each.rate)
            for each, (admitted, current, previous, elapsed) in zip(counters, answers, strict=True)
            if not int(admitted)
        )
        return max(waits, default=0)

    async def give_back(self, counter: Counter) -> None:
        if self._give_back is None:
            self._open()
        assert self._give_back is not None
        await self._give_back([_PREFIX + counter.key])

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose(close_connection_pool=True)

    def _open(self) -> None:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        scheme, _, rest = self._address.partition("://")
        connections = BlockingConnectionPool.from_url(
            f"{SCHEMES[scheme]}://{rest}",
            max_connections=_CONNECTIONS,
            timeout=_TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )
        self._client = Redis.from_pool(connections)
        self._count = self._client.register_script(_script("count"))
        self._give_back = self._client.register_script(_script("give_back"))


def _script(name: str) -> str:
    return (_SCRIPTS / f"{name}.lua").read_text(encoding="utf-8")


class SharedCounts:
    """A shared store, and this process's own counting while that is out of reach."""

    def __init__(self, shared: Counts, clock: Clock) -> None:
        self._shared = shared
        self._here = MemoryCounts(clock)
        self._clock = clock
        self._again = float("-inf")

    async def take(self, counters: Sequence[Counter]) -> int:
        return await self._ask(lambda counts: counts.take(counters))

    async def give_back(self, counter: Counter) -> None:
        await self._ask(lambda counts: counts.give_back(counter))

    async def close(self) -> None:
        await self._shared.close()

    async def _ask(self, question: Callable[[Counts], Awaitable[T]]) -> T:
        if self._clock.monotonic() >= self._again:
            try:
                return await question(self._shared)
            except Exception as error:
                self._again = self._clock.monotonic() + _PAUSE_SECONDS
                # Its text may hold the address, and that a password.
                logger.warning("limits are counted by each process alone for a while: %s", type(error).__name__)
        return await question(self._here)
