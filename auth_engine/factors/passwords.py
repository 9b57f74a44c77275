"""Passwords: hashed by argon2id, checked in every form that other systems left behind, beside the event loop.

The threads are few and their queue is bounded: beyond it the answer is 503 at once, not a line that grows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from auth_engine.core.errors import Code, Refused
from auth_engine.factors.hashes import (
    ARGON2_DUMMY,
    BCRYPT_DUMMY,
    argon2_hash,
    bcrypt_hash,
    is_bcrypt,
    is_current,
    is_readable,
    matches,
)

T = TypeVar("T")

_RETRY_AFTER_SECONDS: Final = 1


class Passwords:
    """Hashing and checking. `compatible`: hashed as Hasura Auth does (AUTH_PEER_COMPATIBLE_WRITES), so a password's
    first 72 bytes count. `close` waits for what is under way."""

    def __init__(self, threads: int, queue: int, *, compatible: bool = False) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._most = threads + queue
        self._waiting = 0
        self._compatible = compatible

    async def hash(self, password: str) -> str:
        """A new hash. Raises Refused when too many wait, or where the form cannot hold the password."""
        if not self._compatible:
            return await self._beside(lambda: argon2_hash(password))
        if "\0" in password:
            raise Refused(Code.INVALID_REQUEST, "bcrypt cannot hold a password with U+0000")
        return await self._beside(lambda: bcrypt_hash(password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one hashed. No hash, or one of an unknown form, costs the same and is a no.
        Raises Refused when too many wait."""
        if stored is None or not is_readable(stored):
            dummy = BCRYPT_DUMMY if self._compatible else ARGON2_DUMMY
            await self._beside(lambda: matches(password, dummy))
            return False
        return await self._beside(lambda: matches(password, stored))

    async def renewed(self, password: str, stored: str) -> str | None:
        """What to keep in place of a hash that this password has just matched: a new one where it has not the form of
        new ones. None when it has, or when there is no time for it now."""
        if is_bcrypt(stored) if self._compatible else is_current(stored):
            return None
        try:
            return await self.hash(password)
        except Refused:
            return None

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _beside(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._most:
            raise Refused(Code.BUSY, "the password queue is full", retry_after=_RETRY_AFTER_SECONDS)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
