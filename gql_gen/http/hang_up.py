"""Stops work for clients that have gone, without a task or a timer for requests that are fast."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Receive

Result = TypeVar("Result")


class HungUp(Exception):
    """The client is gone: nobody waits for an answer."""


class Watchman:
    """Looks after the requests of one endpoint. All wait equally long before they are watched, so those that came first
    are due first, and one timer serves them all."""

    def __init__(self, watch_after: float) -> None:
        self._watch_after = watch_after
        self._waiting: deque[_Watch] = deque()
        self._is_ticking = False

    async def while_connected(self, work: Awaitable[Result], receive: Receive) -> Result:
        """Await the work; after `watch_after` seconds also listen for a disconnect, and cancel the work on it.

        Raises HungUp. The body of the request must have been received whole.
        """
        watch = self._begin(receive)
        try:
            return await work
        except asyncio.CancelledError:
            # Somebody else's cancellation goes on; ours ends here, else the server would log a failure.
            if watch.fired and watch.task is not None and watch.task.uncancel() == 0:
                raise HungUp from None
            raise
        finally:
            watch.end()

    def _begin(self, receive: Receive) -> _Watch:
        loop = asyncio.get_running_loop()
        watch = _Watch(receive, asyncio.current_task(loop), loop.time() + self._watch_after)
        # What is over leaves as soon as nothing older is under way: few watches ever wait.
        while self._waiting and self._waiting[0].task is None:
            self._waiting.popleft()
        self._waiting.append(watch)
        if not self._is_ticking:
            self._is_ticking = True
            loop.call_later(self._watch_after, self._tick, loop)
        return watch

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now, waiting = loop.time(), self._waiting
        while waiting and (waiting[0].task is None or waiting[0].due <= now):
            waiting.popleft().listen(loop)
        self._is_ticking = bool(waiting)
        if waiting:
            loop.call_later(waiting[0].due - now, self._tick, loop)


class _Watch:
    """One request. `task` is None once it is over: a watch that kept its references would live until the garbage
    collector comes (measured: p99 of 22 ms instead of 8)."""

    __slots__ = ("_listener", "_receive", "due", "fired", "task")

    def __init__(self, receive: Receive, task: asyncio.Task[object] | None, due: float) -> None:
        self._receive: Receive | None = receive
        self._listener: asyncio.Task[None] | None = None
        self.task = task
        self.due = due
        self.fired = False

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.task is not None:
            self._listener = loop.create_task(self._listen())

    def end(self) -> None:
        self.task = self._receive = None
        if self._listener is not None:
            self._listener.cancel()

    async def _listen(self) -> None:
        while self._receive is not None and (await self._receive())["type"] != "http.disconnect":
            pass
        if self.task is not None:
            self.fired = True
            self.task.cancel()
