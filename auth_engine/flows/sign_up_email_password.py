"""POST /signup/email-password."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, Password, SignUpOptions
from auth_engine.core.rules import ensure_may_sign_up, gravatar, sign_up_wishes
from auth_engine.core.types import Method, NewUser, NoSession, Outcome, TicketKind, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import DAY, verify_link
from auth_engine.flows.new_password import ensure_good_password
from auth_engine.flows.sessions import open_session, signed_in
from auth_engine.mail.letters import Letter, Template

TICKET_SECONDS: Final = 30 * DAY


class SignUpEmailPassword(Body, frozen=True):
    email: Email
    password: Password
    options: SignUpOptions | None = None


async def sign_up_email_password(body: SignUpEmailPassword, visit: Visit, kit: Kit) -> Outcome:
    """A session at once, or a mail with a link first where addresses have to be verified."""
    settings = kit.settings
    ensure_may_sign_up(body.email, settings)
    await ensure_good_password(body.password, kit)
    wishes = sign_up_wishes(body.options, body.email, settings, kit.redirects)
    verifies = settings.email_verified_required and not settings.disable_new_users
    ticket = kit.tickets.ticket(TicketKind.VERIFY_EMAIL) if verifies else None
    new = NewUser(
        display_name=wishes.display_name,
        locale=wishes.locale,
        default_role=wishes.default_role,
        roles=wishes.roles,
        email=body.email,
        password_hash=await kit.passwords.hash(body.password),
        disabled=settings.disable_new_users,
        avatar_url=gravatar(body.email, settings),
        metadata=wishes.metadata,
        ticket=ticket.stored if ticket else None,
        ticket_seconds=TICKET_SECONDS if ticket else 0,
    )
    async with kit.store.transaction() as stores:
        user = await stores.users.insert(new)
        if user is None:
            raise Refused(Code.EMAIL_ALREADY_IN_USE)
        await events.note(stores, kit, events.SIGN_UP, user.id, visit, {"method": Method.PASSWORD.value})
        if ticket is not None:
            letter = Letter(
                template=Template.EMAIL_VERIFY.value,
                to=body.email,
                locale=user.locale,
                display_name=user.display_name,
                email=body.email,
                link=verify_link(settings, TicketKind.VERIFY_EMAIL, ticket.text, wishes.redirect_to),
                ticket=ticket.text,
                redirect_to=wishes.redirect_to,
            )
            row = await kit.post.put_letter(stores, letter, TICKET_SECONDS, user_id=user.id, ticket=ticket.stored)
        elif not settings.disable_new_users:
            opened = await open_session(stores, user, visit, kit, Method.PASSWORD)
    if settings.disable_new_users:
        raise Refused(Code.DISABLED_USER)
    if ticket is not None:
        await kit.post.deliver(row)
        return NoSession()
    return await signed_in(opened, kit)
