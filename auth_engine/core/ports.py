"""What the auth engine asks of the world outside, as protocols: tests put recording ones in their place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol


class Clock(Protocol):
    """The time, and waiting for it."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    async def sleep_until(self, moment: float) -> None:
        """Return when `monotonic()` has reached the moment, at once if it has."""


class ClaimsSource(Protocol):
    """Where custom claims come from: paths over the user's GraphQL data, read as admin."""

    async def read(self, user_id: str, fields: str) -> Mapping[str, Any] | None:
        """The user object of `query($id: uuid!) { user(id: $id) { <fields> } }`; None when there is none.

        Raises any exception when it cannot be read: it is logged and the token is made without custom claims.
        """
