"""Counts that several processes share, in Redis or Valkey, by the `limits` library."""

from __future__ import annotations

import time
from typing import Any, Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gql_gen.http.rates import SCHEMES

_TIMEOUT_SECONDS: Final = 0.5
_CONNECTIONS: Final = 32


class SharedCounts:
    """Counts under keys that are digests. Raises what the client raises when the storage is out of reach."""

    def __init__(self, storage: str) -> None:
        scheme, _, rest = storage.partition("://")
        address = f"{SCHEMES[scheme]}://{rest}"
        self._connections = BlockingConnectionPool.from_url(
            address,
            max_connections=_CONNECTIONS,
            timeout=_TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )
        options: dict[str, Any] = {"connection_pool": self._connections}
        counts = RedisStorage(f"async+{address}", implementation="redispy", key_prefix="usher", **options)
        self._limiter = SlidingWindowCounterRateLimiter(counts)

    async def take(self, key: str, most: int, cost: int) -> int:
        """Counts if there is room: 0, else the seconds to wait."""
        item = RateLimitItemPerMinute(most)
        if await self._limiter.hit(item, key, cost=cost):
            return 0
        stats = await self._limiter.get_window_stats(item, key)
        return max(1, int(stats.reset_time - time.time()) + 1)

    async def close(self) -> None:
        await self._connections.aclose()
