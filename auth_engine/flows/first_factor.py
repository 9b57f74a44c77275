"""After the first factor was right: a session, or the question for the second."""

from __future__ import annotations

from typing import TypeAlias

from auth_engine.core.errors import Refused
from auth_engine.core.rules import ensure_valid_user
from auth_engine.core.types import Method, NeedsTotp, SignedIn, User, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.mfa_ticket import ask_for_totp
from auth_engine.flows.sessions import Opened, open_session, signed_in
from auth_engine.store.store import Stores

Entered: TypeAlias = Opened | NeedsTotp


async def enter(stores: Stores, user: User, visit: Visit, kit: Kit, method: Method) -> Entered:
    """Write the session, or the ticket for the second factor, into the transaction that took the first one away."""
    if user.has_totp:
        return await ask_for_totp(stores, kit, user, method)
    return await open_session(stores, user, visit, kit, method)


async def entered(result: Entered, kit: Kit) -> SignedIn | NeedsTotp:
    """What the client gets; call it after the commit."""
    return result if isinstance(result, NeedsTotp) else await signed_in(result, kit)


def why_not(user: User, kit: Kit, *, may_be_unverified: bool = False, may_lack_email: bool = False) -> Refused | None:
    """The refusal of the valid-user check as a value: what was consumed before it stays consumed."""
    try:
        ensure_valid_user(user, kit.settings, may_be_unverified=may_be_unverified, may_lack_email=may_lack_email)
    except Refused as refused:
        return refused
    return None
