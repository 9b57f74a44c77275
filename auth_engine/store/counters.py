"""Sliding windows of limited requests."""

from __future__ import annotations

from typing import Final

from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("counters")


class Counters:
    """Sliding windows of limited requests."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
