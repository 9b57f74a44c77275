"""POST /user/delete: the visitor's own account goes, with all that hangs on it."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Done, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.notices import put_notice
from auth_engine.flows.visitor import owner


async def delete_user(_: None, visit: Visit, kit: Kit) -> Outcome:
    """Sessions, tokens, keys and provider accounts go with the user; the audit log stays. The owner is told by mail.
    Access tokens live until they expire; what looks at the database, such as GET /user, refuses them at once."""
    user = await owner(visit, kit, may_be_anonymous=True)
    async with kit.store.transaction() as stores:
        if not await stores.accounts.delete(user.id):
            raise Refused(Code.INVALID_EMAIL_PASSWORD, "the token's user is gone")
        await events.note(stores, kit, events.DELETED, user.id, visit)
        notices = await put_notice(stores, kit, user, events.DELETED)
    kit.post.deliver_in_background(*notices)
    return Done()
