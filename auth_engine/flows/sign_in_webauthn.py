"""POST /signin/webauthn and POST /signin/webauthn/verify."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.rules import ensure_valid_user
from auth_engine.core.types import Data, Method, Outcome, Visit
from auth_engine.factors.webauthn import relying_party
from auth_engine.flows.kit import Kit
from auth_engine.flows.passkey_bodies import SignInWebauthn, UseWebauthn
from auth_engine.flows.passkey_options import request_options
from auth_engine.flows.passkeys import count_use, ensure_webauthn_enabled, genuine_use, open_challenge, take_challenge
from auth_engine.flows.sessions import open_session, signed_in
from auth_engine.store.keys import Purpose


async def sign_in_webauthn(body: SignInWebauthn | None, visit: Visit, kit: Kit) -> Outcome:
    """Options for the browser to use a key of this address; without one, any passkey that it has for us."""
    ensure_webauthn_enabled(kit)
    party, timeout = relying_party(kit.settings), kit.settings.webauthn_timeout_ms
    if body is None or body.email is None:
        return Data(request_options(party, await open_challenge(kit, Purpose.SIGN_IN), timeout))
    user = await kit.store.users.by_email(body.email)
    if user is None:
        raise Refused(Code.INVALID_EMAIL_PASSWORD)
    ensure_valid_user(user, kit.settings)
    keys = await kit.store.keys.of_user(user.id)
    if not keys:
        raise Refused(Code.INVALID_REQUEST, "the user has no key")
    challenge = await open_challenge(kit, Purpose.SIGN_IN, user_id=user.id)
    return Data(request_options(party, challenge, timeout, keys))


async def sign_in_webauthn_verify(body: UseWebauthn, visit: Visit, kit: Kit) -> Outcome:
    """A session for a key's answer. No second factor is asked: a key is held, and asks for its owner itself."""
    ensure_webauthn_enabled(kit)
    taken = await take_challenge(body.credential.response.client_data_json, Purpose.SIGN_IN, kit)
    key, counter = await genuine_use(body.credential, taken, kit)
    user = await kit.store.users.by_id(key.user_id)
    if user is None:
        raise Refused(Code.INVALID_REQUEST, "the user is gone")
    ensure_valid_user(user, kit.settings, may_lack_email=True)
    async with kit.store.transaction() as stores:
        opened = await open_session(stores, user, visit, kit, Method.WEBAUTHN)
        await count_use(stores, key, counter)
    return await signed_in(opened, kit)
