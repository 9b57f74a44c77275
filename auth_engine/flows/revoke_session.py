"""POST /user/sessions/revoke."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.core.shapes import Identity
from auth_engine.core.types import Done, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import owner
from auth_engine.store.sessions import REGULAR


class RevokeSession(Body, frozen=True):
    id: Identity


async def revoke_session(body: RevokeSession, visit: Visit, kit: Kit) -> Outcome:
    """End one of the visitor's own sessions. Access tokens made in it live until they expire."""
    user = await owner(visit, kit, may_be_anonymous=True)
    async with kit.store.transaction() as stores:
        if not await stores.sessions.end_by_id(body.id, user.id, REGULAR):
            raise Refused(Code.INVALID_REQUEST, "no such session of this user")
        await events.note(stores, kit, events.SESSION_REVOKED, user.id, visit, {"session": body.id})
    return Done()
