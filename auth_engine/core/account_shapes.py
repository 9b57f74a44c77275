"""What owners see of their account: sessions, personal access tokens, and all of it at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from auth_engine.core.shapes import Identity, UserAnswer


class SessionRow(Struct, frozen=True, rename="camel"):
    """A session that can still be renewed."""

    id: Identity
    """The session's `refreshTokenId`."""
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str
    address: str
    method: str
    """What opened it, such as `password`; `unknown` when another program did."""
    current: bool = False
    """Whether the access token of the request belongs to it."""


class PatRow(Struct, frozen=True, rename="camel"):
    """A personal access token, but not the token itself. `lastUsedAt` is left out until it is used."""

    id: Identity
    created_at: datetime
    expires_at: datetime
    metadata: Any
    last_used_at: datetime | msgspec.UnsetType = msgspec.UNSET


class PatMade(Struct, frozen=True, rename="camel"):
    """A new personal access token, shown this once."""

    id: Identity
    personal_access_token: Identity


class ProviderRow(Struct, frozen=True, rename="camel"):
    """An account at a provider that opens this one."""

    provider: str
    provider_user_id: str
    created_at: datetime


class KeyRow(Struct, frozen=True, rename="camel"):
    """A security key or passkey."""

    id: Identity
    nickname: str | None
    transports: str
    counter: int
    created_at: datetime | None
    last_used_at: datetime | None


class EventRow(Struct, frozen=True, rename="camel"):
    """Something that happened to the account."""

    at: datetime
    event: str
    address: str
    user_agent: str
    detail: Any


class AccountDetails(Struct, frozen=True, rename="camel"):
    """What auth.users holds beside what GET /user shows."""

    updated_at: datetime
    last_seen: datetime | None
    new_email: str | None
    new_phone_number: str | None
    has_password: bool
    unused_recovery_codes: int


class AccountExport(Struct, frozen=True, rename="camel"):
    """Everything that is kept about a user and theirs, without what opens the account: no hash, secret or token.
    `events` are the newest ten thousand."""

    user: UserAnswer
    details: AccountDetails
    sessions: tuple[SessionRow, ...]
    personal_access_tokens: tuple[PatRow, ...]
    providers: tuple[ProviderRow, ...]
    security_keys: tuple[KeyRow, ...]
    events: tuple[EventRow, ...]
