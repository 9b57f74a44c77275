"""POST /user/providers/unlink."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.core.types import Done, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import owner
from auth_engine.store.providers import WaysIn


class UnlinkProvider(Body, frozen=True):
    provider: Annotated[str, Meta(min_length=1, max_length=100)]


async def unlink_provider(body: UnlinkProvider, visit: Visit, kit: Kit) -> Outcome:
    """Forget the user's accounts at a provider, unless they would be locked out. Sessions stay."""
    user = await owner(visit, kit)
    async with kit.store.transaction() as stores:
        # Of two providers that are unlinked at once, the second sees what the first has left.
        await stores.users.lock(user.id)
        left = await stores.providers.ways_in(user.id, body.provider)
        if not await stores.providers.unlink(user.id, body.provider):
            raise Refused(Code.INVALID_REQUEST, "the provider is not linked")
        if left is None or not opens(left, kit):
            raise Refused(Code.LAST_SIGN_IN_METHOD)
        await events.note(stores, kit, events.PROVIDER_UNLINKED, user.id, visit, {"provider": body.provider})
    return Done()


def opens(left: WaysIn, kit: Kit) -> bool:
    """Whether one of these ways is open under the settings."""
    settings = kit.settings
    return (
        left.password
        or (left.key and settings.webauthn_enabled)
        or (left.email and (settings.email_passwordless_enabled or settings.otp_email_enabled))
        or (left.phone and settings.sms_enabled)
        or any(name in kit.providers.names for name in left.providers)
    )
