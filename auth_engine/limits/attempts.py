"""Tries at somebody's password or code: counted before they are looked at, so that a hundred at once cannot slip
through together; what turns out to be no wrong guess is taken off again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from auth_engine.core.errors import Code, Refused
from auth_engine.limits.windows import Counter, Counts


class Attempt:
    """One try: `async with kit.limits.attempt(…) as attempt`, with the look at the secret inside.

    Entering raises Refused when there were too many. A try counts when `failed` was called inside; a right guess, a
    full queue or a fault of ours leaves no trace. Enter it outside of transactions: it has a connection of its own.
    """

    __slots__ = ("_choose", "_counter", "_counts", "_stays")

    def __init__(self, counts: Counts | None, choose: Callable[[], Awaitable[Counter]]) -> None:
        """Without `counts` nothing is limited. `choose` says which counter it is."""
        self._counts = counts
        self._choose = choose
        self._counter: Counter | None = None
        self._stays = False

    def failed(self) -> None:
        """It was a wrong guess."""
        self._stays = True

    async def __aenter__(self) -> Self:
        if self._counts is not None:
            counter = await self._choose()
            wait = await self._counts.take([counter])
            if wait:
                raise Refused(Code.TOO_MANY_REQUESTS, f"{counter.key} is full", retry_after=wait)
            self._counter = counter
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._counts is not None and self._counter is not None and not self._stays:
            await self._counts.give_back(self._counter)
