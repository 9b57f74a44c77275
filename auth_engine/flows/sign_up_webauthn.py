"""POST /signup/webauthn and POST /signup/webauthn/verify: an account whose first key is a passkey.

Nothing is stored of the user until the key was proved: what was asked for lies, encrypted, with the challenge.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

import msgspec
from msgspec import Struct

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import SignUpOptions
from auth_engine.core.rules import Wishes, ensure_may_sign_up, sign_up_wishes
from auth_engine.core.types import Data, Method, NewUser, NoSession, Outcome, User, UserId, Visit
from auth_engine.factors.webauthn import NewKey, relying_party
from auth_engine.flows import events
from auth_engine.flows.concealment import until_window
from auth_engine.flows.kit import Kit
from auth_engine.flows.mailing import put_mail, verification_link
from auth_engine.flows.newcomer import newcomer, open_first_session, signed_up
from auth_engine.flows.passkey_bodies import SignUpWebauthn, SignUpWebauthnVerify
from auth_engine.flows.passkey_options import creation_options
from auth_engine.flows.passkeys import (
    add_key,
    ensure_webauthn_enabled,
    genuine_new_key,
    open_challenge,
    payload_of,
    take_challenge,
)
from auth_engine.flows.taken_address import tell_owner
from auth_engine.store.keys import Purpose
from auth_engine.store.store import Stores


class Promise(Struct, frozen=True):
    """What lies with the challenge."""

    user_id: UserId
    email: str
    options: SignUpOptions | None


async def sign_up_webauthn(body: SignUpWebauthn, visit: Visit, kit: Kit) -> Outcome:
    """Options for the browser to make a key."""
    ensure_webauthn_enabled(kit)
    ensure_may_sign_up(body.email, kit.settings)
    wishes = sign_up_wishes(body.options, body.email, kit.settings, kit.redirects)
    promise = Promise(str(uuid.uuid4()), body.email, body.options)
    challenge = await open_challenge(kit, Purpose.SIGN_UP, payload=msgspec.json.encode(promise).decode())
    timeout = kit.settings.webauthn_timeout_ms
    party = relying_party(kit.settings)
    return Data(creation_options(party, challenge, timeout, promise.user_id, wishes.display_name))


async def sign_up_webauthn_verify(body: SignUpWebauthnVerify, visit: Visit, kit: Kit) -> Outcome:
    """The user and the key are stored together; then a session, or a mail first where addresses have to be verified."""
    ensure_webauthn_enabled(kit)
    taken = await take_challenge(body.credential.response.client_data_json, Purpose.SIGN_UP, kit)
    payload = payload_of(taken, kit)
    if payload is None:
        raise Refused(Code.INVALID_REQUEST, "the challenge was sealed under another key")
    promise = msgspec.json.decode(payload, type=Promise)
    ensure_may_sign_up(promise.email, kit.settings)
    options = _merged(promise.options, body.options)
    wishes = sign_up_wishes(options, promise.email, kit.settings, kit.redirects)
    key = genuine_new_key(body.credential, taken, kit)
    return await _store(promise, wishes, key, body, visit, kit)


def _merged(first: SignUpOptions | None, then: SignUpOptions | None) -> SignUpOptions | None:
    """The options of the beginning, changed by those of the end."""
    if first is None or then is None:
        return then or first
    said = {name: getattr(then, name) for name in then.__struct_fields__ if getattr(then, name) is not None}
    return msgspec.structs.replace(first, **said)


async def _store(
    promise: Promise, wishes: Wishes, key: NewKey, body: SignUpWebauthnVerify, visit: Visit, kit: Kit
) -> Outcome:
    settings = kit.settings
    if settings.email_verified_required and not settings.disable_new_users:
        return await _store_and_mail(promise, wishes, key, body, visit, kit)
    new = replace(newcomer(wishes, promise.email, kit), id=promise.user_id)
    async with kit.store.transaction() as stores:
        user = await _insert(stores, new, key, body, visit, kit)
        if user is None:
            raise Refused(Code.EMAIL_ALREADY_IN_USE)
        opened = await open_first_session(stores, user, visit, kit, Method.WEBAUTHN)
    return await signed_up(opened, kit)


async def _store_and_mail(
    promise: Promise, wishes: Wishes, key: NewKey, body: SignUpWebauthnVerify, visit: Visit, kit: Kit
) -> Outcome:
    """Where errors are concealed, a taken address is answered like a free one, as in signing up with a password."""
    verification = verification_link(kit, wishes.redirect_to)
    async with until_window(kit):
        may_mail = await kit.limits.may_mail(promise.email)
        new = replace(newcomer(wishes, promise.email, kit, verification), id=promise.user_id)
        async with kit.store.transaction() as stores:
            user = await _insert(stores, new, key, body, visit, kit)
            if user is None:
                rows = await tell_owner(stores, promise.email, may_mail, visit, kit)
            else:
                rows = (await put_mail(stores, kit, user, visit, verification),) if may_mail else ()
        if kit.settings.conceal_errors:
            kit.post.deliver_in_background(*rows)
        else:
            await asyncio.gather(*(kit.post.deliver(row) for row in rows))
    return NoSession()


async def _insert(
    stores: Stores, new: NewUser, key: NewKey, body: SignUpWebauthnVerify, visit: Visit, kit: Kit
) -> User | None:
    """The user with the key; None when the address is taken."""
    user = await stores.users.insert(new)
    if user is not None:
        await add_key(stores, user.id, key, body.credential, body.nickname)
        await events.note(stores, kit, events.SIGN_UP, user.id, visit, {"method": Method.WEBAUTHN.value})
    return user
