"""Putting mails and webhook calls into the outbox, and delivering them."""

from __future__ import annotations

import msgspec

from auth_engine.core.types import UserId
from auth_engine.mail.letters import Letter
from auth_engine.store.store import Store, Stores
from auth_engine.tokens.seals import Seals

_MAIL = "mail"


class Post:
    """Rows are written inside the caller's transaction; `deliver` is called after it, and a worker sees to the rest."""

    def __init__(self, store: Store, seals: Seals) -> None:
        self._store = store
        self._seals = seals

    async def put_letter(
        self, stores: Stores, letter: Letter, seconds: int, *, user_id: UserId | None = None, ticket: str | None = None
    ) -> str:
        """Queue a mail for as long as what it holds lives; `ticket` is the stored form of the ticket in it, with whose
        end the mail ends too. The id of the row, for `deliver`."""
        sealed = self._seals.seal(msgspec.json.encode(letter).decode(), "outbox", _MAIL)
        return await stores.outbox.add(_MAIL, sealed, seconds, user_id=user_id, ticket_digest=ticket)

    async def deliver(self, row_id: str) -> None:
        """Try once to deliver a row that was committed. Never raises: what fails is tried again later."""

    def deliver_in_background(self, *row_ids: str) -> None:
        """The same for several, without waiting."""

    async def put_event(self, stores: Stores, event: str, user_id: UserId, payload: dict[str, object]) -> None:
        """Queue a webhook call, where AUTH_WEBHOOK_URL is set. The payload never holds a hash, ticket or code."""

    async def start(self) -> None:
        """Begin to look for what is due."""

    async def stop(self) -> None:
        """Finish what is under way."""
