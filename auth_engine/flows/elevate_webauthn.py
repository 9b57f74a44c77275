"""POST /elevate/webauthn and POST /elevate/webauthn/verify: elevation by a security key."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.factors.webauthn import relying_party
from auth_engine.flows.elevation import Factor, ensure_factor, open_elevated
from auth_engine.flows.kit import Kit
from auth_engine.flows.passkey_bodies import UseWebauthn
from auth_engine.flows.passkey_options import request_options
from auth_engine.flows.passkeys import count_use, ensure_webauthn_enabled, genuine_use, open_challenge, take_challenge
from auth_engine.flows.sessions import signed_in
from auth_engine.flows.visitor import current_user
from auth_engine.store.keys import Purpose


async def elevate_webauthn(_: None, visit: Visit, kit: Kit) -> Outcome:
    """Options for the browser to use a key of the token's user."""
    ensure_webauthn_enabled(kit)
    user = await current_user(visit, kit)
    keys = await kit.store.keys.of_user(user.id)
    if not keys:
        raise Refused(Code.INVALID_REQUEST, "the user has no key")
    await ensure_factor(Factor.KEY, visit, kit)
    challenge = await open_challenge(kit, Purpose.ELEVATE, user_id=user.id)
    return Data(request_options(relying_party(kit.settings), challenge, kit.settings.webauthn_timeout_ms, keys))


async def elevate_webauthn_verify(body: UseWebauthn, visit: Visit, kit: Kit) -> Outcome:
    """An elevated session for the answer of one of the user's keys."""
    ensure_webauthn_enabled(kit)
    user = await current_user(visit, kit)
    taken = await take_challenge(body.credential.response.client_data_json, Purpose.ELEVATE, kit)
    if taken.row.user_id != user.id:
        raise Refused(Code.INVALID_REQUEST, "another user's challenge")
    method = await ensure_factor(Factor.KEY, visit, kit)
    key, counter = await genuine_use(body.credential, taken, kit)
    async with kit.store.transaction() as stores:
        opened = await open_elevated(stores, user, visit, kit, Factor.KEY, method)
        await count_use(stores, key, counter)
    return await signed_in(opened, kit)
