"""Sign in with Apple: OpenID Connect, a client secret that is a signed token, and a form that carries the name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import jwt
import msgspec

from auth_engine.core.ports import Clock
from auth_engine.net.outside import Outside
from auth_engine.oauth.id_tokens import IdTokens
from auth_engine.oauth.oauth2 import Client
from auth_engine.oauth.oidc import Discovery, Metadata, OidcProvider
from auth_engine.oauth.profile import Attempt, Callback, ExchangeFailed, Profile, Tokens, clean_name
from auth_engine.oauth.readers import mapping

ISSUER: Final = "https://appleid.apple.com"
KEYS: Final = f"{ISSUER}/auth/keys"
DEFAULT_SCOPE: Final = "name email"
_SECRET_SECONDS: Final = 300
"""Apple takes up to 180 days; one exchange needs seconds."""


class AppleProvider(OidcProvider):
    """Apple. The browser comes back by a POST from Apple's page. The nonce binds the code, where others have PKCE."""

    form_post = True
    pkce = False
    extra: Mapping[str, str] = {"response_type": "code id_token", "response_mode": "form_post"}

    def __init__(
        self, settings: Mapping[str, str], client: Client, outside: Outside, tokens: IdTokens, clock: Clock
    ) -> None:
        issuer = settings.get("issuer", ISSUER)
        super().__init__(Discovery(issuer, outside, clock), client, outside, tokens)
        self._settings = settings
        self._clock = clock
        self._metadata = Metadata(
            issuer=issuer,
            authorization=settings.get("authorization_url", f"{issuer}/auth/authorize"),
            token=settings.get("token_url", f"{issuer}/auth/token"),
            keys=settings.get("jwks_url", f"{issuer}/auth/keys"),
            trusts_all=True,
        )

    async def metadata(self) -> Metadata:
        return self._metadata

    def client(self) -> Client:
        """With a secret made for now: ES256 over team, key and client. Raises ExchangeFailed when the key is none."""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": self._settings.get("team_id", ""),
            "iat": now,
            "exp": now + _SECRET_SECONDS,
            "aud": self._metadata.issuer,
            "sub": self._client.id,
        }
        # Environment files often hold the line ends of a PEM as `\n`.
        key = self._settings.get("private_key", "").replace("\\n", "\n")
        try:
            secret = jwt.encode(claims, key, algorithm="ES256", headers={"kid": self._settings.get("key_id", "")})
        except (jwt.PyJWTError, ValueError, TypeError):
            raise ExchangeFailed("AUTH_PROVIDER_APPLE_PRIVATE_KEY is no key for ES256") from None
        return replace(self._client, secret=secret)

    async def profile(self, tokens: Tokens, callback: Callback, attempt: Attempt) -> Profile:
        """The name stands in the form, unsigned, and only the first time: nothing but a name is taken from there."""
        profile = await super().profile(tokens, callback, attempt)
        return replace(profile, name=profile.name or _name(callback.user))


def _name(form: str) -> str:
    try:
        name = mapping(mapping(msgspec.json.decode(form)).get("name")) if form else {}
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    return clean_name(" ".join(clean_name(name.get(part)) for part in ("firstName", "lastName")))
