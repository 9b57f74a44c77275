"""POST /admin/users/{id}/disable and …/enable. Auth contract §10, "Refresh"."""

from __future__ import annotations

import uuid

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Done, Outcome, UserId, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit


async def admin_disable_user(_: None, visit: Visit, kit: Kit) -> Outcome:
    """End the user's sessions and personal access tokens at once, for good: they are not deleted, but refused."""
    user_id = _user_id(visit)
    async with kit.store.transaction() as stores:
        if not await stores.accounts.disable(user_id):
            raise Refused(Code.USER_NOT_FOUND)
        await events.note(stores, kit, events.DISABLED, user_id, visit)
    return Done()


async def admin_enable_user(_: None, visit: Visit, kit: Kit) -> Outcome:
    """Let the user sign in again; what was open before stays ended."""
    user_id = _user_id(visit)
    async with kit.store.transaction() as stores:
        if not await stores.accounts.enable(user_id):
            raise Refused(Code.USER_NOT_FOUND)
        await events.note(stores, kit, events.ENABLED, user_id, visit)
    return Done()


def _user_id(visit: Visit) -> UserId:
    """The id in the path. Raises Refused when it is none."""
    try:
        return str(uuid.UUID(visit.path["id"]))
    except ValueError:
        raise Refused(Code.USER_NOT_FOUND, "not a user id") from None
