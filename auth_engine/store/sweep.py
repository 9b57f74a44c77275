"""Removing what has expired, beside the requests: small batches, each a short transaction of its own, and of all
processes one at a time."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from typing import Final

from auth_engine.store.queries import queries
from auth_engine.store.runner import PoolRunner

logger = logging.getLogger(__name__)

INTERVAL_SECONDS: Final = 300.0
BATCH: Final = 500
"""Rows."""
_PAUSE_SECONDS: Final = 0.02
"""Between batches, for requests that wait for a connection."""
_LOCK: Final = 6_014_917_235_408_117_202
"""Any number that nobody else takes."""
_MAY_SWEEP: Final = "may_sweep"
_SQL: Final = queries("sweep")


class Sweeper:
    """Sweeps every INTERVAL_SECONDS from `start` to `stop`; the first time half an interval to one and a half after the
    start, so that instances started together do not all come at once."""

    def __init__(self, pool: PoolRunner) -> None:
        self._pool = pool
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="sweeper")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def sweep(self, batch: int = BATCH) -> int:
        """Remove everything that has expired. How many rows; 0 at once where another process sweeps."""
        removed = 0
        for name in _SQL:
            if name != _MAY_SWEEP:
                removed += await self._sweep_table(name, batch)
        return removed

    async def _sweep_table(self, name: str, batch: int) -> int:
        removed, last = 0, batch
        while last == batch:
            last = await self._sweep_batch(name, batch)
            removed += last
            await asyncio.sleep(_PAUSE_SECONDS if last == batch else 0)
        return removed

    async def _sweep_batch(self, name: str, batch: int) -> int:
        async with self._pool.transaction() as runner:
            if not await runner.value(_SQL[_MAY_SWEEP], _LOCK):
                return 0
            return await runner.run(_SQL[name], batch)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS * random.uniform(0.5, 1.5))
            try:
                removed = await self.sweep()
            except Exception as error:
                logger.warning("what has expired could not be removed: %s", type(error).__name__)
            else:
                logger.debug("%d expired rows removed", removed)
