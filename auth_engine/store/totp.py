"""TOTP secrets, used periods and recovery codes."""

from __future__ import annotations

from typing import Final

from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("totp")


class Totp:
    """TOTP secrets, used periods and recovery codes."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
