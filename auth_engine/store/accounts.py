"""What administrators and owners do to whole accounts."""

from __future__ import annotations

from typing import Final

from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("accounts")


class Accounts:
    """What administrators and owners do to whole accounts."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
