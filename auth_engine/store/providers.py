"""Accounts at providers, their tokens, and sign-ins under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from auth_engine.core.types import User, UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner
from auth_engine.store.users import as_user

_SQL: Final = queries("providers")


@dataclass(frozen=True, slots=True)
class LinkedProvider:
    """An account at a provider that belongs to a user."""

    provider: str
    account: str
    linked_at: datetime
    has_token: bool


@dataclass(frozen=True, slots=True)
class SealedTokens:
    """A provider's tokens as they are kept: encrypted. `is_old`: to be renewed; `is_over`: of no use any more."""

    link_id: str
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    token_secret: str | None = field(repr=False)
    expires_at: datetime | None
    scope: str | None
    is_old: bool = False
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class WaysIn:
    """What a user could sign in with, apart from one provider."""

    password: bool
    email: bool
    phone: bool
    key: bool
    providers: tuple[str, ...]


class Providers:
    """Accounts at providers, their tokens, and sign-ins under way."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def put_state(self, digest: str, provider: str, browser: str, sealed: str, seconds: int) -> None:
        await self._runner.run(_SQL["put_state"], digest, provider, browser, sealed, float(seconds))

    async def use_state(self, digest: str, provider: str, browser: str) -> str | None:
        """What was sealed for this state of this browser, once; None when it was used, has ended or is another's."""
        found: str | None = await self._runner.value(_SQL["use_state"], digest, provider, browser)
        return found

    async def state(self, digest: str, provider: str, browser: str) -> str | None:
        """What was sealed for this state, used or not."""
        found: str | None = await self._runner.value(_SQL["state"], digest, provider, browser)
        return found

    async def user_of(self, provider: str, account: str) -> User | None:
        """The user that an account at a provider belongs to."""
        return as_user(await self._runner.row(_SQL["user_of"], provider, account))

    async def link(self, user_id: UserId, provider: str, account: str) -> str | None:
        """The new row's id; None when the account belongs to somebody already."""
        found: str | None = await self._runner.value(_SQL["link"], user_id, provider, account)
        return found

    async def link_id(self, user_id: UserId, provider: str, account: str) -> str | None:
        found: str | None = await self._runner.value(_SQL["link_id"], user_id, provider, account)
        return found

    async def claim(self, user_id: UserId) -> bool:
        """Mark the address as verified and take away all that the account held before; False, and nothing done, when
        it was verified already."""
        return bool(await self._runner.value(_SQL["claim"], user_id))

    async def list(self, user_id: UserId) -> tuple[LinkedProvider, ...]:
        return tuple(LinkedProvider(*row) for row in await self._runner.rows(_SQL["list"], user_id))

    async def unlink(self, user_id: UserId, provider: str) -> int:
        """How many accounts there were."""
        return await self._runner.run(_SQL["unlink"], user_id, provider)

    async def ways_in(self, user_id: UserId, without: str = "") -> WaysIn | None:
        """What is left without the provider, where one is given; None when the user is gone."""
        row = await self._runner.row(_SQL["ways_in"], user_id, without)
        if row is None:
            return None
        return WaysIn(row["password"], row["email"], row["phone"], row["key"], tuple(row["providers"]))

    async def put_tokens(
        self,
        link_id: str,
        access: str,
        refresh: str | None,
        secret: str | None,
        seconds: int | None,
        scope: str | None,
    ) -> None:
        """Keep sealed tokens in place of older ones; a refresh token or scope that is None leaves what was there."""
        lifetime = None if seconds is None else float(seconds)
        await self._runner.run(_SQL["put_tokens"], link_id, access, refresh, secret, lifetime, scope)

    async def tokens(self, user_id: UserId, provider: str) -> SealedTokens | None:
        """Those of the account that was used last."""
        row = await self._runner.row(_SQL["tokens"], user_id, provider)
        return None if row is None else SealedTokens(*row)

    async def begin_renewal(self, link_id: str, seconds: int) -> bool:
        """Whether it is the caller who renews; others wait, at most so many seconds."""
        return await self._runner.row(_SQL["begin_renewal"], link_id, float(seconds)) is not None

    async def end_renewal(self, link_id: str) -> None:
        await self._runner.run(_SQL["end_renewal"], link_id)
