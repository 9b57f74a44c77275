"""What somebody can prove themselves with, and what they proved themselves with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from auth_engine.core.types import Method, UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("factors")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A user's factors. `method`: what opened the session asked for; None when there is no such session."""

    has_key: bool
    has_totp: bool
    has_email: bool
    method: Method | None


class Factors:
    """Reading a user's factors."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def enrolled(self, user_id: UserId, session_id: str | None) -> Enrolled | None:
        """None when the user is gone."""
        record = await self._runner.row(_SQL["enrolled"], user_id, session_id)
        if record is None:
            return None
        method = None if record["method"] is None else Method(record["method"])
        return Enrolled(record["has_key"], record["has_totp"], record["has_email"], method)
