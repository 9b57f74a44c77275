"""Whose access tokens count no more: users who were disabled or deleted while tokens of theirs were about.

Access tokens are checked without a database, so whoever checks them has to be told. A connection of its own listens on
the channel that the triggers of auth.users notify; since a pooler may swallow what is said there, it also looks twice a
second. Nothing is lost with a connection: what is read is the whole state, never a change.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Final

import asyncpg

from auth_engine.store.queries import queries

logger = logging.getLogger(__name__)

CHANNEL: Final = "auth_engine_users"
LOOK_SECONDS: Final = 0.5
_TIMEOUT: Final = 10.0
_SHARE: Final = 10
"""Looking may take a tenth of the time."""
_SQL: Final = queries("revoked")


class RevokedUsers:
    """Follows the database between `start` and `stop`. `since` is one mapping for good, changed in place: user id →
    Unix time; tokens issued before it do not count."""

    def __init__(self, url: str, token_seconds: int) -> None:
        self._url = url
        self._token_seconds = token_seconds
        self._since: dict[str, float] = {}
        self._stirred = asyncio.Event()
        self._connection: asyncpg.Connection | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def since(self) -> Mapping[str, float]:
        return self._since

    async def start(self) -> None:
        """Returns when the state is known. Raises what connecting raises."""
        self._connection = await self._connect()
        await self._look(self._connection)
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        self._hang_up()

    async def _connect(self) -> asyncpg.Connection:
        settings = {"application_name": "auth-engine revoked"}
        return await asyncpg.connect(self._url, command_timeout=_TIMEOUT, timeout=_TIMEOUT, server_settings=settings)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _watch(self) -> None:
        """For good, over as many connections as it takes. Without a database the last state stays."""
        while True:
            try:
                self._connection = self._connection or await self._connect()
                await self._follow(self._connection)
            except Exception as error:  # whatever happens, somebody has to keep looking
                logger.warning("lost sight of disabled and deleted users, trying again: %s", type(error).__name__)
            self._hang_up()
            await asyncio.sleep(LOOK_SECONDS)

    async def _follow(self, connection: asyncpg.Connection) -> None:
        await connection.add_listener(CHANNEL, self._stir)
        clock = asyncio.get_running_loop().time
        while True:
            begun = clock()
            self._stirred.clear()
            await self._look(connection)
            rest = max(LOOK_SECONDS, _SHARE * (clock() - begun))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), rest)

    def _stir(self, *_: object) -> None:
        self._stirred.set()

    async def _look(self, connection: asyncpg.Connection) -> None:
        rows = await connection.fetch(_SQL["all"], self._token_seconds)
        if not await connection.fetchval(_SQL["has_trigger"]):
            rows += await connection.fetch(_SQL["disabled"])
        found: dict[str, float] = {}
        for user_id, since in rows:
            found[user_id] = max(since, found.get(user_id, since))
        self._since.clear()
        self._since.update(found)
