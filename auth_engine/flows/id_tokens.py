"""Reading the id token of a request: an app on a phone signed in at Apple or Google by itself."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from auth_engine.core.errors import Code, Refused
from auth_engine.flows.kit import Kit
from auth_engine.oauth.id_tokens import BadIdToken
from auth_engine.oauth.profile import Profile

IdTokenProvider: TypeAlias = Literal["apple", "google"]
IdToken: TypeAlias = Annotated[str, Meta(max_length=16_384)]
Nonce: TypeAlias = Annotated[str, Meta(max_length=1_024)]


async def profile_of(provider: str, token: str, nonce: str | None, kit: Kit) -> Profile:
    """Whose token it is. Raises Refused: whatever is wrong with a token, the answer is one and the same."""
    if not kit.providers.takes_id_tokens(provider):
        raise Refused(Code.DISABLED_ENDPOINT)
    try:
        return await kit.providers.read_id_token(provider, token, nonce)
    except BadIdToken as fault:
        raise Refused(Code.INVALID_REQUEST, f"the id token: {fault}") from None
