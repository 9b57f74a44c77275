"""POST /link/idtoken."""

from __future__ import annotations

from auth_engine.core.fields import Body
from auth_engine.core.types import Done, Method, Outcome, Visit
from auth_engine.flows.id_tokens import IdToken, IdTokenProvider, Nonce, profile_of
from auth_engine.flows.kit import Kit
from auth_engine.flows.provider_arrival import Arrival, add_account
from auth_engine.flows.visitor import current_user, session_id_of


class LinkIdToken(Body, frozen=True):
    provider: IdTokenProvider
    id_token: IdToken
    nonce: Nonce | None = None


async def link_id_token(body: LinkIdToken, visit: Visit, kit: Kit) -> Outcome:
    """Link the account that the id token is of, unless it belongs to somebody already."""
    user = await current_user(visit, kit)
    profile = await profile_of(body.provider, body.id_token, body.nonce, kit)
    arrival = Arrival(body.provider, profile, Method.ID_TOKEN)
    await add_account(user, arrival, session_id_of(visit), visit, kit)
    return Done()
