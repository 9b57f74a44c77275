"""Stops work for clients that have gone, without a task for requests that are fast."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Receive

Result = TypeVar("Result")


class HungUp(Exception):
    """The client is gone: nobody waits for an answer."""


async def while_connected(work: Awaitable[Result], receive: Receive, watch_after: float) -> Result:
    """Await the work; after `watch_after` seconds also listen for a disconnect, and cancel the work on it.

    Raises HungUp. The body of the request must have been received whole.
    """
    watch = _Watch(receive, watch_after)
    try:
        return await work
    except asyncio.CancelledError:
        # Somebody else's cancellation goes on; ours ends here, else the server would log a failure.
        if watch.fired and watch.task.uncancel() == 0:
            raise HungUp from None
        raise
    finally:
        watch.close()


class _Watch:
    def __init__(self, receive: Receive, delay: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.task = task
        self.fired = False
        self._receive = receive
        self._listener: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(delay, self._start)

    def close(self) -> None:
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()

    def _start(self) -> None:
        self._listener = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.fired = True
        self.task.cancel()
