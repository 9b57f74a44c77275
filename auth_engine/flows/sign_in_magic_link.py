"""POST /signin/passwordless/email: a link by mail that signs in."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, SignUpOptions
from auth_engine.core.types import Method, Outcome, TicketKind, UserId, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import HOUR
from auth_engine.flows.mailed_sign_in import mail_sign_in
from auth_engine.flows.mailing import Enclosure, link_with
from auth_engine.mail.letters import Template


class SignInMagicLink(Body, frozen=True):
    email: Email
    options: SignUpOptions | None = None


async def sign_in_magic_link(body: SignInMagicLink, visit: Visit, kit: Kit) -> Outcome:
    """Mail the link; it works once, for an hour, and verifies the address."""
    if not kit.settings.email_passwordless_enabled:
        raise Refused(Code.DISABLED_ENDPOINT)
    return await mail_sign_in(body.email, body.options, visit, kit, Method.MAGIC_LINK, magic_link)


def magic_link(kit: Kit, _: UserId, redirect_to: str) -> Enclosure:
    return link_with(kit, Template.SIGNIN_PASSWORDLESS, TicketKind.PASSWORDLESS_EMAIL, HOUR, redirect_to)
