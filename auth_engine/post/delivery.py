"""One try to deliver one row of the outbox: taken, opened, sent, and removed or put off."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Final

import msgspec

from auth_engine.mail.carrier import NotDelivered
from auth_engine.mail.letters import Letter
from auth_engine.mail.mailer import NO_WAY_OUT, Mailer
from auth_engine.net.outside import TIMEOUT_SECONDS
from auth_engine.post.webhooks import Webhook
from auth_engine.store.outbox import Due
from auth_engine.store.store import Store
from auth_engine.tokens.seals import Seals

logger = logging.getLogger(__name__)

MAIL: Final = "mail"
WEBHOOK: Final = "webhook"
PURPOSE: Final = "outbox"

FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 900.0
MOST_PERMANENT: Final = 8
"""Tries after which a permanent refusal is believed: one that an operator can mend lasts no ten minutes."""
_SPARE_SECONDS: Final = 20.0


class Delivery:
    """Tries rows. What was taken and not finished can be given back by `release`."""

    def __init__(
        self, store: Store, seals: Seals, mailer: Mailer, webhook: Webhook | None, smtp_seconds: float
    ) -> None:
        self._outbox = store.outbox
        self._seals = seals
        self._mailer = mailer
        self._webhook = webhook
        self._seconds = max(smtp_seconds, TIMEOUT_SECONDS) + _SPARE_SECONDS
        self._lease = self._seconds + _SPARE_SECONDS
        self._taken: set[str] = set()

    async def try_new(self, row_id: str) -> None:
        """The first try, where nobody else has begun it."""
        due = await self._outbox.claim_new(row_id, self._lease)
        if due is not None:
            await self._try(due)

    async def try_due(self, kind: str) -> bool:
        """One of this kind that is due; False when there was none."""
        due = await self._outbox.claim_due(kind, self._lease)
        if due is None:
            return False
        await self._try(due)
        return True

    async def release(self) -> None:
        """Give back what was taken and not finished."""
        if self._taken:
            await self._outbox.release(tuple(self._taken))

    async def _try(self, due: Due) -> None:
        self._taken.add(due.id)
        try:
            failure = await self._failure(due)
            await (self._outbox.remove(due.id) if failure is None else self._put_off(due, failure))
        except asyncio.CancelledError:
            raise  # unfinished: `release` gives it back
        except Exception:
            self._taken.discard(due.id)
            raise
        self._taken.discard(due.id)

    async def _failure(self, due: Due) -> NotDelivered | None:
        """Send it; why it was not delivered, None when it was."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._send(due)
        except NotDelivered as failure:
            return failure
        except Exception as error:
            # A fault of ours, told by its name alone, since its text may hold what was sent.
            return NotDelivered(f"it failed with {type(error).__name__}")
        return None

    async def _send(self, due: Due) -> None:
        text = self._seals.open(due.sealed, PURPOSE, due.id)
        if text is None:
            raise NotDelivered("it is sealed under a key that is not there")
        if due.kind == MAIL:
            await self._mailer.send(due.id, msgspec.json.decode(text, type=Letter))
        elif self._webhook is not None:
            await self._webhook.call(due.id, text)
        else:
            raise NotDelivered("AUTH_WEBHOOK_URL is not set")

    async def _put_off(self, due: Due, failure: NotDelivered) -> None:
        if failure.permanent and due.tries >= MOST_PERMANENT:
            logger.error("%s %s is given up after %d tries: %s", due.kind, due.id, due.tries, failure)
            await self._outbox.remove(due.id)
            return
        if due.tries == 1 or str(failure) != NO_WAY_OUT:
            logger.warning("%s %s was not delivered at try %d: %s", due.kind, due.id, due.tries, failure)
        await self._outbox.put_off(due, str(failure), pause(due.tries))


def pause(tries: int) -> float:
    """Seconds before the next try: doubled at each, half of it at random, so that what failed together does not come
    back together."""
    longest = min(FIRST_PAUSE * 2.0 ** min(tries - 1, 20), LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1.0)
