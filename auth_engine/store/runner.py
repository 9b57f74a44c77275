"""What statements run on: the pool, or the connection of a transaction. Both look alike to the stores."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

import asyncpg

_COMMAND_TIMEOUT: Final = 30.0
_STATEMENTS_KEPT: Final = 200
"""Prepared, of each connection: more than there are."""


class Runner(Protocol):
    """Runs one statement. Arguments are texts, numbers, datetimes and bytes; rows come back as records."""

    async def rows(self, statement: str, *arguments: Any) -> Sequence[Any]: ...

    async def row(self, statement: str, *arguments: Any) -> Any | None: ...

    async def value(self, statement: str, *arguments: Any) -> Any: ...

    async def run(self, statement: str, *arguments: Any) -> int:
        """How many rows were touched."""


def _count(status: str) -> int:
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


class ConnectionRunner:
    """Statements of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy | asyncpg.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str, *arguments: Any) -> Sequence[Any]:
        rows: Sequence[Any] = await self._connection.fetch(statement, *arguments)
        return rows

    async def row(self, statement: str, *arguments: Any) -> Any | None:
        return await self._connection.fetchrow(statement, *arguments)

    async def value(self, statement: str, *arguments: Any) -> Any:
        return await self._connection.fetchval(statement, *arguments)

    async def run(self, statement: str, *arguments: Any) -> int:
        return _count(await self._connection.execute(statement, *arguments))


class PoolRunner:
    """Statements that stand alone, each in a transaction of its own."""

    __slots__ = ("_pool",)

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def rows(self, statement: str, *arguments: Any) -> Sequence[Any]:
        async with self._pool.acquire() as connection:
            rows: Sequence[Any] = await connection.fetch(statement, *arguments)
        return rows

    async def row(self, statement: str, *arguments: Any) -> Any | None:
        async with self._pool.acquire() as connection:
            return await connection.fetchrow(statement, *arguments)

    async def value(self, statement: str, *arguments: Any) -> Any:
        async with self._pool.acquire() as connection:
            return await connection.fetchval(statement, *arguments)

    async def run(self, statement: str, *arguments: Any) -> int:
        async with self._pool.acquire() as connection:
            return _count(await connection.execute(statement, *arguments))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[ConnectionRunner]:
        """All that runs inside is committed together, or nothing is."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield ConnectionRunner(connection)

    async def close(self) -> None:
        await self._pool.close()


async def open_pool(url: str, size: int) -> PoolRunner:
    """A pool of up to `size` connections. Raises what connecting raises."""
    pool = await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        command_timeout=_COMMAND_TIMEOUT,
        statement_cache_size=_STATEMENTS_KEPT,
        # Nothing of ours outlives a transaction, so there is nothing to reset: a round trip saved at every release.
        reset=_nothing,
        server_settings={"application_name": "auth-engine"},
    )
    assert pool is not None
    return PoolRunner(pool)


async def _nothing(_: object) -> None:
    return None
