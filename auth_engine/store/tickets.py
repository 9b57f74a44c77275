"""Tickets and mailed codes, kept as digests in auth.users."""

from __future__ import annotations

from typing import Final

from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("tickets")


class Tickets:
    """Tickets and mailed codes, kept as digests in auth.users."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
