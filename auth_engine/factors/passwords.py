"""Passwords: hashed by argon2id, checked in every form that other systems left behind, beside the event loop.

The threads are few and their queue is bounded: beyond it the answer is 503 at once, not a line that grows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from auth_engine.core.errors import Code, Refused
from auth_engine.factors.hashes import argon2_hash, is_current, matches

T = TypeVar("T")

_DUMMY_PASSWORD: Final = "nobody has this password"
_RETRY_AFTER_SECONDS: Final = 1


class Passwords:
    """Hashing and checking. `close` waits for what is under way."""

    def __init__(self, threads: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._most = threads + queue
        self._waiting = 0
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        """An argon2id hash. Raises Refused when too many wait."""
        return await self._beside(lambda: argon2_hash(password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password is the one hashed. No hash, or one of an unknown form, costs the same and is a no."""
        if stored is None:
            return await self._beside(lambda: self._refuse(password))
        return await self._beside(lambda: matches(password, stored))

    def needs_rehash(self, stored: str) -> bool:
        return not is_current(stored)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _refuse(self, password: str) -> bool:
        if self._dummy is None:
            self._dummy = argon2_hash(_DUMMY_PASSWORD)
        matches(password, self._dummy)
        return False

    async def _beside(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._most:
            raise Refused(Code.BUSY, "the password queue is full", retry_after=_RETRY_AFTER_SECONDS)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
