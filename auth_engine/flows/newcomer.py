"""Who signs up, as the options of the sign-up say, and their first session."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.rules import Wishes, gravatar
from auth_engine.core.types import Method, NewUser, SignedIn, User, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.mailing import Enclosure
from auth_engine.flows.sessions import Opened, open_session, signed_in
from auth_engine.store.store import Stores


def newcomer(wishes: Wishes, email: str | None, kit: Kit, enclosure: Enclosure | None = None) -> NewUser:
    """What every way to sign up inserts, with the ticket that is mailed, if one is. AUTH_DISABLE_NEW_USERS disables
    them."""
    return NewUser(
        display_name=wishes.display_name,
        locale=wishes.locale,
        default_role=wishes.default_role,
        roles=wishes.roles,
        email=email,
        disabled=kit.settings.disable_new_users,
        avatar_url=gravatar(email, kit.settings),
        metadata=wishes.metadata,
        ticket=None if enclosure is None else enclosure.ticket.stored,
        ticket_seconds=0 if enclosure is None else enclosure.seconds,
    )


async def open_first_session(stores: Stores, user: User, visit: Visit, kit: Kit, method: Method) -> Opened | None:
    """In the transaction that inserted the user; None where new users are disabled."""
    return None if user.disabled else await open_session(stores, user, visit, kit, method)


async def signed_up(opened: Opened | None, kit: Kit) -> SignedIn:
    """What the client gets; call it after the commit, so that a disabled newcomer stays. Raises Refused for them."""
    if opened is None:
        raise Refused(Code.DISABLED_USER)
    return await signed_in(opened, kit)
