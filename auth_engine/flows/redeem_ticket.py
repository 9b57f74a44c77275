"""What a mailed ticket does, once: the ticket, its effect and the session are one transaction. Auth contract §2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Method, TicketKind, User, Visit
from auth_engine.flows import events
from auth_engine.flows.first_factor import Entered, enter, why_not
from auth_engine.flows.kit import Kit
from auth_engine.flows.notices import put_notice
from auth_engine.flows.proven_address import prove_address
from auth_engine.store.store import Stores
from auth_engine.store.tickets import AddressTaken
from auth_engine.tokens.tickets import stored_forms

METHODS: Final = {
    TicketKind.VERIFY_EMAIL: Method.VERIFY_EMAIL,
    TicketKind.PASSWORDLESS_EMAIL: Method.MAGIC_LINK,
    TicketKind.PASSWORD_RESET: Method.PASSWORD_RESET,
    TicketKind.EMAIL_CONFIRM_CHANGE: Method.EMAIL_CHANGE,
}
"""The kinds that are mailed in links, and how the session that each opens was opened."""
_VERIFY: Final = frozenset({TicketKind.VERIFY_EMAIL, TicketKind.PASSWORDLESS_EMAIL})
_Rows = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The ticket is gone. `notices` are rows of the outbox to be delivered."""

    entered: Entered
    notices: _Rows


async def find_holder(ticket: str, kind: TicketKind | None, kit: Kit) -> User:
    """Whose ticket it is; nothing changes. Raises Refused for one that is unknown, expired or not mailed in links."""
    user = await kit.store.tickets.find(stored_forms(ticket)) if kind in METHODS else None
    if user is None:
        raise Refused(Code.INVALID_TICKET)
    return user


async def redeem(ticket: str, kind: TicketKind, visit: Visit, kit: Kit) -> Redeemed:
    """Consume the ticket and do what it is for. Raises Refused; then the ticket is gone all the same, for it proved
    what it could."""
    try:
        async with kit.store.transaction() as stores:
            result = await _redeem(stores, ticket, kind, visit, kit)
    except AddressTaken:
        raise Refused(Code.EMAIL_ALREADY_IN_USE, "at the same moment") from None
    if isinstance(result, Refused):
        raise result
    return result


async def _redeem(stores: Stores, ticket: str, kind: TicketKind, visit: Visit, kit: Kit) -> Redeemed | Refused:
    user = await stores.tickets.consume(stored_forms(ticket))
    if user is None:
        return Refused(Code.INVALID_TICKET, "somebody was faster with this ticket")
    refusal = why_not(user, kit, may_be_unverified=kind in _VERIFY)
    if refusal is not None:
        return refusal
    rows: _Rows = ()
    if kind is TicketKind.PASSWORDLESS_EMAIL:
        user = await prove_address(stores, user, visit, kit)
    if kind is TicketKind.VERIFY_EMAIL and await stores.tickets.verify_email(user.id):
        await events.note(stores, kit, events.EMAIL_VERIFIED, user.id, visit)
    if kind is TicketKind.EMAIL_CONFIRM_CHANGE:
        moved = await _move_email(stores, user, visit, kit)
        if moved is None:
            return Refused(Code.EMAIL_ALREADY_IN_USE)
        user, rows = moved
    return Redeemed(await enter(stores, user, visit, kit, METHODS[kind]), rows)


async def _move_email(stores: Stores, user: User, visit: Visit, kit: Kit) -> tuple[User, _Rows] | None:
    """The user under the new address; None when somebody else has it by now. Codes sent to the old one end."""
    moved = await stores.tickets.move_email(user.id)
    if moved is None:
        return None
    await stores.codes.drop_all(user.id)
    await events.note(stores, kit, events.EMAIL_CHANGED, user.id, visit)
    old = () if user.email is None else (user.email,)
    return moved, await put_notice(stores, kit, moved, events.EMAIL_CHANGED, also_to=old)
