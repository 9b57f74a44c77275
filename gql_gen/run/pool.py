"""A first-come-first-served pool of asyncpg connections and the statements prepared on them.

Not asyncpg.Pool: its reset query costs a round trip a request, its waiters are not served in order (p99 at 512
connections was six times worse), and it closes over prepared statements we want to keep.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from gql_gen.run.failures import LOST, UNAVAILABLE, was_never_sent
from gql_gen.sql.session import COMMIT, ROLLBACK, SERVER_SETTINGS, set_local, timeouts

_PREPARED = 256
_CLOSE_SECONDS = 5.0
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class PoolSettings:
    url: str
    size: int = 10
    statement_timeout_ms: int = 60_000
    use_prepared_statements: bool = True


class Link:
    """One connection and what is prepared on it, the least recently used first."""

    __slots__ = ("_count", "_poll", "connection", "prepared", "protocol")

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self.connection = connection
        self.protocol = connection._protocol
        self.prepared: OrderedDict[str, asyncpg.prepared_stmt.PreparedStatement[Any]] = OrderedDict()
        self._count = 0
        self._poll = select.poll()
        self._poll.register(connection._transport.get_extra_info("socket").fileno(), select.POLLIN)

    @property
    def is_over(self) -> bool:
        """Whether the server has ended this idle connection, even if our event loop has not heard of it yet: those who
        ask nothing are told nothing else."""
        return self.connection.is_closed() or bool(self._poll.poll(0))

    async def first_row(self, text: str, arguments: Sequence[str | None], *, prepare: bool) -> asyncpg.Record | None:
        """One row of a statement not prepared yet; with `prepare` it is from now on."""
        if not prepare:
            return await self.connection.fetchrow(text, *arguments)
        self._count += 1
        statement = await self.connection.prepare(text, name=f"usher_{self._count}")
        self.prepared[text] = statement
        if len(self.prepared) > _PREPARED:
            self.prepared.popitem(last=False)
        rows = await statement.fetch(*arguments)
        return rows[0] if rows else None

    def rows(
        self, statement: asyncpg.prepared_stmt.PreparedStatement[Any], arguments: Sequence[str | None]
    ) -> Awaitable[tuple[list[asyncpg.Record], bytes, bool]]:
        """The rows of a prepared statement in one round trip. asyncpg's own way in, without the five calls that
        `fetchrow` makes on the way: they cost a tenth of a small request. No row limit: it would forbid parallel plans.
        A guard test holds the signature."""
        return self.protocol.bind_execute(statement._state, arguments, "", 0, True, None)  # type: ignore[no-any-return]


class Transaction:
    """Statements on one connection between BEGIN and COMMIT. `is_dry`: it ends with ROLLBACK whatever happens."""

    __slots__ = ("_link", "_pool", "is_dry")

    def __init__(self, pool: Pool, link: Link) -> None:
        self._pool = pool
        self._link = link
        self.is_dry = False

    async def row(self, text: str, arguments: Sequence[str | None], *, prepare: bool = False) -> asyncpg.Record | None:
        return await self._pool._row(self._link, text, arguments, prepare)

    async def execute(self, text: str) -> None:
        await self._link.connection.execute(text)


class Pool:
    """At most `size` connections, opened as they are needed."""

    def __init__(self, settings: PoolSettings) -> None:
        self.settings = settings
        self._free: deque[Link] = deque()
        self._waiting: deque[asyncio.Future[Link | None]] = deque()
        self._open = 0
        self._closing: set[asyncio.Task[None]] = set()
        self._session = {**SERVER_SETTINGS, **timeouts(settings.statement_timeout_ms)}
        self._closed = False

    async def fetch(
        self, text: str, arguments: Sequence[str | None], *, prepare: bool = False
    ) -> asyncpg.Record | None:
        """One row of a read. A connection that the server had closed is replaced once, unseen: a read may run again."""
        link = self._free.popleft() if self._free else await self._acquire()
        try:
            statement = link.prepared.get(text)
            if statement is None:
                row = await self._unprepared(link, text, arguments, prepare)
            else:
                link.prepared.move_to_end(text)
                rows = (await link.rows(statement, arguments))[0]
                row = rows[0] if rows else None
        except Exception as error:
            if not isinstance(error, LOST) and not link.connection.is_closed():
                link.prepared.pop(text, None)
                is_sound = isinstance(error, asyncpg.PostgresError) and not isinstance(error, UNAVAILABLE)
                self._release(link) if is_sound else self._discard(link)
                raise
            self._discard(link)
        except BaseException:
            # Cancelled: asyncpg cancels the query on the server while closing.
            self._discard(link)
            raise
        else:
            self._release(link)
            return row
        return await self._again(text, arguments)

    async def write(
        self, text: str, arguments: Sequence[str | None], *, prepare: bool = False
    ) -> asyncpg.Record | None:
        """One row of a statement that writes, in a transaction of its own. Never run twice: when the connection is lost
        nobody knows whether it was committed."""
        while True:
            link = await self._living()
            try:
                row = await self._row(link, text, arguments, prepare)
            except BaseException as error:
                self._settle(link, error)
                if not was_never_sent(error):
                    raise
            else:
                is_awaited = bool(self._waiting)
                self._release(link)
                if is_awaited:
                    # The next statement goes out before this answer does: the database works while we write.
                    await asyncio.sleep(0)
                return row

    @asynccontextmanager
    async def transaction(self, begin: str) -> AsyncIterator[Transaction]:
        """A transaction on one connection: rolled back unless the block ends without an error."""
        async with self._held(begin) as link:
            if not self.settings.use_prepared_statements:
                await link.connection.execute(set_local(self._session))
            transaction = Transaction(self, link)
            try:
                yield transaction
            except BaseException:
                await _rolled_back(link)
                raise
            await link.connection.execute(ROLLBACK if transaction.is_dry else COMMIT)

    @asynccontextmanager
    async def _held(self, begin: str) -> AsyncIterator[Link]:
        """A connection for a while, after `begin`; given up unless it is certain to be sound."""
        link = await self._begun(begin)
        try:
            yield link
        except BaseException as error:
            self._settle(link, error)
            raise
        self._release(link)

    def _settle(self, link: Link, error: BaseException) -> None:
        """After an error a connection is given up unless it is certain to be sound. After a cancellation it never is:
        asyncpg cancels the query on the server while closing."""
        is_sound = isinstance(error, Exception) and not isinstance(error, UNAVAILABLE)
        is_sound = is_sound and not link.connection.is_closed() and not link.connection.is_in_transaction()
        self._release(link) if is_sound else self._discard(link)

    async def _living(self) -> Link:
        """A connection that has not ended while it was idle: a write cannot find that out, for it is not sent twice."""
        while self._free:
            link = self._free.popleft()
            if not link.is_over:
                return link
            self._discard(link)
        return await self._acquire()

    async def _begun(self, begin: str) -> Link:
        """A connection in a transaction. One that turns out to be over is replaced: nothing was done on it yet."""
        others = self.settings.size
        while True:
            link = await self._living()
            try:
                await link.connection.execute(begin)
            except BaseException as error:
                self._discard(link)
                if not isinstance(error, LOST) or others == 0:
                    raise
                others -= 1
            else:
                return link

    async def _row(
        self, link: Link, text: str, arguments: Sequence[str | None], prepare: bool
    ) -> asyncpg.Record | None:
        statement = link.prepared.get(text)
        if statement is None:
            return await self._unprepared(link, text, arguments, prepare)
        link.prepared.move_to_end(text)
        try:
            rows = (await link.rows(statement, arguments))[0]
        except asyncpg.PostgresError:
            link.prepared.pop(text, None)
            raise
        return rows[0] if rows else None

    async def _again(self, text: str, arguments: Sequence[str | None]) -> asyncpg.Record | None:
        """The same on a connection of its own, opened now."""
        connection = await self.connect()
        try:
            return await self._unprepared(Link(connection), text, arguments, prepare=False)
        finally:
            await _close(connection)

    async def _unprepared(
        self, link: Link, text: str, arguments: Sequence[str | None], prepare: bool
    ) -> asyncpg.Record | None:
        if self.settings.use_prepared_statements:
            return await link.first_row(text, arguments, prepare=prepare)
        if link.connection.is_in_transaction():
            return await link.connection.fetchrow(text, *arguments)
        async with link.connection.transaction():
            await link.connection.execute(set_local(self._session))
            return await link.connection.fetchrow(text, *arguments)

    async def connect(self) -> asyncpg.Connection[Any]:
        """A connection with our settings, outside the pool's count."""
        pooled = self.settings.use_prepared_statements
        connection = await asyncpg.connect(
            self.settings.url,
            timeout=_CONNECT_SECONDS,
            statement_cache_size=0,
            server_settings={"application_name": "usher", **(self._session if pooled else {})},
        )
        # JSON comes as the bytes Postgres printed and goes out as such.
        await connection.set_type_codec(
            "json", schema="pg_catalog", encoder=_as_bytes, decoder=_as_bytes, format="binary"
        )
        return connection

    async def _acquire(self) -> Link:
        if self._closed:
            raise asyncpg.InterfaceError("the pool is closed")
        if self._open < self.settings.size:
            self._open += 1
            return await self._opened()
        waiter: asyncio.Future[Link | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            link = await waiter
        except asyncio.CancelledError:
            # What was handed over at the same moment, a connection or a place, goes to the next in the queue.
            if waiter.done() and not waiter.cancelled():
                given = waiter.result()
                if given is not None:
                    self._release(given)
                else:
                    self._vacate()
            raise
        return link if link is not None else await self._opened()

    async def _opened(self) -> Link:
        """A fresh connection for a place already counted."""
        try:
            return Link(await self.connect())
        except BaseException:
            self._vacate()
            raise

    def _release(self, link: Link) -> None:
        if link.connection.is_closed() or self._closed:
            self._discard(link)
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(link)
                return
        self._free.append(link)

    def _discard(self, link: Link) -> None:
        task = asyncio.get_running_loop().create_task(_close(link.connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        self._vacate()

    def _vacate(self) -> None:
        """A place is free: the first in the queue opens a connection of its own."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._open -= 1

    def forget_statements(self) -> None:
        """After a change of the schema idle connections forget what they prepared; busy ones drop it on failure."""
        for link in self._free:
            link.prepared.clear()

    async def close(self) -> None:
        self._closed = True
        while self._free:
            self._discard(self._free.popleft())
        if self._closing:
            await asyncio.gather(*self._closing, return_exceptions=True)


async def _rolled_back(link: Link) -> None:
    """Ends a failed transaction. Where even that fails the connection is given up, and the server rolls back itself."""
    with contextlib.suppress(Exception):
        await link.connection.execute(ROLLBACK)


def _as_bytes(value: bytes) -> bytes:
    return value


async def _close(connection: asyncpg.Connection[Any]) -> None:
    try:
        await connection.close(timeout=_CLOSE_SECONDS)
    except Exception:
        connection.terminate()
