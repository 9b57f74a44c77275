"""POST /user/email/change."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, RedirectOptions
from auth_engine.core.rules import email_may_enter
from auth_engine.core.types import Done, Outcome, TicketKind, User, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import HOUR
from auth_engine.flows.mailing import link_with, put_mail, redirect_of
from auth_engine.flows.visitor import ensure_still_in, owner
from auth_engine.mail.letters import Template


class ChangeEmail(Body, frozen=True):
    new_email: Email
    options: RedirectOptions | None = None


async def change_email(body: ChangeEmail, visit: Visit, kit: Kit) -> Outcome:
    """Mail a link to the new address, which takes the place of the old one when it is opened. Nothing is verified, and
    nothing changes, before."""
    user = await owner(visit, kit)
    redirect_to = redirect_of(body.options, kit)
    if not email_may_enter(body.new_email, kit.settings):
        raise Refused(Code.INVALID_EMAIL_PASSWORD, "the access lists keep the new address out")
    if await kit.store.users.email_taken(body.new_email):
        raise Refused(Code.EMAIL_ALREADY_IN_USE)
    if await kit.limits.may_mail(body.new_email):
        await kit.post.deliver(await _ask(user, body.new_email, redirect_to, visit, kit))
    return Done()


async def _ask(user: User, new_email: str, redirect_to: str, visit: Visit, kit: Kit) -> str:
    enclosure = link_with(kit, Template.EMAIL_CONFIRM_CHANGE, TicketKind.EMAIL_CONFIRM_CHANGE, HOUR, redirect_to)
    async with kit.store.transaction() as stores:
        await ensure_still_in(stores, user.id, visit)
        await stores.tickets.put_email_change(user.id, new_email, enclosure.ticket.stored, enclosure.seconds)
        return await put_mail(stores, kit, user, visit, enclosure, new_email=new_email)
