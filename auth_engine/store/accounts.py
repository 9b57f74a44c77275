"""What administrators and owners do to whole accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from auth_engine.core.account_shapes import AccountDetails, EventRow, KeyRow, PatRow, ProviderRow, SessionRow
from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import json_text
from auth_engine.core.types import UserId
from auth_engine.store.codes import PHONE_NUMBER
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner

_SQL: Final = queries("accounts")
MOST_EVENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """What an anonymous user becomes."""

    email: str
    display_name: str
    locale: str
    default_role: str
    roles: tuple[str, ...]
    avatar_url: str
    metadata: Mapping[str, Any] | None
    password_hash: str | None = field(repr=False)
    ticket: str | None = field(repr=False)
    """As stored: a digest."""
    ticket_seconds: int


class Accounts:
    """What administrators and owners do to whole accounts."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    # ---- sessions and personal access tokens

    async def sessions(self, user_id: UserId, max_age: int | None) -> tuple[SessionRow, ...]:
        """Those that can still be renewed, the newest first."""
        rows = await self._runner.rows(_SQL["sessions"], user_id, None if max_age is None else float(max_age))
        return tuple(SessionRow(**dict(row)) for row in rows)

    async def pats(self, user_id: UserId) -> tuple[PatRow, ...]:
        """Those that still sign in, the newest first."""
        return tuple(_pat(dict(row)) for row in await self._runner.rows(_SQL["pats"], user_id))

    async def add_pat(
        self, user_id: UserId, token_hash: str, expires_at: datetime, metadata: Mapping[str, Any] | None
    ) -> str:
        """The new row's id."""
        noted = None if metadata is None else json_text(metadata)
        return str(await self._runner.value(_SQL["add_pat"], user_id, expires_at, noted, token_hash))

    async def note_pat_use(self, pat_id: str, address: str, user_agent: str) -> bool:
        """False when it was revoked a moment ago."""
        return await self._runner.value(_SQL["note_pat_use"], pat_id, address, user_agent) is not None

    # ---- the account as a whole

    async def deanonymize(self, user_id: UserId, identity: NewIdentity) -> bool:
        """Whether the user was anonymous till now. Raises Refused when somebody took the address meanwhile."""
        try:
            return bool(
                await self._runner.value(
                    _SQL["deanonymize"],
                    user_id,
                    identity.email,
                    identity.password_hash,
                    identity.default_role,
                    identity.display_name,
                    identity.locale,
                    None if identity.metadata is None else json_text(identity.metadata),
                    identity.avatar_url,
                    identity.ticket,
                    float(identity.ticket_seconds),
                    list(identity.roles),
                )
            )
        except asyncpg.UniqueViolationError:
            raise Refused(Code.EMAIL_ALREADY_IN_USE) from None

    async def delete(self, user_id: UserId) -> bool:
        """Whether there was such a user. Raises Refused when a table of the application does not let the row go."""
        try:
            return await self._runner.run(_SQL["delete"], user_id) == 1
        except (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError) as error:
            raise Refused(Code.USER_IN_USE, f"{error.constraint_name} of {error.table_name} holds the user") from None

    async def disable(self, user_id: UserId) -> bool:
        """End every session and token that is open now, for good. Whether there is such a user."""
        if await self._runner.run(_SQL["disable"], user_id) != 1:
            return False
        # After the update, which waits for sign-ins under way: what they opened is older than this.
        await self._runner.run(_SQL["note_disabling"], user_id)
        return True

    async def enable(self, user_id: UserId) -> bool:
        """Whether there is such a user. What was open before stays ended."""
        await self._runner.run(_SQL["note_former_disabling"], user_id)
        return await self._runner.run(_SQL["enable"], user_id) == 1

    async def note_disabled(self, user_id: UserId) -> None:
        """A user was found disabled: what is open now stays ended when they are enabled again, although nobody may have
        noted it when they were disabled (a database where we may not make triggers)."""
        await self._runner.run(_SQL["note_former_disabling"], user_id)

    # ---- accounts made by administrators

    async def missing_roles(self, roles: Sequence[str]) -> tuple[str, ...]:
        """Those that auth.roles does not have."""
        return tuple(row[0] for row in await self._runner.rows(_SQL["missing_roles"], list(roles)))

    async def link_providers(self, user_id: UserId, accounts: Sequence[tuple[str, str]]) -> bool:
        """Link (provider, id there) pairs; False when one of them is another's or at a provider that nobody knows."""
        providers, identities = [pair[0] for pair in accounts], [pair[1] for pair in accounts]
        return await self._runner.run(_SQL["link_providers"], user_id, providers, identities) == len(accounts)

    async def set_created_at(self, user_id: UserId, moment: datetime) -> None:
        await self._runner.run(_SQL["set_created_at"], user_id, moment)

    # ---- all that is kept of a user

    async def details(self, user_id: UserId) -> AccountDetails | None:
        row = await self._runner.row(_SQL["details"], user_id, PHONE_NUMBER)
        return None if row is None else AccountDetails(**dict(row))

    async def providers(self, user_id: UserId) -> tuple[ProviderRow, ...]:
        return tuple(ProviderRow(**dict(row)) for row in await self._runner.rows(_SQL["providers"], user_id))

    async def security_keys(self, user_id: UserId) -> tuple[KeyRow, ...]:
        return tuple(KeyRow(**dict(row)) for row in await self._runner.rows(_SQL["security_keys"], user_id))

    async def events(self, user_id: UserId) -> tuple[EventRow, ...]:
        """The newest ten thousand."""
        rows = await self._runner.rows(_SQL["events"], user_id, MOST_EVENTS)
        return tuple(EventRow(**{**dict(row), "detail": _json(row["detail"])}) for row in rows)


def _pat(values: dict[str, Any]) -> PatRow:
    used = values.pop("last_used_at")
    metadata = _json(values.pop("metadata"))
    return PatRow(**values, metadata=metadata, last_used_at=msgspec.UNSET if used is None else used)


def _json(text: str | None) -> msgspec.Raw | None:
    return None if text is None else msgspec.Raw(text.encode())
