"""Codes of SMS, of phone-number changes and of elevation, and the tries at them.

Redeeming a code takes three steps: `attempt` counts a try and gives what is stored, the caller compares, `consume`
takes the code away by one statement that only one of many callers wins. Commit the try even when the code was wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from auth_engine.core.types import User, UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner
from auth_engine.store.users import as_user

_SQL: Final = queries("codes")
PHONE_NUMBER: Final = "phone-number"
ELEVATION: Final = "elevation"


class NumberTaken(Exception):
    """Somebody else has this number. The transaction cannot go on."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The unexpired code that is current, and which try at it this is, counted from one."""

    stored: str = field(repr=False)
    subject: str | None
    number: int


def _attempt(record: Any | None) -> Attempt | None:
    return None if record is None else Attempt(record[0], record[1], record[2])


class Codes:
    """Codes of SMS, of phone-number changes and of elevation, and the tries at them."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    # ---- codes that have no column in auth.users

    async def put(
        self, user_id: UserId, kind: str, code_hash: str, seconds: int, *, subject: str | None = None
    ) -> bool:
        """Give the user this code in place of another of its kind; False when the user is gone."""
        return await self._runner.run(_SQL["put"], user_id, kind, code_hash, subject, float(seconds)) == 1

    async def attempt(self, user_id: UserId, kind: str) -> Attempt | None:
        """Count a try at the code; None when there is none."""
        return _attempt(await self._runner.row(_SQL["attempt"], user_id, kind))

    async def consume(self, user_id: UserId, kind: str, stored: str) -> bool:
        """Take the code away; False when somebody was faster."""
        return await self._runner.run(_SQL["consume"], user_id, kind, stored) == 1

    async def drop_all(self, user_id: UserId) -> None:
        await self._runner.run(_SQL["drop_all"], user_id)

    # ---- codes by SMS, in auth.users.otp_hash

    async def put_sms(self, user_id: UserId, stored: str, seconds: int, number: str) -> bool:
        """False when the user is gone, or the number that the code was sent to is not theirs any more."""
        return await self._runner.run(_SQL["put_sms"], user_id, stored, float(seconds), number) == 1

    async def attempt_sms(self, user_id: UserId) -> Attempt | None:
        return _attempt(await self._runner.row(_SQL["attempt_sms"], user_id))

    async def consume_sms(self, user_id: UserId, stored: str) -> User | None:
        """The user, whose number is verified now; None when somebody was faster."""
        return as_user(await self._runner.row(_SQL["consume_sms"], user_id, stored))

    async def may_sign_in_by_sms(self, user_id: UserId) -> bool:
        """Whether the user's number was verified, or is the account's only credential."""
        return bool(await self._runner.value(_SQL["may_sign_in_by_sms"], user_id))

    # ---- codes by mail, in auth.users.ticket

    async def attempt_email(self, user_id: UserId) -> Attempt | None:
        return _attempt(await self._runner.row(_SQL["attempt_email"], user_id))

    async def consume_email(self, user_id: UserId, stored: str) -> User | None:
        return as_user(await self._runner.row(_SQL["consume_email"], user_id, stored))

    # ---- a number that was proved

    async def release_number(self, user_id: UserId, number: str) -> UserId | None:
        """Take the number from another user who never verified it: that user, if there was one."""
        released: str | None = await self._runner.value(_SQL["release_number"], user_id, number)
        return released

    async def move_number(self, user_id: UserId, number: str) -> User | None:
        """Give the user a verified number. Raises NumberTaken; None when the user is gone."""
        try:
            return as_user(await self._runner.row(_SQL["move_number"], user_id, number))
        except asyncpg.UniqueViolationError:
            raise NumberTaken from None
