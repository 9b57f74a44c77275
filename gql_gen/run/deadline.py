"""A time that work may take. When it is over the work is cancelled, and with it the statement in Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gql_gen.run.failures import took_too_long


@asynccontextmanager
async def in_time(seconds: float | None) -> AsyncIterator[asyncio.Timeout]:
    """Cancels the block after so many seconds, None: never. Raises Failed then, and nothing else's TimeoutError.
    Whoever must not be cut off any more reschedules the clock it yields."""
    clock = asyncio.timeout(seconds)
    try:
        async with clock:
            yield clock
    except TimeoutError:
        if clock.expired():
            raise took_too_long() from None
        raise
