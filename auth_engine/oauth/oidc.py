"""Any provider of OpenID Connect, by its issuer (OpenID Connect Discovery), and Apple, whose addresses are known.

The profile is what the id token says, checked in full; what it leaves out (address, name) is read from the userinfo
address, which must speak of the same subject.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from auth_engine.core.ports import Clock
from auth_engine.net.outside import Outside, Unreachable
from auth_engine.oauth.id_tokens import ASYMMETRIC, BadIdToken, Expected, IdTokens, same_nonce
from auth_engine.oauth.oauth2 import (
    Client,
    ask_for_tokens,
    authorization_url,
    code_fields,
    get_profile,
    pkce_challenge,
)
from auth_engine.oauth.profile import (
    Attempt,
    Begun,
    Callback,
    ExchangeFailed,
    Profile,
    ProfileFailed,
    ProviderFailed,
    Tokens,
)
from auth_engine.oauth.readers import claims as read_claims
from auth_engine.oauth.readers import mapping

DEFAULT_SCOPE: Final = "openid email profile"
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_KEEP_SECONDS: Final = 3_600.0
_RETRY_SECONDS: Final = 30.0


class _Document(msgspec.Struct):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = []


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider does what."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None = None
    basic: bool = False
    trusts_all: bool = False
    """Every address comes from the operator; else those at the issuer's own origin are as good as the operator's."""

    def trusts(self, url: str) -> bool:
        return self.trusts_all or _origin(url) == _origin(self.issuer)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


class Discovery:
    """The metadata of one issuer, kept for an hour."""

    def __init__(self, issuer: str, outside: Outside, clock: Clock) -> None:
        self._issuer = issuer
        self._outside = outside
        self._clock = clock
        self._found: Metadata | None = None
        self._ask_again_at = 0.0
        self._failed_at = float("-inf")
        self._lock = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """Raises ProviderFailed."""
        asked = self._clock.monotonic()
        async with self._lock:
            if self._found is None and self._failed_at >= asked:
                # Who waited here meanwhile does not ask in vain too, one after the other.
                raise ProviderFailed("the issuer does not answer")
            if self._found is None or self._clock.monotonic() > self._ask_again_at:
                await self._renew()
            assert self._found is not None
            return self._found

    async def _renew(self) -> None:
        """An issuer that does not answer costs nothing while what it said before is at hand."""
        try:
            self._found, wait = await self._ask(), _KEEP_SECONDS
        except ProviderFailed:
            self._failed_at = self._clock.monotonic()
            if self._found is None:
                raise
            wait = _RETRY_SECONDS
        self._ask_again_at = self._clock.monotonic() + wait

    async def _ask(self) -> Metadata:
        try:
            reply = await self._outside.ask("GET", self._issuer.rstrip("/") + _WELL_KNOWN, trusted=True)
        except Unreachable as fault:
            raise ProviderFailed(f"the issuer: {fault}") from None
        if reply.status != 200:
            raise ProviderFailed(f"the issuer answered {reply.status}")
        return read_metadata(reply.body, self._issuer)


def read_metadata(raw: bytes, issuer: str) -> Metadata:
    """A discovery document. Raises ProviderFailed when it is another issuer's, or leads from https to http."""
    try:
        document = msgspec.json.decode(raw, type=_Document)
        addresses = [document.authorization_endpoint, document.token_endpoint, document.jwks_uri]
        schemes = {urlsplit(each).scheme for each in (*addresses, document.userinfo_endpoint or issuer)}
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError):
        raise ProviderFailed("the issuer's document cannot be read") from None
    if document.issuer.rstrip("/") != issuer.rstrip("/"):
        raise ProviderFailed("the document is of another issuer")
    if not schemes <= ({"https"} if issuer.startswith("https:") else {"http", "https"}):
        raise ProviderFailed("the document leads away from https")
    methods = document.token_endpoint_auth_methods_supported or ["client_secret_basic"]
    return Metadata(
        issuer=document.issuer,
        authorization=document.authorization_endpoint,
        token=document.token_endpoint,
        keys=document.jwks_uri,
        userinfo=document.userinfo_endpoint,
        basic="client_secret_basic" in methods,
    )


