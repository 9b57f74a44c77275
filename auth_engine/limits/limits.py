"""How often somebody may ask: by address, by account, by recipient. Auth contract §5 and §10, "Limits"."""

from __future__ import annotations

import hashlib
import logging
import re
from functools import partial
from typing import Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import EMAIL_PATTERN
from auth_engine.core.ports import Clock
from auth_engine.core.settings import Settings
from auth_engine.core.types import UserId
from auth_engine.limits.attempts import Attempt
from auth_engine.limits.buckets import Buckets
from auth_engine.limits.database import DatabaseCounts
from auth_engine.limits.memory import MemoryCounts
from auth_engine.limits.shared import RedisCounts, SharedCounts
from auth_engine.limits.windows import Counter, Counts, counter
from auth_engine.store.store import Store, Stores

logger = logging.getLogger(__name__)

ONLY_WITHOUT_ADDRESSES: Final = (
    "AUTH_RATE_LIMIT_ENABLE is not set: failed sign-ins per account, mails per recipient and tries per code are "
    "limited, requests per client address are not"
)
_EMAIL: Final = re.compile(EMAIL_PATTERN)
_ACCOUNT: Final = "account"
_KNOWN_SOURCE: Final = "known-source"
_SECOND_FACTOR: Final = "second-factor"
_RECIPIENT: Final = "recipient"
_NOTICE: Final = "notice"


class Limits:
    """Every method counts and decides in one step, so that parallel requests cannot slip through together."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._buckets = Buckets(settings) if settings.rate_limit_enable else None
        self._is_on = settings.rate_limit_enable is not False
        self._here = MemoryCounts(clock)
        self._counts = _counts(settings, store, clock)

    async def admit(self, path: str, address: str) -> None:
        """The address buckets, before anything else is looked at. Raises Refused with TOO_MANY_REQUESTS."""
        if self._buckets is None:
            return
        wait = self._here.take_one(self._buckets.of_all(address))
        if not wait:
            matching = self._buckets.matching(path, address)
            wait = await self._counts.take(matching) if matching else 0
        if wait:
            raise Refused(Code.TOO_MANY_REQUESTS, "this address asks too often", retry_after=wait)

    def attempt(self, account: str, source: str) -> Attempt:
        """A try at the password or code of an account: the address or number as typed, whether anybody has it or not.

        A source that signed in to the account before has a counter of its own, so what strangers fail at does not stop
        it. Never around passkeys, mailed links or recovery: the owner's ways past a spray.
        """
        counts = self._counts_of_tries()
        return Attempt(counts, partial(self._account_counter, account.strip().lower(), source_digest(source)))

    def second_factor_attempt(self, user_id: UserId, source: str) -> Attempt:
        """A try at the second factor. Counted apart: strangers do not come as far, so their spray does not either."""
        return Attempt(self._counts_of_tries(), partial(self._factor_counter, user_id, source_digest(source)))

    async def remember(self, stores: Stores, user_id: UserId, source: str) -> None:
        """A session was opened from there: within the transaction that opens it."""
        if self._is_on:
            await stores.counters.remember_source(user_id, source_digest(source))

    async def may_mail(self, recipient: str) -> bool:
        """Whether one more mail or text message may go to this recipient; counts it if so. Outside of transactions."""
        return await self._may_send(self._counts, _RECIPIENT, recipient)

    async def may_notify(self, stores: Stores, recipient: str) -> bool:
        """The same for a notice, within the transaction of what it tells of. Counted apart: mails that strangers ask
        for keep no notice from the owner."""
        counts = DatabaseCounts(stores.counters) if isinstance(self._counts, DatabaseCounts) else self._counts
        return await self._may_send(counts, _NOTICE, recipient)

    async def _may_send(self, counts: Counts, bucket: str, recipient: str) -> bool:
        if not self._is_on:
            return True
        to = counter(bucket, self._settings.rate_limit_recipient, _canonical(recipient.strip().lower()))
        if await counts.take([to]):
            logger.info("a mail or message is not sent: its recipient had %s", _told(to))
            return False
        return True

    async def start(self) -> None:
        if self._settings.rate_limit_enable is None:
            logger.warning(ONLY_WITHOUT_ADDRESSES)

    async def stop(self) -> None:
        await self._counts.close()

    # ------------------------------------------------------------ inside

    def _counts_of_tries(self) -> Counts | None:
        return self._counts if self._is_on else None

    async def _account_counter(self, account: str, source: str) -> Counter:
        rate, canonical, sources = self._settings.rate_limit_account, _canonical(account), self._store.counters
        if _is_email(account):
            is_known = await sources.is_source_of_email(account, source)
        else:
            is_known = await sources.is_source_of_phone_number((account, canonical), source)
        if is_known:
            return counter(_KNOWN_SOURCE, rate, f"{canonical} {source}")
        return counter(_ACCOUNT, rate, canonical)

    async def _factor_counter(self, user_id: UserId, source: str) -> Counter:
        rate = self._settings.rate_limit_account
        if await self._store.counters.is_source_of(user_id, source):
            return counter(_SECOND_FACTOR, rate, f"{user_id} {source}")
        return counter(_SECOND_FACTOR, rate, user_id)


def source_digest(source: str) -> str:
    """What is kept of where somebody signs in from: the client's address, IPv6 by /64."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def _is_email(account: str) -> bool:
    return _EMAIL.match(account) is not None


def _canonical(account: str) -> str:
    """One spelling for each account: a phone number by its digits, or each spelling would be tried at anew."""
    if _is_email(account):
        return account
    digits = "".join(character for character in account if character.isascii() and character.isdigit())
    return f"+{digits.removeprefix('00')}"


def _told(counter: Counter) -> str:
    return f"{counter.rate.burst} within {counter.rate.seconds} seconds"


def _counts(settings: Settings, store: Store, clock: Clock) -> Counts:
    match settings.rate_limit_store:
        case "postgres":
            return DatabaseCounts(store.counters)
        case "memory":
            return MemoryCounts(clock)
        case address:
            return SharedCounts(RedisCounts(address), clock)
