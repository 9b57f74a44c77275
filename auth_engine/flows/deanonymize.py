"""POST /user/deanonymize: an anonymous visitor gets credentials and keeps the account. Auth contract §2."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, Password, SignUpOptions
from auth_engine.core.rules import Wishes, email_may_enter, ensure_valid_user, gravatar, sign_up_wishes
from auth_engine.core.types import Done, Outcome, TicketKind, UserId, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.links import HOUR
from auth_engine.flows.mailing import Enclosure, link_with, put_mail, verification_link
from auth_engine.flows.new_password import ensure_good_password
from auth_engine.flows.visitor import claims_of, ensure_still_in
from auth_engine.mail.letters import Template
from auth_engine.store.accounts import NewIdentity

PASSWORD: Final = "email-password"
LINK_SECONDS: Final = HOUR


class Deanonymize(Body, frozen=True):
    sign_in_method: Literal["email-password", "passwordless"]
    email: Email
    password: Password | None = None
    connection: Annotated[str, Meta(description="Ignored.")] = ""
    options: SignUpOptions | None = None


async def deanonymize(body: Deanonymize, visit: Visit, kit: Kit) -> Outcome:
    """The same account under an address. Where a mail has to be opened first, its sessions end; else they stay, and the
    access token in hand keeps its anonymous claims until it is renewed."""
    user_id = await _anonymous_visitor(visit, kit)
    wishes = await _ensure_sound(body, kit)
    enclosure = _enclosure(body, wishes, kit)
    identity = await _identity(body, wishes, enclosure, kit)
    may_mail = enclosure is not None and await kit.limits.may_mail(body.email)
    row = None
    async with kit.store.transaction() as stores:
        if not await stores.accounts.deanonymize(user_id, identity):
            raise Refused(Code.USER_NOT_ANONYMOUS)
        await ensure_still_in(stores, user_id, visit)
        await events.note(stores, kit, events.DEANONYMIZED, user_id, visit, {"method": body.sign_in_method})
        if enclosure is not None:
            await stores.sessions.end_all(user_id)
            user = await stores.users.by_id(user_id)
            if user is not None and may_mail:
                row = await put_mail(stores, kit, user, visit, enclosure)
    if row is not None:
        await kit.post.deliver(row)
    return Done()


async def _anonymous_visitor(visit: Visit, kit: Kit) -> UserId:
    """The token's user, who must be anonymous by the token and still be by the database. Raises Refused."""
    claims = claims_of(visit)
    if not claims.is_anonymous:
        raise Refused(Code.USER_NOT_ANONYMOUS)
    user = await kit.store.users.by_id(claims.user_id)
    if user is None:
        raise Refused(Code.INVALID_EMAIL_PASSWORD, "the token's user is gone")
    if not user.is_anonymous:
        raise Refused(Code.USER_NOT_ANONYMOUS)
    ensure_valid_user(user, kit.settings, may_be_anonymous=True)
    return user.id


async def _ensure_sound(body: Deanonymize, kit: Kit) -> Wishes:
    """Password, options, access lists, address: the contract's order. Raises Refused."""
    if body.sign_in_method == PASSWORD:
        if body.password is None:
            raise Refused(Code.INVALID_REQUEST, "no password")
        await ensure_good_password(body.password, kit)
    wishes = sign_up_wishes(body.options, body.email, kit.settings, kit.redirects)
    if not email_may_enter(body.email, kit.settings):
        raise Refused(Code.INVALID_EMAIL_PASSWORD)
    if await kit.store.users.email_taken(body.email):
        raise Refused(Code.EMAIL_ALREADY_IN_USE)
    return wishes


def _enclosure(body: Deanonymize, wishes: Wishes, kit: Kit) -> Enclosure | None:
    """What has to be mailed: a link to sign in by, or one to verify the address by where that is required."""
    redirect_to = wishes.redirect_to
    if body.sign_in_method != PASSWORD:
        kind = TicketKind.PASSWORDLESS_EMAIL
        return link_with(kit, Template.SIGNIN_PASSWORDLESS, kind, LINK_SECONDS, redirect_to)
    if kit.settings.email_verified_required:
        return verification_link(kit, redirect_to)
    return None


async def _identity(body: Deanonymize, wishes: Wishes, enclosure: Enclosure | None, kit: Kit) -> NewIdentity:
    password = body.password if body.sign_in_method == PASSWORD else None
    return NewIdentity(
        email=body.email,
        display_name=wishes.display_name,
        locale=wishes.locale,
        default_role=wishes.default_role,
        roles=wishes.roles,
        avatar_url=gravatar(body.email, kit.settings),
        metadata=wishes.metadata,
        password_hash=None if password is None else await kit.passwords.hash(password),
        ticket=None if enclosure is None else enclosure.ticket.stored,
        ticket_seconds=0 if enclosure is None else enclosure.seconds,
    )
