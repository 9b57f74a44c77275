"""POST /signup/email-password."""

from __future__ import annotations

import asyncio
from typing import Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, Password, SignUpOptions
from auth_engine.core.rules import Wishes, ensure_may_sign_up, gravatar, sign_up_wishes
from auth_engine.core.types import Method, NewUser, NoSession, Outcome, TicketKind, User, Visit
from auth_engine.flows import events
from auth_engine.flows.concealment import until_window
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import DAY
from auth_engine.flows.mailing import Enclosure, link_with, put_mail
from auth_engine.flows.new_password import ensure_good_password
from auth_engine.flows.sessions import open_session, signed_in
from auth_engine.flows.taken_address import tell_owner
from auth_engine.mail.letters import Template
from auth_engine.store.store import Stores

TICKET_SECONDS: Final = 30 * DAY


class SignUpEmailPassword(Body, frozen=True):
    email: Email
    password: Password
    options: SignUpOptions | None = None


async def sign_up_email_password(body: SignUpEmailPassword, visit: Visit, kit: Kit) -> Outcome:
    """A session at once, or a mail with a link first where addresses have to be verified.

    Where they have to be and errors are concealed, a taken address is answered like a free one, in its time too; its
    owner gets a notice.
    """
    settings = kit.settings
    ensure_may_sign_up(body.email, settings)
    await ensure_good_password(body.password, kit)
    wishes = sign_up_wishes(body.options, body.email, settings, kit.redirects)
    if settings.email_verified_required and not settings.disable_new_users:
        return await _sign_up_by_mail(body, wishes, visit, kit)
    new = _new_user(body.email, await kit.passwords.hash(body.password), wishes, kit)
    async with kit.store.transaction() as stores:
        user = await _insert(stores, new, visit, kit)
        if user is None:
            raise Refused(Code.EMAIL_ALREADY_IN_USE)
        if not settings.disable_new_users:
            opened = await open_session(stores, user, visit, kit, Method.PASSWORD)
    if settings.disable_new_users:
        raise Refused(Code.DISABLED_USER)
    return await signed_in(opened, kit)


async def _sign_up_by_mail(body: SignUpEmailPassword, wishes: Wishes, visit: Visit, kit: Kit) -> Outcome:
    conceals = kit.settings.conceal_errors
    if not conceals and await kit.store.users.email_taken(body.email):
        raise Refused(Code.EMAIL_ALREADY_IN_USE)
    verification = link_with(kit, Template.EMAIL_VERIFY, TicketKind.VERIFY_EMAIL, TICKET_SECONDS, wishes.redirect_to)
    async with until_window(kit):
        may_mail = await kit.limits.may_mail(body.email)
        new = _new_user(body.email, await kit.passwords.hash(body.password), wishes, kit, verification)
        async with kit.store.transaction() as stores:
            user = await _insert(stores, new, visit, kit)
            if user is None:
                rows = await tell_owner(stores, body.email, may_mail, visit, kit)
            else:
                rows = (await put_mail(stores, kit, user, visit, verification),) if may_mail else ()
        if conceals:
            kit.post.deliver_in_background(*rows)
        else:
            await asyncio.gather(*(kit.post.deliver(row) for row in rows))
    return NoSession()


async def _insert(stores: Stores, new: NewUser, visit: Visit, kit: Kit) -> User | None:
    """None when the address is taken."""
    user = await stores.users.insert(new)
    if user is not None:
        await events.note(stores, kit, events.SIGN_UP, user.id, visit, {"method": Method.PASSWORD.value})
    return user


def _new_user(
    email: str, password_hash: str, wishes: Wishes, kit: Kit, verification: Enclosure | None = None
) -> NewUser:
    return NewUser(
        display_name=wishes.display_name,
        locale=wishes.locale,
        default_role=wishes.default_role,
        roles=wishes.roles,
        email=email,
        password_hash=password_hash,
        disabled=kit.settings.disable_new_users,
        avatar_url=gravatar(email, kit.settings),
        metadata=wishes.metadata,
        ticket=verification.ticket.stored if verification else None,
        ticket_seconds=verification.seconds if verification else 0,
    )
