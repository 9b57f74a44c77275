"""OAuth 2.0 with codes and PKCE (RFC 6749, RFC 7636): what every provider of that kind has in common."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

import msgspec

from auth_engine.net.outside import Outside, Reply, Unreachable
from auth_engine.oauth.profile import Attempt, Begun, Callback, ExchangeFailed, Profile, ProfileFailed, Tokens
from auth_engine.oauth.readers import mapping
from auth_engine.oauth.table import Service

_JSON: Final = {"Accept": "application/json"}
_MOST_TOKEN: Final = 16_384
_MOST_SECONDS: Final = 10 * 365 * 86_400


class Provider(Protocol):
    """A provider that is on."""

    @property
    def form_post(self) -> bool:
        """Whether the browser comes back by a POST from the provider's page."""

    async def begin(self, attempt: Attempt) -> Begun:
        """Where to send the browser. Raises ProviderFailed."""

    async def exchange(self, callback: Callback, attempt: Attempt) -> Tokens:
        """Tokens for what the browser brought back. Raises ExchangeFailed."""

    async def profile(self, tokens: Tokens, callback: Callback, attempt: Attempt) -> Profile:
        """Whose tokens these are. Raises ProfileFailed."""

    async def renew(self, refresh: str) -> Tokens:
        """New tokens for a refresh token. Raises ExchangeFailed."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are at a provider. `scope` is space separated."""

    id: str
    secret: str = field(repr=False)
    scope: str
    redirect_uri: str


class OAuth2Provider:
    """A service of the table under the operator's settings."""

    form_post = False

    def __init__(self, service: Service, settings: Mapping[str, str], client: Client, outside: Outside) -> None:
        tenant = quote(settings.get("tenant", "common"), safe="")
        self._service = service
        self._client = client
        self._outside = outside
        self._authorization = settings.get("authorization_url") or service.authorization.format(tenant=tenant)
        self._token_url = settings.get("token_url") or service.token.format(tenant=tenant)
        self._profile_url = settings.get("user_profile_url") or service.profile.format(tenant=tenant)
        self._extra = {
            **dict(service.extra),
            **{name: settings[key] for name, key in service.from_settings if settings.get(key)},
        }

    async def begin(self, attempt: Attempt) -> Begun:
        challenge = pkce_challenge(attempt.verifier) if self._service.pkce else {}
        return Begun(authorization_url(self._authorization, self._client, attempt.state, {**self._extra, **challenge}))

    async def exchange(self, callback: Callback, attempt: Attempt) -> Tokens:
        fields = code_fields(callback.code, self._client, attempt.verifier if self._service.pkce else None)
        return await self._ask_for_tokens(fields)

    async def renew(self, refresh: str) -> Tokens:
        return await self._ask_for_tokens({"grant_type": "refresh_token", "refresh_token": refresh})

    async def profile(self, tokens: Tokens, callback: Callback, attempt: Attempt) -> Profile:
        answer = mapping(await self._get(self._profile_url, tokens))
        emails = (
            await self._get(_below(self._profile_url, self._service.emails), tokens) if self._service.emails else None
        )
        return self._service.read(answer, emails)

    async def _ask_for_tokens(self, fields: Mapping[str, str]) -> Tokens:
        return await ask_for_tokens(
            self._outside, self._token_url, self._client, fields, basic=self._service.basic, trusted=True
        )

    async def _get(self, url: str, tokens: Tokens) -> Any:
        headers = {**_JSON, "Authorization": f"Bearer {tokens.access}"}
        if self._service.client_header:
            headers[self._service.client_header] = self._client.id
        return await get_profile(self._outside, url, headers, trusted=True)


def _below(url: str, path: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + path, parts.query, ""))


def authorization_url(base: str, client: Client, state: str, extra: Mapping[str, str]) -> str:
    """The address with the request for a code; what its query held before stays."""
    parts = urlsplit(base)
    wanted = {
        **dict(parse_qsl(parts.query, keep_blank_values=True)),
        "client_id": client.id,
        "redirect_uri": client.redirect_uri,
        "response_type": "code",
        **({"scope": client.scope} if client.scope else {}),
        "state": state,
        **extra,
    }
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(wanted), ""))


def pkce_challenge(verifier: str) -> dict[str, str]:
    """RFC 7636, S256; `plain` is never used."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return {
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }


def code_fields(code: str, client: Client, verifier: str | None) -> dict[str, str]:
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    return fields if verifier is None else {**fields, "code_verifier": verifier}


async def ask_for_tokens(
    outside: Outside, url: str, client: Client, fields: Mapping[str, str], *, basic: bool, trusted: bool
) -> Tokens:
    """The answer of a token endpoint (RFC 6749 §5). Raises ExchangeFailed."""
    identity = (quote_plus(client.id), quote_plus(client.secret)) if basic else None
    secret = {"client_secret": client.secret} if client.secret else {}
    form = dict(fields) if basic else {**fields, "client_id": client.id, **secret}
    try:
        reply = await outside.ask("POST", url, trusted=trusted, headers=_JSON, form=form, basic=identity)
    except Unreachable as fault:
        raise ExchangeFailed(f"the token endpoint: {fault}") from None
    if reply.status != 200:
        raise ExchangeFailed(f"the token endpoint answered {reply.status}")
    return _tokens(mapping(_json(reply)))


def _tokens(answer: Mapping[str, Any]) -> Tokens:
    access, seconds = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(access, str) or not 0 < len(access) <= _MOST_TOKEN or not access.isprintable():
        raise ExchangeFailed("the token endpoint gave no access token")
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
        seconds = int(seconds[:12])
    known = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds <= _MOST_SECONDS
    return Tokens(
        access=access,
        refresh=_text(answer.get("refresh_token")),
        seconds=seconds if known else None,
        scope=_text(answer.get("scope")),
        id_token=_text(answer.get("id_token")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _MOST_TOKEN and value.isprintable() else None


async def get_profile(outside: Outside, url: str, headers: Mapping[str, str], *, trusted: bool) -> Any:
    """JSON of a provider's API. Raises ProfileFailed."""
    try:
        reply = await outside.ask("GET", url, trusted=trusted, headers=headers)
    except Unreachable as fault:
        raise ProfileFailed(f"the profile: {fault}") from None
    if reply.status != 200:
        raise ProfileFailed(f"the profile's address answered {reply.status}")
    return _json(reply)


def _json(reply: Reply) -> Any:
    """None for what is no JSON."""
    try:
        return msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
