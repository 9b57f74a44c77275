"""Putting mails and webhook calls into the outbox, and delivering them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from auth_engine.core.ports import Clock
from auth_engine.core.settings import Settings
from auth_engine.core.types import UserId
from auth_engine.mail.box import MailBox
from auth_engine.mail.letters import Letter
from auth_engine.mail.mailer import Mailer
from auth_engine.net.outside import Outside
from auth_engine.post.delivery import MAIL, PURPOSE, WEBHOOK, Delivery
from auth_engine.post.webhooks import Webhook
from auth_engine.store.store import Store, Stores
from auth_engine.tokens.seals import Seals

logger = logging.getLogger(__name__)

WEBHOOK_SECONDS: Final = 24 * 3_600.0
"""How long a webhook call is tried."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds between looks at what is due, for which new rows are left to whoever wrote them, after which a webhook's
    row is looked for, and that `stop` waits; and how many deliveries run at a time."""

    poll: float = 2.0
    first_try: float = 10.0
    commit: float = 0.1
    stop: float = 3.0
    retries: int = 5
    first_tries: int = 20


class Post:
    """Rows are written inside the caller's transaction; `deliver` is called after it, and a worker sees to the rest.

    A row is delivered at least once, by whichever process comes to it: the mail's Message-ID and the webhook's id are
    the same at every try.
    """

    def __init__(
        self,
        store: Store,
        seals: Seals,
        settings: Settings,
        outside: Outside,
        clock: Clock,
        *,
        timing: Timing | None = None,
        mailer: Mailer | None = None,
    ) -> None:
        self._store = store
        self._seals = seals
        self._clock = clock
        self._timing = timing or Timing()
        self._window = settings.email_answer_window_ms / 1000
        self._mailer = mailer or Mailer.of(settings, outside, clock)
        self._webhook = Webhook.of(settings, outside, clock)
        self._delivery = Delivery(store, seals, self._mailer, self._webhook, settings.smtp_timeout_ms / 1000)
        self._first_tries = asyncio.Semaphore(self._timing.first_tries)
        self._under_way: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._workers: tuple[asyncio.Task[None], ...] = ()

    @property
    def box(self) -> MailBox | None:
        """The mail box of development; None unless AUTH_DEV_MAIL_BOX is on."""
        return self._mailer.box

    # ---- inside the transaction

    async def put_letter(
        self, stores: Stores, letter: Letter, seconds: int, *, user_id: UserId | None = None, ticket: str | None = None
    ) -> str:
        """Queue a mail for as long as what it holds lives; `ticket` is the stored form of the ticket in it, with whose
        end the mail ends too. The id of the row, for `deliver`."""
        row_id = str(uuid.uuid4())
        sealed = self._seals.seal(msgspec.json.encode(letter).decode(), PURPOSE, row_id)
        await stores.outbox.add(
            row_id, MAIL, sealed, seconds, wait=self._timing.first_try, user_id=user_id, ticket=ticket
        )
        return row_id

    async def put_event(self, stores: Stores, event: str, user_id: UserId, payload: dict[str, object]) -> None:
        """Queue a webhook call, where AUTH_WEBHOOK_URL is set. The payload never holds a hash, ticket or code."""
        if self._webhook is None:
            return
        row_id = str(uuid.uuid4())
        body = self._webhook.body(row_id, event, user_id, payload)
        # Not tied to the user, whose deletion is told too.
        await stores.outbox.add(row_id, WEBHOOK, self._seals.seal(body, PURPOSE, row_id), WEBHOOK_SECONDS)
        asyncio.get_running_loop().call_later(self._timing.commit, self._wake.set)

    # ---- after it

    async def deliver(self, row_id: str) -> None:
        """Try once to deliver a row that was committed, and return when that try has ended, at the latest at the end of
        AUTH_EMAIL_ANSWER_WINDOW. Never raises: what fails is tried again later."""
        await asyncio.wait({self._begin(self._try_first(row_id))}, timeout=self._window)

    def deliver_in_background(self, *row_ids: str) -> None:
        """The same for several, without waiting."""
        for row_id in row_ids:
            self._begin(self._try_first(row_id))

    async def settle(self, seconds: float) -> None:
        """Return when nothing is under way, or after so many seconds."""
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=seconds)

    # ---- beside requests

    async def start(self) -> None:
        """Begin to look for what is due."""
        # One for each kind: a webhook that hangs keeps no mail waiting.
        self._workers = (
            asyncio.create_task(self._work(self._work_mails, asyncio.Event())),
            asyncio.create_task(self._work(self._work_webhooks, self._wake)),
        )

    async def stop(self) -> None:
        """Finish what is under way, within a few seconds; what is not finished by then is left to be tried again."""
        self._is_stopping = True
        for worker in self._workers:
            worker.cancel()
        if self._workers:
            await asyncio.wait(self._workers)
        await self.settle(self._timing.stop)
        late = set(self._under_way)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        await self._delivery.release()

    async def work(self) -> None:
        """Deliver all that is due, several at a time, and drop what is of no use any more."""
        await asyncio.gather(self._work_mails(), self._work_webhooks())

    async def _work_mails(self) -> None:
        await self._store.outbox.sweep()
        await self._drain_all(MAIL)

    async def _work_webhooks(self) -> None:
        if self._webhook is not None:
            await self._drain_all(WEBHOOK)

    async def _work(self, look: Callable[[], Awaitable[None]], wake: asyncio.Event) -> None:
        while True:
            try:
                await look()
            except Exception as error:  # the database may be away for a while
                logger.warning("the outbox cannot be read: %s", type(error).__name__)
            await self._nap(wake)

    async def _nap(self, wake: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.poll):
                await wake.wait()
        wake.clear()

    async def _drain_all(self, kind: str) -> None:
        await asyncio.wait([self._begin(self._drain(kind)) for _ in range(self._timing.retries)])

    async def _drain(self, kind: str) -> None:
        while not self._is_stopping and await self._delivery.try_due(kind):
            pass

    async def _try_first(self, row_id: str) -> None:
        async with self._first_tries:
            await self._delivery.try_new(row_id)

    def _begin(self, attempt: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(attempt)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Tried again when the row's lease ends.
            logger.warning("a delivery was broken off: %s", type(error).__name__)
