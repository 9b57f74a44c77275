"""POST /signin/idtoken."""

from __future__ import annotations

from auth_engine.core.fields import Body, SignUpOptions
from auth_engine.core.types import Method, Outcome, Visit
from auth_engine.flows.id_tokens import IdToken, IdTokenProvider, Nonce, profile_of
from auth_engine.flows.kit import Kit
from auth_engine.flows.provider_arrival import Arrival, arrive


class SignInIdToken(Body, frozen=True):
    provider: IdTokenProvider
    id_token: IdToken
    nonce: Nonce | None = None
    options: SignUpOptions | None = None


async def sign_in_id_token(body: SignInIdToken, visit: Visit, kit: Kit) -> Outcome:
    """A session, the question for the second factor, or neither where an address has to be verified first."""
    profile = await profile_of(body.provider, body.id_token, body.nonce, kit)
    return await arrive(Arrival(body.provider, profile, Method.ID_TOKEN, body.options), visit, kit)
