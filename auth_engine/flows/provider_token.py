"""GET /user/providers/{provider}/token."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Data, Outcome, User, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.provider_tokens import access_of, keep_tokens, refresh_of, secret_of
from auth_engine.flows.visitor import owner
from auth_engine.net.outside import TIMEOUT_SECONDS
from auth_engine.oauth.profile import ExchangeFailed
from auth_engine.store.providers import SealedTokens

_RENEWAL_SECONDS: Final = int(TIMEOUT_SECONDS) + 5
_LOOK_EVERY_SECONDS: Final = 0.1


class ProviderToken(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A provider's own access token. The refresh token never leaves the server."""

    access_token: str
    token_secret: str | None = None
    """Of OAuth 1.0a."""
    expires_at: datetime | None = None
    scope: str | None = None


async def provider_token(_: None, visit: Visit, kit: Kit) -> Outcome:
    """The token of the account that was used last, renewed when it is about to end. One caller renews, others wait.
    It opens more than an account here and outlives the access token, so the session must not have ended."""
    name = visit.path["provider"]
    user = await owner(visit, kit)
    tokens = await _tokens(user, name, kit)
    until = kit.clock.monotonic() + _RENEWAL_SECONDS
    while tokens.is_old and tokens.refresh_token is not None:
        if await kit.store.providers.begin_renewal(tokens.link_id, _RENEWAL_SECONDS):
            # Read again: it may be new since it was read.
            tokens = await _renewed(await _tokens(user, name, kit), user, name, kit)
            break
        if kit.clock.monotonic() > until:
            raise Refused(Code.OAUTH_EXCHANGE_FAILED, "somebody else's renewal does not end")
        await kit.clock.sleep_until(kit.clock.monotonic() + _LOOK_EVERY_SECONDS)
        tokens = await _tokens(user, name, kit)
    return Data(_told(tokens, kit))


async def _tokens(user: User, name: str, kit: Kit) -> SealedTokens:
    found = await kit.store.providers.tokens(user.id, name)
    if found is None:
        raise Refused(Code.INVALID_REQUEST, "no token of this provider")
    return found


async def _renewed(tokens: SealedTokens, user: User, name: str, kit: Kit) -> SealedTokens:
    """Ask the provider. A refusal leaves a token that still lives as it is. Raises Refused."""
    try:
        provider = kit.providers.find(name)
        refresh = refresh_of(kit, tokens.refresh_token, tokens.link_id)
        if provider is None or refresh is None:
            raise ExchangeFailed("the provider is off, or the token cannot be read")
        await keep_tokens(kit.store, kit, tokens.link_id, await provider.renew(refresh))
    except ExchangeFailed as fault:
        await kit.store.providers.end_renewal(tokens.link_id)
        if tokens.is_over:
            raise Refused(Code.OAUTH_EXCHANGE_FAILED, str(fault)) from None
        return tokens
    return await _tokens(user, name, kit)


def _told(tokens: SealedTokens, kit: Kit) -> ProviderToken:
    access = access_of(kit, tokens.access_token, tokens.link_id)
    if access is None or tokens.is_over:
        raise Refused(Code.OAUTH_EXCHANGE_FAILED, "the token has ended, or cannot be read")
    secret = secret_of(kit, tokens.token_secret, tokens.link_id)
    return ProviderToken(access, secret, tokens.expires_at, tokens.scope)
