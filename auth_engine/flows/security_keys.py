"""GET /user/security-keys and POST /user/security-keys/remove."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.core.shapes import Identity
from auth_engine.core.types import Data, Done, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.notices import put_notice
from auth_engine.flows.unlink_provider import opens
from auth_engine.flows.visitor import current_user, owner
from auth_engine.store.keys import SecurityKey


class KeyEntry(Struct, frozen=True, rename="camel"):
    """A security key. When it was made is left out where Hasura Auth made it."""

    id: Identity
    is_passkey: bool
    """Whether the authenticator said that it can offer the key by itself, without an address."""
    nickname: str | msgspec.UnsetType = msgspec.UNSET
    created_at: datetime | msgspec.UnsetType = msgspec.UNSET
    last_used_at: datetime | msgspec.UnsetType = msgspec.UNSET


class RemoveKey(Body, frozen=True):
    id: Identity


async def list_security_keys(_: None, visit: Visit, kit: Kit) -> Outcome:
    """The token's user's keys, oldest first."""
    user = await current_user(visit, kit)
    return Data([_entry(key) for key in await kit.store.keys.of_user(user.id)])


def _entry(key: SecurityKey) -> KeyEntry:
    return KeyEntry(
        id=key.id,
        is_passkey=key.is_passkey,
        nickname=key.nickname or msgspec.UNSET,
        created_at=key.created_at or msgspec.UNSET,
        last_used_at=key.last_used_at or msgspec.UNSET,
    )


async def remove_security_key(body: RemoveKey, visit: Visit, kit: Kit) -> Outcome:
    """Forget a key, but never the last way in."""
    user = await owner(visit, kit)
    async with kit.store.transaction() as stores:
        # Of two keys that are removed at once, the second sees what the first has left.
        await stores.users.lock(user.id)
        if not await stores.keys.remove(body.id, user.id):
            raise Refused(Code.INVALID_REQUEST, "the user has no such key")
        left = await stores.providers.ways_in(user.id)
        if left is None or not opens(left, kit):
            raise Refused(Code.LAST_SIGN_IN_METHOD)
        await events.note(stores, kit, events.KEY_REMOVED, user.id, visit, {"key": body.id})
        notices = await put_notice(stores, kit, user, events.KEY_REMOVED)
    kit.post.deliver_in_background(*notices)
    return Done()
