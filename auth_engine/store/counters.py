"""Sliding windows of limited requests, and from where users signed in before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from auth_engine.core.types import UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("counters")


@dataclass(frozen=True, slots=True)
class Taken:
    """A counter after a request: whether it was admitted, and what the window holds. `elapsed` is from 0 to 1."""

    key: str
    admitted: bool
    current: int
    previous: int
    elapsed: float


class Counters:
    """Sliding windows of limited requests, and from where users signed in before."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def take(self, counters: Sequence[tuple[str, int, int]]) -> list[Taken]:
        """Count one request in each counter (key, burst, seconds) that has room, in one atomic statement."""
        keys, bursts, seconds = ([each[place] for each in counters] for place in range(3))
        return [Taken(*row) for row in await self._runner.rows(_SQL["take"], keys, bursts, seconds)]

    async def give_back(self, key: str) -> None:
        await self._runner.run(_SQL["give_back"], key)

    async def is_source_of_email(self, email: str, source: str) -> bool:
        """Whether the user of the address signed in from there before. The text must look like an address."""
        return bool(await self._runner.value(_SQL["is_source_of_email"], email, source))

    async def is_source_of_phone_number(self, spellings: Sequence[str], source: str) -> bool:
        return bool(await self._runner.value(_SQL["is_source_of_phone_number"], list(spellings), source))

    async def is_source_of(self, user_id: UserId, source: str) -> bool:
        return bool(await self._runner.value(_SQL["is_source_of"], user_id, source))

    async def remember_source(self, user_id: UserId, source: str) -> None:
        await self._runner.run(_SQL["remember_source"], user_id, source)
