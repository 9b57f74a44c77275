"""Security keys and open WebAuthn challenges."""

from __future__ import annotations

from typing import Final

from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("keys")


class Keys:
    """Security keys and open WebAuthn challenges."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
