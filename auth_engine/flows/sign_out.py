"""POST /signout."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.core.types import Done, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import claims_of
from auth_engine.tokens.refresh import token_hash


class SignOut(Body, frozen=True, forbid_unknown_fields=False):
    refresh_token: str = ""
    all: bool = False


async def sign_out(body: SignOut, visit: Visit, kit: Kit) -> Outcome:
    """End one session, or with `all` every session and personal access token of the token's user."""
    async with kit.store.transaction() as stores:
        if body.all:
            user_id = claims_of(visit).user_id
            await stores.users.lock(user_id)
            await stores.sessions.end_all(user_id)
            await events.note(stores, kit, events.SIGN_OUT, user_id, visit, {"all": True})
            return Done()
        if not body.refresh_token:
            raise Refused(Code.INVALID_REQUEST, "no refresh token")
        ended = await stores.sessions.end_one(token_hash(body.refresh_token))
        if ended is not None:
            await events.note(stores, kit, events.SIGN_OUT, ended[1], visit, {"session": ended[0]})
    return Done()
