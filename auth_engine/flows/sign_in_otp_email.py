"""POST /signin/otp/email: six digits by mail that sign in."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, SignUpOptions
from auth_engine.core.types import Method, Outcome, UserId, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import HOUR
from auth_engine.flows.mailed_sign_in import mail_sign_in
from auth_engine.flows.mailing import Enclosure
from auth_engine.mail.letters import Template


class SignInOtpEmail(Body, frozen=True):
    email: Email
    options: SignUpOptions | None = None


async def sign_in_otp_email(body: SignInOtpEmail, visit: Visit, kit: Kit) -> Outcome:
    """Mail the code; it lives an hour and bears AUTH_RATE_LIMIT_CODE_TRIES guesses."""
    if not kit.settings.otp_email_enabled:
        raise Refused(Code.DISABLED_ENDPOINT)
    return await mail_sign_in(body.email, body.options, visit, kit, Method.EMAIL_OTP, _code)


def _code(kit: Kit, user_id: UserId, redirect_to: str) -> Enclosure:
    return Enclosure(Template.SIGNIN_OTP, kit.tickets.code(user_id), HOUR, redirect_to)
