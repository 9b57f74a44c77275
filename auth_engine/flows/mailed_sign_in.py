"""Signing in by mail alone: what magic links and mailed codes have in common. Somebody new is signed up on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import SignUpOptions
from auth_engine.core.rules import (
    Wishes,
    email_may_enter,
    ensure_may_sign_up,
    ensure_valid_user,
    sign_up_wishes,
)
from auth_engine.core.types import Done, Method, Outcome, User, UserId, Visit
from auth_engine.flows import events
from auth_engine.flows.concealment import concealed
from auth_engine.flows.kit import Kit
from auth_engine.flows.mailing import Enclosure, put_ticket
from auth_engine.flows.newcomer import newcomer
from auth_engine.store.store import Stores

Enclose: TypeAlias = Callable[[Kit, UserId, str], Enclosure]
"""Makes what is mailed for a user and the place to go to afterwards."""


async def mail_sign_in(
    email: str, options: SignUpOptions | None, visit: Visit, kit: Kit, method: Method, enclose: Enclose
) -> Outcome:
    """Mail the way in to whoever has the address; nobody learns here whether that was a user.

    Where errors are concealed every well-formed address is answered alike, whatever its state.
    """
    if not kit.settings.conceal_errors:
        _ensure_listed(email, kit)
    wishes = sign_up_wishes(options, email, kit.settings, kit.redirects)
    with concealed(kit):
        _ensure_listed(email, kit)
        await _mail(email, wishes, visit, kit, method, enclose)
    return Done()


def _ensure_listed(email: str, kit: Kit) -> None:
    if not email_may_enter(email, kit.settings):
        raise Refused(Code.INVALID_EMAIL_PASSWORD, "the access lists keep the address out")


async def _mail(email: str, wishes: Wishes, visit: Visit, kit: Kit, method: Method, enclose: Enclose) -> None:
    known = await kit.store.users.by_email(email)
    if known is None:
        ensure_may_sign_up(email, kit.settings)
    else:
        ensure_valid_user(known, kit.settings, may_be_unverified=True)
    if not await kit.limits.may_mail(email):
        return
    async with kit.store.transaction() as stores:
        user = known or await _join(stores, email, wishes, visit, kit, method)
        row = None if user.disabled else await _put(stores, user, wishes, visit, kit, enclose)
    if user.disabled:
        raise Refused(Code.DISABLED_USER)
    if row is not None:
        kit.post.deliver_in_background(row)


async def _join(stores: Stores, email: str, wishes: Wishes, visit: Visit, kit: Kit, method: Method) -> User:
    """The new user without a password; whoever was faster with the same address, otherwise."""
    user = await stores.users.insert(newcomer(wishes, email, kit))
    if user is not None:
        await events.note(stores, kit, events.SIGN_UP, user.id, visit, {"method": method.value})
        return user
    other = await stores.users.by_email(email)
    if other is None:
        raise Refused(Code.INTERNAL, "the address came and went")
    ensure_valid_user(other, kit.settings, may_be_unverified=True)
    return other


async def _put(stores: Stores, user: User, wishes: Wishes, visit: Visit, kit: Kit, enclose: Enclose) -> str | None:
    return await put_ticket(stores, kit, user, visit, enclose(kit, user.id, wishes.redirect_to))
