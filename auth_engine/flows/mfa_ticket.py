"""The ticket between the first factor and the second."""

from __future__ import annotations

from typing import Final

from auth_engine.core.types import Method, NeedsTotp, TicketKind, User
from auth_engine.flows.kit import Kit
from auth_engine.store.store import Stores
from auth_engine.store.totp import MFA

TICKET_SECONDS: Final = 300


async def ask_for_totp(stores: Stores, kit: Kit, user: User, method: Method = Method.PASSWORD) -> NeedsTotp:
    """Write a ticket for /signin/mfa/totp; it takes the place of any other ticket of the user. `method` is the first
    factor, which the session will be said to be opened by."""
    ticket = kit.tickets.ticket(TicketKind.MFA_TOTP)
    await stores.tickets.put(user.id, ticket.stored, TICKET_SECONDS)
    await stores.codes.put(user.id, MFA, ticket.stored, TICKET_SECONDS, subject=method.value)
    return NeedsTotp(ticket.text)
