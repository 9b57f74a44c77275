"""POST /user/email/send-verification-email."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, RedirectOptions
from auth_engine.core.rules import ensure_valid_user
from auth_engine.core.types import Done, Outcome, TicketKind, Visit
from auth_engine.flows.concealment import concealed
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import DAY
from auth_engine.flows.mailing import link_with, mail_ticket, redirect_of
from auth_engine.mail.letters import Template

TICKET_SECONDS = 30 * DAY


class SendVerificationEmail(Body, frozen=True):
    email: Email
    options: RedirectOptions | None = None


async def send_verification_email(body: SendVerificationEmail, visit: Visit, kit: Kit) -> Outcome:
    """Mail a link that verifies the address and signs in. An unknown address is answered as if it were one."""
    redirect_to = redirect_of(body.options, kit)
    user = await kit.store.users.by_email(body.email)
    if user is None:
        return Done()
    with concealed(kit):
        ensure_valid_user(user, kit.settings, may_be_unverified=True)
        if user.email_verified:
            raise Refused(Code.EMAIL_ALREADY_VERIFIED)
        if await kit.limits.may_mail(body.email):
            enclosure = link_with(kit, Template.EMAIL_VERIFY, TicketKind.VERIFY_EMAIL, TICKET_SECONDS, redirect_to)
            await mail_ticket(kit, user, visit, enclosure)
    return Done()
