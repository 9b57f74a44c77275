"""Codes of SMS, of phone-number changes and of elevation, and the tries at them."""

from __future__ import annotations

from typing import Final

from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("codes")


class Codes:
    """Codes of SMS, of phone-number changes and of elevation, and the tries at them."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
