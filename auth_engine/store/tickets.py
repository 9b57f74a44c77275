"""Tickets and mailed codes, kept as digests in auth.users."""

from __future__ import annotations

from typing import Final

from auth_engine.core.types import UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("tickets")


class Tickets:
    """Tickets and mailed codes, kept as digests in auth.users."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def put(self, user_id: UserId, stored: str, seconds: int) -> bool:
        """Give the user this ticket in place of any other; False when the user is gone."""
        return await self._runner.run(_SQL["put"], user_id, stored, float(seconds)) == 1
