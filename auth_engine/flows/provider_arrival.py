"""Somebody arrives from a provider: the one rule for who that is here, whether by redirect or by id token.

1. The account at the provider is known: its user signs in.
2. The provider vouches for an address that a user has: the account is linked and the user signs in. If that user never
   verified the address, everything that was put into the account before goes first, for it may be somebody else's.
3. An address that a user has and the provider does not vouch for opens nothing: `email-already-in-use`.
4. Otherwise somebody new signs up. An address that nobody vouches for is verified by mail, where that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import SignUpOptions
from auth_engine.core.rules import Wishes, ensure_may_sign_up, ensure_valid_user, sign_up_wishes
from auth_engine.core.types import Method, NeedsTotp, NewUser, NoSession, SignedIn, User, Visit
from auth_engine.flows import events
from auth_engine.flows.first_factor import Entered, enter, entered
from auth_engine.flows.kit import Kit
from auth_engine.flows.mailing import Enclosure, put_mail, verification_link
from auth_engine.flows.newcomer import newcomer
from auth_engine.flows.notices import put_notice
from auth_engine.flows.provider_tokens import keep_tokens
from auth_engine.flows.sessions import open_session, signed_in
from auth_engine.oauth.profile import Profile, Tokens
from auth_engine.store.store import Stores

_TRIES: Final = 3


class _Overtaken(Exception):
    """Somebody else was faster with the same address or account: nothing was written, and the question is open anew."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An account at a provider, and what was asked for if it is somebody new."""

    provider: str
    profile: Profile
    method: Method
    options: SignUpOptions | None = None
    tokens: Tokens | None = None


async def arrive(arrival: Arrival, visit: Visit, kit: Kit) -> SignedIn | NeedsTotp | NoSession:
    """Sign in, link or sign up. Raises Refused."""
    for _ in range(_TRIES):
        try:
            return await _arrive(arrival, visit, kit)
        except _Overtaken:
            continue
    raise Refused(Code.INTERNAL, "others were faster again and again")


async def _arrive(arrival: Arrival, visit: Visit, kit: Kit) -> SignedIn | NeedsTotp | NoSession:
    profile = arrival.profile
    known = await kit.store.providers.user_of(arrival.provider, profile.id)
    if known is not None:
        return await _return(known, arrival, visit, kit)
    owner = await kit.store.users.by_email(profile.email) if profile.email is not None else None
    if owner is None:
        return await _join(arrival, visit, kit)
    if not profile.email_verified:
        raise Refused(Code.EMAIL_ALREADY_IN_USE, "the provider does not vouch for the address")
    return await _claim(owner, arrival, visit, kit)


async def _return(user: User, arrival: Arrival, visit: Visit, kit: Kit) -> SignedIn | NeedsTotp:
    """Somebody who came from this provider before."""
    ensure_valid_user(user, kit.settings, may_lack_email=True)
    async with kit.store.transaction() as stores:
        # Whoever takes the account over meanwhile is waited for, and then the account is no longer linked.
        await stores.users.lock(user.id)
        link_id = await stores.providers.link_id(user.id, arrival.provider, arrival.profile.id)
        if link_id is None:
            raise _Overtaken
        if arrival.tokens is not None:
            await keep_tokens(stores, kit, link_id, arrival.tokens)
        result = await _enter(stores, user, arrival, visit, kit)
    return await entered(result, kit)


async def _claim(owner: User, arrival: Arrival, visit: Visit, kit: Kit) -> SignedIn | NeedsTotp:
    """The owner of an address that a user has."""
    ensure_valid_user(owner, kit.settings, may_be_unverified=True)
    async with kit.store.transaction() as stores:
        await stores.users.lock(owner.id)
        user = await stores.users.by_email(arrival.profile.email or "")
        if user is None or user.id != owner.id:
            raise _Overtaken
        if await stores.providers.claim(user.id):
            await events.note(stores, kit, events.EMAIL_VERIFIED, user.id, visit, {"provider": arrival.provider})
        await _link(stores, user, arrival, visit, kit)
        now = await stores.users.by_id(user.id)
        result = await _enter(stores, now or user, arrival, visit, kit)
    return await entered(result, kit)


