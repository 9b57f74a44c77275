"""POST /user/webauthn/add and POST /user/webauthn/verify: one more security key for the token's user."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from auth_engine.core.errors import Code, Refused
from auth_engine.core.shapes import Identity
from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.factors.webauthn import relying_party
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.notices import put_notice
from auth_engine.flows.passkey_bodies import AddWebauthnVerify
from auth_engine.flows.passkey_options import creation_options
from auth_engine.flows.passkeys import (
    add_key,
    ensure_webauthn_enabled,
    genuine_new_key,
    open_challenge,
    take_challenge,
)
from auth_engine.flows.visitor import ensure_still_in, owner
from auth_engine.store.keys import Purpose


class KeyAdded(Struct, frozen=True, rename="camel"):
    """The new key's row."""

    id: Identity
    nickname: str | msgspec.UnsetType = msgspec.UNSET


async def webauthn_add(_: None, visit: Visit, kit: Kit) -> Outcome:
    """Options for the browser to make a key, on an authenticator that holds none of the user's yet."""
    ensure_webauthn_enabled(kit)
    user = await owner(visit, kit)
    keys = await kit.store.keys.of_user(user.id)
    challenge = await open_challenge(kit, Purpose.ADD, user_id=user.id)
    party, timeout = relying_party(kit.settings), kit.settings.webauthn_timeout_ms
    return Data(creation_options(party, challenge, timeout, user.id, user.display_name, keys))


async def webauthn_add_verify(body: AddWebauthnVerify, visit: Visit, kit: Kit) -> Outcome:
    """Store the key that was made."""
    ensure_webauthn_enabled(kit)
    user = await owner(visit, kit)
    taken = await take_challenge(body.credential.response.client_data_json, Purpose.ADD, kit)
    if taken.row.user_id != user.id:
        raise Refused(Code.INVALID_REQUEST, "another user's challenge")
    key = genuine_new_key(body.credential, taken, kit)
    async with kit.store.transaction() as stores:
        await ensure_still_in(stores, user.id, visit)
        identity = await add_key(stores, user.id, key, body.credential, body.nickname)
        await events.note(stores, kit, events.KEY_ADDED, user.id, visit, {"key": identity})
        notices = await put_notice(stores, kit, user, events.KEY_ADDED)
    kit.post.deliver_in_background(*notices)
    return Data(KeyAdded(identity, body.nickname or msgspec.UNSET))
