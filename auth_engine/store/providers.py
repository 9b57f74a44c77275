"""Accounts at providers, their tokens, and sign-ins under way."""

from __future__ import annotations

from typing import Final

from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("providers")


class Providers:
    """Accounts at providers, their tokens, and sign-ins under way."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