async def _join(arrival: Arrival, visit: Visit, kit: Kit) -> SignedIn | NoSession:
    """Somebody new."""
    settings, profile = kit.settings, arrival.profile
    ensure_may_sign_up(profile.email, settings)
    wishes = sign_up_wishes(arrival.options, profile.name or profile.id, settings, kit.redirects)
    enclosure = _verification(profile, wishes, kit)
    row = opened = None
    async with kit.store.transaction() as stores:
        user = await stores.users.insert(_new_user(profile, wishes, enclosure, kit))
        if user is None:
            raise _Overtaken
        method = {"method": arrival.method.value, "provider": arrival.provider}
        await events.note(stores, kit, events.SIGN_UP, user.id, visit, method)
        await _link(stores, user, arrival, visit, kit)
        if enclosure is not None:
            row = await put_mail(stores, kit, user, visit, enclosure)
        elif not user.disabled:
            opened = await open_session(stores, user, visit, kit, arrival.method)
    if row is not None:
        await kit.post.deliver(row)
    if settings.disable_new_users:
        raise Refused(Code.DISABLED_USER)
    return NoSession() if opened is None else await signed_in(opened, kit)


def _verification(profile: Profile, wishes: Wishes, kit: Kit) -> Enclosure | None:
    """The mail to an address that nobody vouches for, where addresses have to be verified."""
    settings = kit.settings
    vouched_for = profile.email is None or profile.email_verified
    if vouched_for or not settings.email_verified_required or settings.disable_new_users:
        return None
    return verification_link(kit, wishes.redirect_to)


def _new_user(profile: Profile, wishes: Wishes, enclosure: Enclosure | None, kit: Kit) -> NewUser:
    new = newcomer(wishes, profile.email, kit, enclosure)
    return replace(new, email_verified=profile.email_verified, avatar_url=profile.avatar_url or new.avatar_url)


async def _link(stores: Stores, user: User, arrival: Arrival, visit: Visit, kit: Kit) -> None:
    if not await link_account(stores, user, arrival, visit, kit):
        raise _Overtaken


async def add_account(user: User, arrival: Arrival, session_id: str | None, visit: Visit, kit: Kit) -> None:
    """Link the account to a user who is signed in already. Raises Refused when it belongs to somebody, or when the
    session has ended: an access token outlives its session by minutes, and must put no way in into an account that
    its owner has taken back. `session_id` is None for tokens that do not say."""
    async with kit.store.transaction() as stores:
        if not await stores.users.is_still_in(user.id, session_id):
            raise Refused(Code.INVALID_REQUEST, "the session has ended")
        if not await link_account(stores, user, arrival, visit, kit):
            raise Refused(Code.INVALID_REQUEST, "the account belongs to somebody already")
        rows = await put_notice(stores, kit, user, events.PROVIDER_LINKED)
    kit.post.deliver_in_background(*rows)


async def link_account(stores: Stores, user: User, arrival: Arrival, visit: Visit, kit: Kit) -> bool:
    """Link the account to the user, its tokens with it; False when it belongs to somebody already."""
    link_id = await stores.providers.link(user.id, arrival.provider, arrival.profile.id)
    if link_id is None:
        return False
    if arrival.tokens is not None:
        await keep_tokens(stores, kit, link_id, arrival.tokens)
    await events.note(stores, kit, events.PROVIDER_LINKED, user.id, visit, {"provider": arrival.provider})
    return True


async def _enter(stores: Stores, user: User, arrival: Arrival, visit: Visit, kit: Kit) -> Entered:
    """A session, or the question for the second factor where AUTH_MFA_FOR_PROVIDERS asks it."""
    if kit.settings.mfa_for_providers:
        return await enter(stores, user, visit, kit, arrival.method)
    return await open_session(stores, user, visit, kit, arrival.method)
