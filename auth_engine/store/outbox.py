"""The outbox: what is written in a transaction is delivered after it, whatever becomes of this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from auth_engine.core.types import UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("outbox")


@dataclass(frozen=True, slots=True)
class Due:
    """A row that this process has taken, and which try this is, from 1."""

    id: str
    kind: str
    sealed: str = field(repr=False)
    tries: int


class Outbox:
    """Rows to be delivered."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(
        self,
        row_id: str,
        kind: str,
        sealed: str,
        seconds: float,
        *,
        wait: float = 0.0,
        user_id: UserId | None = None,
        ticket: str | None = None,
    ) -> None:
        """A new row, dropped after so many seconds, or once `ticket` (as stored) is not the user's any more. Workers
        leave it alone for `wait` seconds, in which `claim_new` may take it."""
        held = None if user_id is None else ticket
        await self._runner.run(_SQL["add"], row_id, kind, user_id, held, sealed, wait, float(seconds))

    async def claim_new(self, row_id: str, lease: float) -> Due | None:
        """Take a row that nobody has tried, for so many seconds; None when it is taken, gone or of no use any more."""
        return _as_due(await self._runner.row(_SQL["claim_new"], row_id, lease))

    async def claim_due(self, kind: str, lease: float) -> Due | None:
        """Take the row of this kind that is due longest."""
        return _as_due(await self._runner.row(_SQL["claim_due"], kind, lease))

    async def remove(self, row_id: str) -> None:
        """It is delivered, or given up."""
        await self._runner.run(_SQL["remove"], row_id)

    async def put_off(self, due: Due, failure: str, seconds: float) -> None:
        """It failed: try again after so many seconds. `failure` holds nothing secret."""
        await self._runner.run(_SQL["put_off"], due.id, due.tries, failure, seconds)

    async def release(self, row_ids: Sequence[str]) -> None:
        """Let others take these at once."""
        await self._runner.run(_SQL["release"], list(row_ids))

    async def sweep(self) -> int:
        """Drop what is due and of no use any more. How many there were."""
        return await self._runner.run(_SQL["sweep"])


def _as_due(record: Any | None) -> Due | None:
    return None if record is None else Due(**dict(record))
