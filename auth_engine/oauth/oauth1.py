"""OAuth 1.0a with HMAC-SHA1 (RFC 5849), which only X (Twitter) still asks for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from auth_engine.core.ports import Clock
from auth_engine.net.outside import Outside, Unreachable
from auth_engine.oauth import readers
from auth_engine.oauth.oauth2 import Client, get_profile
from auth_engine.oauth.profile import (
    Attempt,
    Begun,
    Callback,
    ExchangeFailed,
    Profile,
    ProviderFailed,
    Tokens,
)

_AUTHORIZATION: Final = "https://api.twitter.com/oauth/authenticate"
_TOKEN: Final = "https://api.twitter.com/oauth/access_token"
_PROFILE: Final = "https://api.twitter.com/1.1/account/verify_credentials.json"


class TwitterProvider:
    """X. The request token's secret is kept between the two halves; the browser's token must be the same one."""

    form_post = False

    def __init__(self, settings: Mapping[str, str], client: Client, outside: Outside, clock: Clock) -> None:
        self._client = client
        self._outside = outside
        self._clock = clock
        self._authorization = settings.get("authorization_url", _AUTHORIZATION)
        self._token_url = settings.get("token_url", _TOKEN)
        self._profile_url = settings.get("user_profile_url", _PROFILE)

    async def begin(self, attempt: Attempt) -> Begun:
        url = self._token_url.rpartition("/")[0] + "/request_token"
        back = f"{self._client.redirect_uri}?{urlencode({'state': attempt.state})}"
        try:
            token, secret = await self._ask(url, {"oauth_callback": back}, "")
        except ExchangeFailed as fault:
            raise ProviderFailed(str(fault)) from None
        return Begun(f"{self._authorization}?{urlencode({'oauth_token': token})}", {"token": token, "secret": secret})

    async def exchange(self, callback: Callback, attempt: Attempt) -> Tokens:
        if not hmac.compare_digest(callback.oauth_token.encode(), attempt.kept.get("token", "").encode()):
            raise ExchangeFailed("the request token is another one")
        signed = {"oauth_token": callback.oauth_token, "oauth_verifier": callback.oauth_verifier}
        token, secret = await self._ask(self._token_url, signed, attempt.kept.get("secret", ""))
        return Tokens(access=token, secret=secret)

    async def renew(self, refresh: str) -> Tokens:
        raise ExchangeFailed("these tokens do not expire")

    async def profile(self, tokens: Tokens, callback: Callback, attempt: Attempt) -> Profile:
        query = {"include_email": "true", "skip_status": "true"}
        header = self._signed("GET", self._profile_url, {"oauth_token": tokens.access}, tokens.secret or "", query)
        url = f"{self._profile_url}?{urlencode(query)}"
        answer = await get_profile(self._outside, url, {"Authorization": header}, trusted=True)
        return readers.twitter(readers.mapping(answer), None)

    async def _ask(self, url: str, fields: Mapping[str, str], secret: str) -> tuple[str, str]:
        """A token and its secret. Raises ExchangeFailed."""
        header = self._signed("POST", url, fields, secret, {})
        try:
            reply = await self._outside.ask("POST", url, trusted=True, headers={"Authorization": header})
        except Unreachable as fault:
            raise ExchangeFailed(f"X: {fault}") from None
        answer = dict(parse_qsl(reply.body.decode("utf-8", "replace"), max_num_fields=50))
        token, found = answer.get("oauth_token"), answer.get("oauth_token_secret")
        if reply.status != 200 or not token or not found:
            raise ExchangeFailed(f"X answered {reply.status}")
        return token, found

    def _signed(self, method: str, url: str, fields: Mapping[str, str], secret: str, query: Mapping[str, str]) -> str:
        """The Authorization header of a request."""
        oauth = {
            "oauth_consumer_key": self._client.id,
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(self._clock.now().timestamp())),
            "oauth_version": "1.0",
            **fields,
        }
        oauth["oauth_signature"] = signature(method, url, {**oauth, **query}, self._client.secret, secret)
        return "OAuth " + ", ".join(f'{_escaped(name)}="{_escaped(value)}"' for name, value in sorted(oauth.items()))


def signature(method: str, url: str, arguments: Mapping[str, str], client_secret: str, token_secret: str) -> str:
    """RFC 5849 §3.4: HMAC-SHA1 over method, address and sorted arguments."""
    parts = urlsplit(url)
    all_arguments = [*parse_qsl(parts.query, keep_blank_values=True), *arguments.items()]
    joined = "&".join(
        f"{name}={value}" for name, value in sorted((_escaped(name), _escaped(value)) for name, value in all_arguments)
    )
    base = "&".join(_escaped(part) for part in (method.upper(), f"{parts.scheme}://{parts.netloc}{parts.path}", joined))
    key = f"{_escaped(client_secret)}&{_escaped(token_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
