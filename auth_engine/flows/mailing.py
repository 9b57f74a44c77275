"""Mails that carry a ticket or a code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from auth_engine.core.fields import RedirectOptions
from auth_engine.core.rules import redirect_target
from auth_engine.core.types import TicketKind, User, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import DAY, verify_link
from auth_engine.mail.letters import Letter, Template
from auth_engine.store.store import Stores
from auth_engine.tokens.tickets import NewTicket

VERIFICATION_SECONDS: Final = 30 * DAY


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What is mailed: a ticket in a link, or a code, and how long it lives in seconds."""

    template: Template
    ticket: NewTicket = field(repr=False)
    seconds: int
    redirect_to: str
    link: str = field(default="", repr=False)


def redirect_of(options: RedirectOptions | None, kit: Kit) -> str:
    """Where the link goes in the end: AUTH_CLIENT_URL when nothing is asked for. Raises Refused."""
    return redirect_target(None if options is None else options.redirect_to, kit.settings, kit.redirects)


def link_with(kit: Kit, template: Template, kind: TicketKind, seconds: int, redirect_to: str) -> Enclosure:
    """A new ticket of this kind, and the link that redeems it."""
    ticket = kit.tickets.ticket(kind)
    return Enclosure(template, ticket, seconds, redirect_to, verify_link(kit.settings, kind, ticket.text, redirect_to))


def verification_link(kit: Kit, redirect_to: str) -> Enclosure:
    """The link that verifies an address and signs in, within thirty days."""
    return link_with(kit, Template.EMAIL_VERIFY, TicketKind.VERIFY_EMAIL, VERIFICATION_SECONDS, redirect_to)


async def put_mail(
    stores: Stores, kit: Kit, user: User, visit: Visit, enclosure: Enclosure, *, new_email: str = ""
) -> str:
    """Queue the mail to the user, or to the new address, in the transaction that stored its ticket. The row's id."""
    own = user.email or ""
    letter = Letter(
        template=enclosure.template.value,
        to=new_email or own,
        locale=user.locale,
        display_name=user.display_name,
        email=own,
        new_email=new_email,
        link=enclosure.link,
        ticket=enclosure.ticket.text,
        redirect_to=enclosure.redirect_to,
    )
    await events.note(stores, kit, events.TICKET_SENT, user.id, visit, {"template": enclosure.template.value})
    return await kit.post.put_letter(stores, letter, enclosure.seconds, user_id=user.id, ticket=enclosure.ticket.stored)


async def put_ticket(stores: Stores, kit: Kit, user: User, visit: Visit, enclosure: Enclosure) -> str | None:
    """Give the user the ticket in place of any other, and queue its mail. The row's id; None when the address is not
    the user's any more, for who reads the old mailbox must not get in."""
    if not await stores.tickets.put_mailed(user.id, user.email or "", enclosure.ticket.stored, enclosure.seconds):
        return None
    return await put_mail(stores, kit, user, visit, enclosure)


async def mail_ticket(kit: Kit, user: User, visit: Visit, enclosure: Enclosure) -> None:
    """The same in a transaction of its own; the mail is delivered beside the request."""
    async with kit.store.transaction() as stores:
        row = await put_ticket(stores, kit, user, visit, enclosure)
    if row is not None:
        kit.post.deliver_in_background(row)
