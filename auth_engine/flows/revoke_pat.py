"""POST /user/pats/revoke."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.core.shapes import Identity
from auth_engine.core.types import Done, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import owner
from auth_engine.store.sessions import PAT


class RevokePat(Body, frozen=True):
    id: Identity


async def revoke_pat(body: RevokePat, visit: Visit, kit: Kit) -> Outcome:
    """End one of the visitor's own personal access tokens. Sessions that it opened stay."""
    user = await owner(visit, kit)
    async with kit.store.transaction() as stores:
        if not await stores.sessions.end_by_id(body.id, user.id, PAT):
            raise Refused(Code.INVALID_REQUEST, "no such token of this user")
        await events.note(stores, kit, events.PAT_REVOKED, user.id, visit, {"pat": body.id})
    return Done()
