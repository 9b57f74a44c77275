"""Signing up with an address that somebody has. Auth contract §10, "Concealment and time"."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.notices import put_notice
from auth_engine.store.store import Stores


async def tell_owner(stores: Stores, email: str, may_mail: bool, visit: Visit, kit: Kit) -> tuple[str, ...]:
    """The visitor is answered as with a free address and the owner gets a notice: its rows, for delivery after the
    commit. Raises Refused where errors are told."""
    owner = await stores.users.by_email(email)
    if owner is None or not kit.settings.conceal_errors:
        raise Refused(Code.EMAIL_ALREADY_IN_USE)
    await events.note(stores, kit, events.SIGN_UP_TAKEN, owner.id, visit)
    return await put_notice(stores, kit, owner, events.SIGN_UP_TAKEN) if may_mail else ()
