"""GET /user/sessions."""

from __future__ import annotations

import msgspec

from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import claims_of, current_user


async def list_sessions(_: None, visit: Visit, kit: Kit) -> Outcome:
    """The sessions that can still be renewed, the newest first; `current` is the one of the access token."""
    user = await current_user(visit, kit, may_be_anonymous=True)
    current = claims_of(visit).session_id
    rows = await kit.store.accounts.sessions(user.id, kit.settings.session_max_age)
    return Data([msgspec.structs.replace(row, current=row.id == current) for row in rows])
