"""TOTP secrets, used periods and recovery codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from auth_engine.core.types import Method, UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("totp")
MFA: Final = "mfa"
"""The kind of tries, and of the row in auth_engine.codes, that belong to a ticket for the second factor."""
CODE: Final = "totp"
"""The kind of tries at codes where there is no ticket."""


class Totp:
    """TOTP secrets, used periods and recovery codes."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def put_secret(self, user_id: UserId, stored: str) -> bool:
        """Store the secret of a factor that is yet to be activated; False while one is active."""
        return bool(await self._runner.value(_SQL["put_secret"], user_id, stored))

    async def reseal(self, user_id: UserId, old: str, new: str) -> bool:
        """Store the same secret in another form."""
        return await self._runner.run(_SQL["reseal"], user_id, old, new) == 1

    async def activate(self, user_id: UserId, stored: str) -> bool:
        """False when the factor is active, or the secret is another one by now."""
        return await self._runner.run(_SQL["activate"], user_id, stored) == 1

    async def deactivate(self, user_id: UserId) -> bool:
        """Recovery codes end with the factor. False when it was not active."""
        return bool(await self._runner.value(_SQL["deactivate"], user_id))

    async def claim_try(self, user_id: UserId, kind: str, digest: str, most: int) -> bool:
        """Count a try at what the digest stands for; False when no try is left. To be committed whatever follows."""
        return await self._runner.value(_SQL["claim_try"], user_id, kind, digest, most) is not None

    async def forget_tries(self, user_id: UserId, kind: str) -> None:
        await self._runner.run(_SQL["forget_tries"], user_id, kind)

    async def use_period(self, user_id: UserId, period: int) -> bool:
        """Use up the period's code and all before it; False when that had happened."""
        return await self._runner.value(_SQL["use_period"], user_id, period) is not None

    async def spend_ticket(self, user_id: UserId, stored: str) -> Method | None:
        """Consume the ticket for the second factor: the first factor, or None when somebody was faster."""
        method: str | None = await self._runner.value(_SQL["spend_ticket"], user_id, stored, MFA)
        return None if method is None else Method(method)

    async def replace_recovery_codes(self, user_id: UserId, digests: Sequence[str]) -> None:
        """In a transaction that has locked the user: the former ones are gone, and of parallel calls the last one's
        stay."""
        await self._runner.run(_SQL["drop_recovery_codes"], user_id)
        await self._runner.run(_SQL["add_recovery_codes"], user_id, list(digests))

    async def has_recovery_code(self, user_id: UserId, digests: Sequence[str]) -> bool:
        return bool(await self._runner.value(_SQL["has_recovery_code"], user_id, list(digests)))

    async def has_older_recovery_code(self, user_id: UserId, digests: Sequence[str], session_id: str | None) -> bool:
        """Whether the user has the code and had it when the session was opened."""
        return bool(await self._runner.value(_SQL["has_older_recovery_code"], user_id, list(digests), session_id))

    async def use_recovery_code(self, user_id: UserId, digests: Sequence[str]) -> bool:
        """Take the code away; False when somebody was faster."""
        return await self._runner.run(_SQL["use_recovery_code"], user_id, list(digests)) == 1
