"""Rows of auth.users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from auth_engine.core.fields import json_text
from auth_engine.core.types import NewUser, User, UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("users")


def as_user(record: Any | None) -> User | None:
    """A row of the piece `user_columns`."""
    if record is None:
        return None
    values = dict(record)
    return User(**{**values, "roles": tuple(values["roles"])})


class Users:
    """Reading and writing users."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def by_id(self, user_id: UserId) -> User | None:
        return as_user(await self._runner.row(_SQL["by_id"], user_id))

    async def by_id_in_session(self, user_id: UserId, session_id: str) -> User | None:
        """The user, while this session of theirs has not ended."""
        return as_user(await self._runner.row(_SQL["by_id_in_session"], user_id, session_id))

    async def lock(self, user_id: UserId) -> None:
        """In a transaction: whoever changes the user, or ends their sessions, waits for its end."""
        await self._runner.run(_SQL["lock"], user_id)

    async def is_still_in(self, user_id: UserId, session_id: str | None) -> bool:
        """In a transaction: whether the user is not disabled and the session, where one is given, has not ended. Both
        stay so until the transaction ends, and whoever changes the user waits for it."""
        await self.lock(user_id)
        return bool(await self._runner.value(_SQL["is_still_in"], user_id, session_id))

    async def by_email(self, email: str) -> User | None:
        """Whatever the address's case. The text must look like an address."""
        return as_user(await self._runner.row(_SQL["by_email"], email))

    async def by_phone_number(self, spellings: Sequence[str]) -> User | None:
        """The first spelling wins where several belong to users."""
        return as_user(await self._runner.row(_SQL["by_phone_number"], list(spellings)))

    async def email_taken(self, email: str) -> bool:
        return bool(await self._runner.value(_SQL["email_taken"], email))

    async def insert(self, user: NewUser) -> User | None:
        """None when the address, the number or the id is taken; then nothing was written."""
        return as_user(
            await self._runner.row(
                _SQL["insert"],
                user.id,
                user.disabled,
                user.display_name,
                user.avatar_url,
                user.locale,
                user.email,
                user.phone_number,
                user.password_hash,
                user.email_verified,
                user.phone_number_verified,
                user.default_role,
                user.is_anonymous,
                None if user.metadata is None else json_text(user.metadata),
                user.ticket,
                float(user.ticket_seconds),
                list(user.roles),
            )
        )

    async def rehash(self, user_id: UserId, old: str, new: str) -> bool:
        """False when the hash is not the one that was checked any more."""
        return await self._runner.run(_SQL["rehash"], user_id, old, new) == 1
