"""Security keys and open WebAuthn challenges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from auth_engine.core.types import UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("keys")


class Purpose(Enum):
    """What a challenge was made for; it is good for nothing else."""

    SIGN_UP = "sign-up"
    SIGN_IN = "sign-in"
    ADD = "add"
    ELEVATE = "elevate"


@dataclass(frozen=True, slots=True)
class SecurityKey:
    """A row of auth.user_security_keys, and what is known beside. `created_at` is None for a key of Hasura Auth."""

    id: str
    user_id: UserId
    credential_id: str
    public_key: bytes = field(repr=False)
    counter: int
    nickname: str | None
    created_at: datetime | None
    last_used_at: datetime | None
    is_passkey: bool


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge that was open until now. `user_id` is None where the answer will tell who it is."""

    purpose: Purpose
    user_id: UserId | None
    sealed: str | None = field(repr=False)


class Keys:
    """Security keys and open WebAuthn challenges."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def of_user(self, user_id: UserId) -> Sequence[SecurityKey]:
        """Oldest first."""
        return [SecurityKey(**dict(record)) for record in await self._runner.rows(_SQL["of_user"], user_id)]

    async def by_credential(self, credential_id: str) -> SecurityKey | None:
        record = await self._runner.row(_SQL["by_credential"], credential_id)
        return None if record is None else SecurityKey(**dict(record))

    async def add(
        self,
        user_id: UserId,
        credential_id: str,
        public_key: bytes,
        counter: int,
        *,
        nickname: str | None,
        is_passkey: bool,
    ) -> str | None:
        """The new row's id; None when somebody has this key already."""
        identity: str | None = await self._runner.value(
            _SQL["add"], user_id, credential_id, public_key, counter, nickname, is_passkey
        )
        return identity

    async def count_use(self, key_id: str, counter: int) -> bool:
        """Store the counter; False when the stored one is as high or higher by now."""
        return bool(await self._runner.value(_SQL["count_use"], key_id, counter))

    async def remove(self, key_id: str, user_id: UserId) -> bool:
        """False when the user has no such key."""
        return await self._runner.run(_SQL["remove"], key_id, user_id) == 1

    async def open_challenge(
        self, digest: str, purpose: Purpose, seconds: float, *, user_id: UserId | None = None, sealed: str | None = None
    ) -> None:
        await self._runner.run(_SQL["open_challenge"], digest, purpose.value, user_id, sealed, seconds)

    async def take_challenge(self, digest: str) -> Challenge | None:
        """Consume the challenge; None when there is none, or its time is over."""
        record = await self._runner.row(_SQL["take_challenge"], digest)
        if record is None or not record["is_open"]:
            return None
        return Challenge(Purpose(record["purpose"]), record["user_id"], record["sealed"])
