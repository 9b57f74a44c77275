"""POST /signup/email-password."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, Password, SignUpOptions
from auth_engine.core.rules import Wishes, ensure_may_sign_up, sign_up_wishes
from auth_engine.core.types import Method, NewUser, NoSession, Outcome, User, Visit
from auth_engine.flows import events
from auth_engine.flows.concealment import until_window
from auth_engine.flows.kit import Kit
from auth_engine.flows.mailing import put_mail, verification_link
from auth_engine.flows.new_password import ensure_good_password
from auth_engine.flows.newcomer import newcomer, open_first_session, signed_up
from auth_engine.flows.taken_address import tell_owner
from auth_engine.store.store import Stores


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
    new = replace(newcomer(wishes, body.email, kit), password_hash=await kit.passwords.hash(body.password))
    async with kit.store.transaction() as stores:
        user = await _insert(stores, new, visit, kit)
        if user is None:
            raise Refused(Code.EMAIL_ALREADY_IN_USE)
        opened = await open_first_session(stores, user, visit, kit, Method.PASSWORD)
    return await signed_up(opened, kit)


async def _sign_up_by_mail(body: SignUpEmailPassword, wishes: Wishes, visit: Visit, kit: Kit) -> Outcome:
    conceals = kit.settings.conceal_errors
    if not conceals and await kit.store.users.email_taken(body.email):
        raise Refused(Code.EMAIL_ALREADY_IN_USE)
    verification = verification_link(kit, wishes.redirect_to)
    async with until_window(kit):
        may_mail = await kit.limits.may_mail(body.email)
        password_hash = await kit.passwords.hash(body.password)
        new = replace(newcomer(wishes, body.email, kit, verification), password_hash=password_hash)
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
