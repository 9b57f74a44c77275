"""GET /user/export: all that is kept about the visitor, in one document."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.shapes import user_shape
from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import owner


async def export_user(_: None, visit: Visit, kit: Kit) -> Outcome:
    """core.account_shapes.AccountExport: no hash, secret, ticket or token is in it."""
    user = await owner(visit, kit, may_be_anonymous=True)
    async with kit.store.transaction() as stores:
        await events.note(stores, kit, events.EXPORTED, user.id, visit)
        accounts = stores.accounts
        details = await accounts.details(user.id)
        if details is None:
            raise Refused(Code.INVALID_EMAIL_PASSWORD, "the token's user is gone")
        return Data(
            {
                "user": user_shape(user, in_session=False),
                "details": details,
                "sessions": await accounts.sessions(user.id, kit.settings.session_max_age),
                "personalAccessTokens": await accounts.pats(user.id),
                "providers": await accounts.providers(user.id),
                "securityKeys": await accounts.security_keys(user.id),
                "events": await accounts.events(user.id),
            }
        )
