"""POST /user/email/send-verification-email."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, RedirectOptions
from auth_engine.core.rules import ensure_valid_user
from auth_engine.core.types import Done, Outcome, Visit
from auth_engine.flows.concealment import concealed
from auth_engine.flows.kit import Kit
from auth_engine.flows.mailing import mail_ticket, redirect_of, verification_link


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
            await mail_ticket(kit, user, visit, verification_link(kit, redirect_to))
    return Done()
