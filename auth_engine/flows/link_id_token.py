"""POST /link/idtoken."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.core.types import Done, Method, Outcome, Visit
from auth_engine.flows.id_tokens import IdToken, IdTokenProvider, Nonce, profile_of
from auth_engine.flows.kit import Kit
from auth_engine.flows.provider_arrival import Arrival, link_account
from auth_engine.flows.visitor import current_user


class LinkIdToken(Body, frozen=True):
    provider: IdTokenProvider
    id_token: IdToken
    nonce: Nonce | None = None


async def link_id_token(body: LinkIdToken, visit: Visit, kit: Kit) -> Outcome:
    """Link the account that the id token is of, unless it belongs to somebody already."""
    user = await current_user(visit, kit)
    profile = await profile_of(body.provider, body.id_token, body.nonce, kit)
    arrival = Arrival(body.provider, profile, Method.ID_TOKEN)
    async with kit.store.transaction() as stores:
        if not await link_account(stores, user, arrival, visit, kit):
            raise Refused(Code.INVALID_REQUEST, "the account belongs to somebody already")
    return Done()
