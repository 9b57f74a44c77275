"""Which providers are on, made of the settings, and the checking of id tokens that apps send."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from auth_engine.core.ports import Clock
from auth_engine.core.readers import words
from auth_engine.core.settings import PROVIDERS, Settings
from auth_engine.net.outside import Outside
from auth_engine.oauth import apple, oidc
from auth_engine.oauth.apple import AppleProvider
from auth_engine.oauth.id_tokens import BadIdToken, Expected, IdTokens, hashed_nonce, same_nonce
from auth_engine.oauth.keys import KeySets
from auth_engine.oauth.oauth1 import TwitterProvider
from auth_engine.oauth.oauth2 import Client, OAuth2Provider, Provider
from auth_engine.oauth.oidc import Discovery, OidcProvider
from auth_engine.oauth.profile import Profile, ProfileFailed
from auth_engine.oauth.readers import claims as read_claims
from auth_engine.oauth.table import SERVICES

logger = logging.getLogger(__name__)

_OIDC: Final = "oidc_"
_ID_TOKENS: Final[Mapping[str, tuple[str, str]]] = {
    "google": ("https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs"),
    "apple": (apple.ISSUER, apple.KEYS),
}
"""Issuer and keys of those whose id tokens apps may send."""


class Providers:
    """The providers that are on, by the name in their routes."""

    def __init__(self, settings: Settings, outside: Outside, clock: Clock) -> None:
        self._settings = settings
        self._outside = outside
        self._clock = clock
        self._id_tokens = IdTokens(KeySets(outside, clock), clock)
        self._configured = frozenset(name.removeprefix(_OIDC) for name in settings.providers if name.startswith(_OIDC))
        self._on = {name: made for name in (*PROVIDERS, *self._configured) if (made := self._made(name)) is not None}

    @property
    def names(self) -> frozenset[str]:
        """Those with which somebody can sign in at the moment, by redirect or by id token."""
        return frozenset(self._on) | {name for name in _ID_TOKENS if self._settings.provider(name).get("audience")}

    def is_known(self, name: str) -> bool:
        """Whether there is such a provider, on or off."""
        return name in PROVIDERS or name in self._configured

    def find(self, name: str) -> Provider | None:
        """The provider; None when it is off."""
        return self._on.get(name)

    def takes_id_tokens(self, name: str) -> bool:
        return name in _ID_TOKENS and bool(self._settings.provider(name).get("audience"))

    async def read_id_token(self, name: str, token: str, nonce: str | None) -> Profile:
        """Whose id token this is. A nonce that only one side knows is refused too. Raises BadIdToken."""
        settings, (issuer, keys) = self._settings.provider(name), _ID_TOKENS[name]
        expected = Expected(
            issuer=settings.get("issuer", issuer),
            audiences=frozenset(words(settings.get("audience", ""))),
            keys_url=settings.get("jwks_url", keys),
        )
        claims = await self._id_tokens.verify(token, expected)
        if not _nonces_agree(claims.get("nonce"), nonce):
            raise BadIdToken("another nonce")
        try:
            profile = read_claims(claims)
        except ProfileFailed as fault:
            raise BadIdToken(str(fault)) from None
        if profile.email is None:
            raise BadIdToken("no e-mail address")
        return profile

    def _made(self, name: str) -> Provider | None:
        is_configured = name in self._configured
        settings = self._settings.provider(f"{_OIDC}{name}" if is_configured else name)
        if settings.get("enabled", "true" if is_configured else "false") != "true":
            return None
        identity = settings.get("consumer_key" if name == "twitter" else "client_id")
        if not identity or (is_configured and not settings.get("issuer")):
            logger.warning("the provider %s is on but lacks settings: it stays off", name)
            return None
        return self._build(name, settings, identity, is_configured)

    def _build(self, name: str, settings: Mapping[str, str], identity: str, is_configured: bool) -> Provider:
        outside, clock = self._outside, self._clock
        if is_configured:
            client = self._client(name, settings, identity, oidc.DEFAULT_SCOPE)
            return OidcProvider(Discovery(settings["issuer"], outside, clock), client, outside, self._id_tokens)
        if name == "apple":
            client = self._client(name, settings, identity, apple.DEFAULT_SCOPE)
            return AppleProvider(settings, client, outside, self._id_tokens, clock)
        if name == "twitter":
            return TwitterProvider(settings, self._client(name, settings, identity, ""), outside, clock)
        service = SERVICES[name]
        return OAuth2Provider(service, settings, self._client(name, settings, identity, service.scopes), outside)

    def _client(self, name: str, settings: Mapping[str, str], identity: str, scope: str) -> Client:
        return Client(
            id=identity,
            secret=settings.get("consumer_secret" if name == "twitter" else "client_secret", ""),
            scope=" ".join(settings.get("scope", scope).replace(",", " ").split()),
            redirect_uri=f"{self._settings.server_url or ''}/signin/provider/{name}/callback",
        )


def _nonces_agree(claimed: Any, sent: str | None) -> bool:
    if claimed is None or sent is None:
        return claimed is None and sent is None
    return same_nonce(claimed, hashed_nonce(sent))