class OidcProvider:
    """Signing in at an issuer: code flow with PKCE and nonce."""

    form_post = False
    pkce = True
    extra: Mapping[str, str] = {}

    def __init__(self, source: Discovery, client: Client, outside: Outside, tokens: IdTokens) -> None:
        self._source = source
        self._client = client
        self._outside = outside
        self._id_tokens = tokens

    async def metadata(self) -> Metadata:
        return await self._source.metadata()

    def client(self) -> Client:
        return self._client

    async def begin(self, attempt: Attempt) -> Begun:
        metadata = await self.metadata()
        challenge = pkce_challenge(attempt.verifier) if self.pkce else {}
        extra = {**self.extra, "nonce": attempt.nonce, **challenge}
        return Begun(authorization_url(metadata.authorization, self._client, attempt.state, extra))

    async def exchange(self, callback: Callback, attempt: Attempt) -> Tokens:
        metadata = await self._metadata_or_fail()
        if callback.issuer and callback.issuer != metadata.issuer:
            raise ExchangeFailed("the code is of another issuer")
        return await self._ask(
            metadata, code_fields(callback.code, self._client, attempt.verifier if self.pkce else None)
        )

    async def renew(self, refresh: str) -> Tokens:
        return await self._ask(
            await self._metadata_or_fail(), {"grant_type": "refresh_token", "refresh_token": refresh}
        )

    async def _metadata_or_fail(self) -> Metadata:
        try:
            return await self.metadata()
        except ProviderFailed as fault:
            raise ExchangeFailed(str(fault)) from None

    async def _ask(self, metadata: Metadata, fields: Mapping[str, str]) -> Tokens:
        client, trusted = self.client(), metadata.trusts(metadata.token)
        return await ask_for_tokens(
            self._outside, metadata.token, client, fields, basic=metadata.basic and bool(client.secret), trusted=trusted
        )

    async def profile(self, tokens: Tokens, callback: Callback, attempt: Attempt) -> Profile:
        claims = await self._claims(tokens, attempt)
        if claims.get("email") is None:
            # The flag goes with the address: both are the userinfo's, or both the token's.
            said = {name: value for name, value in claims.items() if name not in ("email", "email_verified")}
            claims = {**await self._userinfo(tokens, claims.get("sub")), **said}
        return read_claims(claims)

    async def _claims(self, tokens: Tokens, attempt: Attempt) -> Mapping[str, Any]:
        """What the id token says, nonce checked. Raises ProfileFailed."""
        metadata = await self._metadata_or_fail()
        expected = Expected(
            issuer=metadata.issuer,
            audiences=frozenset({self._client.id}),
            keys_url=metadata.keys,
            algorithms=ASYMMETRIC,
            keys_trusted=metadata.trusts(metadata.keys),
            to_one_client=True,
        )
        try:
            claims = await self._id_tokens.verify(tokens.id_token or "", expected)
        except BadIdToken as fault:
            raise ProfileFailed(f"the id token: {fault}") from None
        if not same_nonce(claims.get("nonce"), attempt.nonce):
            raise ProfileFailed("the id token has another nonce")
        return claims

    async def _userinfo(self, tokens: Tokens, subject: Any) -> Mapping[str, Any]:
        metadata = await self._metadata_or_fail()
        if metadata.userinfo is None:
            return {}
        headers = {"Accept": "application/json", "Authorization": f"Bearer {tokens.access}"}
        trusted = metadata.trusts(metadata.userinfo)
        answer = mapping(await get_profile(self._outside, metadata.userinfo, headers, trusted=trusted))
        if not subject or answer.get("sub") != subject:
            raise ProfileFailed("the userinfo is of another subject")
        return answer
