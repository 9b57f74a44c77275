"""The outbox: what is written in a transaction is delivered after it, whatever becomes of this process."""

from __future__ import annotations

from typing import Final

from auth_engine.core.types import UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("outbox")


class Outbox:
    """Rows to be delivered."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(
        self, kind: str, sealed: str, seconds: int, *, user_id: UserId | None = None, ticket_digest: str | None = None
    ) -> str:
        """The new row's id. It is not delivered after so many seconds, nor once the user's ticket is another one."""
        return str(await self._runner.value(_SQL["add"], kind, user_id, ticket_digest, sealed, float(seconds)))
