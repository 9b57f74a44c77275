"""POST /user/password/reset."""

from __future__ import annotations

from auth_engine.core.fields import Body, Email, RedirectOptions
from auth_engine.core.types import Done, Outcome, TicketKind, Visit
from auth_engine.flows.first_factor import why_not
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import HOUR
from auth_engine.flows.mailing import link_with, mail_ticket, redirect_of
from auth_engine.mail.letters import Template


class ResetPassword(Body, frozen=True):
    email: Email
    options: RedirectOptions | None = None


async def reset_password(body: ResetPassword, visit: Visit, kit: Kit) -> Outcome:
    """Mail a link to whoever may sign in with this address. Unknown, disabled and unverified ones get the same answer
    and no mail."""
    redirect_to = redirect_of(body.options, kit)
    user = await kit.store.users.by_email(body.email)
    if user is not None and why_not(user, kit) is None and await kit.limits.may_mail(body.email):
        enclosure = link_with(kit, Template.PASSWORD_RESET, TicketKind.PASSWORD_RESET, HOUR, redirect_to)
        await mail_ticket(kit, user, visit, enclosure)
    return Done()
