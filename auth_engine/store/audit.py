"""The audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from auth_engine.core.fields import json_text
from auth_engine.core.types import UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("audit")


class Audit:
    """Adding to the log; nobody takes from it."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(
        self,
        user_id: UserId,
        event: str,
        address: str,
        user_agent: str,
        detail: Mapping[str, Any] | None,
    ) -> None:
        """Never a secret in `detail`: whoever may read the log reads it."""
        await self._runner.run(
            _SQL["add"], user_id, event, address, user_agent, None if detail is None else json_text(detail)
        )
