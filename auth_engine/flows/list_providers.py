"""GET /user/providers."""

from __future__ import annotations

from datetime import datetime

import msgspec

from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import current_user


class LinkedAccount(msgspec.Struct, frozen=True, rename="camel"):
    """An account at a provider. `has_token`: GET /user/providers/{provider}/token has an answer."""

    provider: str
    provider_user_id: str
    created_at: datetime
    has_token: bool


async def list_providers(_: None, visit: Visit, kit: Kit) -> Outcome:
    """The accounts that the token's user has linked, the oldest first."""
    user = await current_user(visit, kit)
    linked = await kit.store.providers.list(user.id)
    return Data([LinkedAccount(each.provider, each.account, each.linked_at, each.has_token) for each in linked])
