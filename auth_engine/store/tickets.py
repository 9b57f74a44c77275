"""Tickets and mailed codes, kept as digests in auth.users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import asyncpg

from auth_engine.core.types import Method, User, UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner
from auth_engine.store.users import as_user

_SQL: Final = queries("tickets")


class AddressTaken(Exception):
    """Somebody else got this address at the same moment. The transaction cannot go on."""


class Tickets:
    """Tickets and mailed codes, kept as digests in auth.users."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def put(self, user_id: UserId, stored: str, seconds: int) -> bool:
        """Give the user this ticket in place of any other; False when the user is gone."""
        return await self._runner.run(_SQL["put"], user_id, stored, float(seconds)) == 1

    async def put_mailed(self, user_id: UserId, email: str, stored: str, seconds: int) -> bool:
        """The same for a ticket that goes to an address; False too when the address is not theirs any more."""
        return await self._runner.run(_SQL["put_mailed"], user_id, stored, float(seconds), email) == 1

    async def find(self, forms: Sequence[str]) -> User | None:
        """Whose unexpired ticket this is, stored in any of these forms; nothing changes."""
        return as_user(await self._runner.row(_SQL["find"], list(forms)))

    async def consume(self, forms: Sequence[str]) -> User | None:
        """The same, and the ticket is gone: of any number of callers one gets the user."""
        return as_user(await self._runner.row(_SQL["consume"], list(forms)))

    async def verify_email(self, user_id: UserId) -> bool:
        """Whether the address was not verified before."""
        return await self._runner.run(_SQL["verify_email"], user_id) == 1

    async def put_email_change(self, user_id: UserId, new_email: str, stored: str, seconds: int) -> bool:
        """Note the wanted address and its ticket; False when the user is gone."""
        return await self._runner.run(_SQL["put_email_change"], user_id, new_email, stored, float(seconds)) == 1

    async def move_email(self, user_id: UserId) -> User | None:
        """The user with the new address, verified; None when somebody has it already. Raises AddressTaken."""
        try:
            return as_user(await self._runner.row(_SQL["move_email"], user_id))
        except asyncpg.UniqueViolationError:
            raise AddressTaken from None

    async def change_password(self, user_id: UserId, password_hash: str) -> bool:
        """Set the password and end the tickets that depend on the old one; False when the user is gone."""
        return await self._runner.run(_SQL["change_password"], user_id, password_hash) == 1

    async def method_of(self, user_id: UserId, session_id: str | None) -> Method:
        """How the user's session was opened; UNKNOWN for one that is not there."""
        found = None if session_id is None else await self._runner.value(_SQL["method_of"], user_id, session_id)
        return Method.UNKNOWN if found is None else Method(found)
