"""Somebody opened a mail that was sent to an account's address, without having asked for that account to be made."""

from __future__ import annotations

from auth_engine.core.types import User, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.store.store import Stores


async def prove_address(stores: Stores, user: User, visit: Visit, kit: Kit) -> User:
    """The address counts as verified from now on: the user as they are then.

    Where addresses have to be verified, nobody could sign in to an account that never was. What lies in it may have
    been put there by a stranger who waits for the owner of the address to come (auth contract §8.4): a password, keys,
    a second factor, linked providers. It goes, so that only the owner's mailbox opens the account. A verified phone
    number is somebody's proof too, so such an account stays as it is.
    """
    if user.email_verified:
        return user
    if kit.settings.email_verified_required and not user.phone_number_verified:
        was_proven = await stores.providers.claim(user.id)
    else:
        was_proven = await stores.tickets.verify_email(user.id)
    if was_proven:
        await events.note(stores, kit, events.EMAIL_VERIFIED, user.id, visit)
    return await stores.users.by_id(user.id) or user
