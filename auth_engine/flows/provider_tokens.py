"""A provider's own tokens at rest: encrypted, each bound to its row."""

from __future__ import annotations

from typing import Final

from auth_engine.flows.kit import Kit
from auth_engine.oauth.profile import Tokens
from auth_engine.store.store import Stores

_ACCESS: Final = "provider-access-token"
_REFRESH: Final = "provider-refresh-token"
_SECRET: Final = "provider-token-secret"


async def keep_tokens(stores: Stores, kit: Kit, link_id: str, tokens: Tokens) -> None:
    """Keep the tokens of a linked account in place of those it had."""
    await stores.providers.put_tokens(
        link_id,
        kit.seals.seal(tokens.access, _ACCESS, link_id),
        None if tokens.refresh is None else kit.seals.seal(tokens.refresh, _REFRESH, link_id),
        None if tokens.secret is None else kit.seals.seal(tokens.secret, _SECRET, link_id),
        tokens.seconds,
        tokens.scope,
    )


def access_of(kit: Kit, sealed: str, link_id: str) -> str | None:
    """None when it was sealed under a key that is gone."""
    return kit.seals.open(sealed, _ACCESS, link_id)


def refresh_of(kit: Kit, sealed: str | None, link_id: str) -> str | None:
    return None if sealed is None else kit.seals.open(sealed, _REFRESH, link_id)


def secret_of(kit: Kit, sealed: str | None, link_id: str) -> str | None:
    return None if sealed is None else kit.seals.open(sealed, _SECRET, link_id)
