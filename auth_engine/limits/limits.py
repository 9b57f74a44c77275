"""How often somebody may ask: by address, by account, by recipient. Auth contract §5 and §10, "Limits"."""

from __future__ import annotations

from auth_engine.core.settings import Settings
from auth_engine.store.store import Store


class Limits:
    """Every method counts and decides in one step, so that parallel requests cannot slip through together."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    async def admit(self, path: str, address: str) -> None:
        """The address buckets, before anything else is looked at. Raises Refused with TOO_MANY_REQUESTS."""

    async def ensure_open(self, account: str, source: str) -> None:
        """Whether a sign-in to this account (the address or number as typed, known or not) may be tried from this
        source. Raises Refused with TOO_MANY_REQUESTS."""

    async def note_failure(self, account: str, source: str) -> None:
        """A sign-in failed."""

    async def note_success(self, account: str, source: str) -> None:
        """A sign-in worked: others' failures do not stop this source any more."""

    async def may_mail(self, recipient: str) -> bool:
        """Whether one more mail or message may go to this recipient; counts it if so."""
        return True

    async def start(self) -> None: ...

    async def stop(self) -> None: ...
