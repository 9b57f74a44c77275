"""Checking id tokens (OpenID Connect Core §3.1.3.7): the issuer, audience and nonce are those that were expected, and
the token cannot choose how it is checked."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
import msgspec

from auth_engine.core.moments import is_moment
from auth_engine.core.ports import Clock
from auth_engine.oauth.keys import KeySets

RS256_ONLY: Final = frozenset({"RS256"})
ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
_MOST_CHARACTERS: Final = 16 * 1024
_REFUSED_HEADERS: Final = frozenset({"jwk", "jku", "x5u", "crit", "b64", "zip", "enc"})
_CLOCKS_DIFFER_SECONDS: Final = 30
_JWS: Final = jwt.PyJWS()


class BadIdToken(Exception):
    """The token is not to be trusted. The message tells nothing of what is in it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Who must have signed the token, and for whom."""

    issuer: str
    audiences: frozenset[str]
    keys_url: str
    algorithms: frozenset[str] = RS256_ONLY
    keys_trusted: bool = True
    """The address of the keys comes from the operator, or is the issuer's own."""
    to_one_client: bool = False
    """`azp`, where it stands, must be the audience too: true where the code flow was ours."""


class IdTokens:
    """Checks id tokens with the keys that their issuers publish."""

    def __init__(self, keys: KeySets, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    async def verify(self, token: str, expected: Expected) -> Mapping[str, Any]:
        """The claims. The nonce is left to the caller. Raises BadIdToken."""
        if len(token) > _MOST_CHARACTERS or not token.isascii():
            raise BadIdToken("too long, or no token")
        claims = await self._signed(token, expected)
        if claims.get("iss") != expected.issuer:
            raise BadIdToken("of another issuer")
        if not _is_for(claims.get("aud"), claims.get("azp"), expected):
            raise BadIdToken("for another audience")
        now = self._clock.now().timestamp()
        expires, issued, starts = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
        if not is_moment(expires) or expires <= now:
            raise BadIdToken("expired")
        if not all(is_moment(each) and each <= now + _CLOCKS_DIFFER_SECONDS for each in (issued, starts)):
            raise BadIdToken("from the future")
        return claims

    async def _signed(self, token: str, expected: Expected) -> Mapping[str, Any]:
        try:
            header = _JWS.get_unverified_header(token)
        except (jwt.PyJWTError, UnicodeError, RecursionError, ValueError):
            raise BadIdToken("no token") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in expected.algorithms or _REFUSED_HEADERS & header.keys():
            raise BadIdToken("signed in a way that is not taken")
        keys = await self._keys.find(
            expected.keys_url, kid if isinstance(kid, str) else None, algorithm, trusted=expected.keys_trusted
        )
        for key in keys:
            try:
                claims = msgspec.json.decode(_JWS.decode(token, key.key, algorithms=[algorithm]))
            except (jwt.PyJWTError, msgspec.DecodeError, UnicodeError, RecursionError, ValueError, TypeError):
                continue
            if isinstance(claims, dict):
                return claims
        raise BadIdToken("signed by no key of the issuer")


def _is_for(audience: Any, party: Any, expected: Expected) -> bool:
    """Whether the token is for one of ours; of several audiences only when it was issued to ours."""
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not any(each in expected.audiences for each in named if isinstance(each, str)):
        return False
    if (len(named) > 1 or expected.to_one_client) and (party is not None or len(named) > 1):
        return isinstance(party, str) and party in expected.audiences
    return True


def same_nonce(claimed: Any, expected: str) -> bool:
    return isinstance(claimed, str) and hmac.compare_digest(claimed.encode("utf-8", "replace"), expected.encode())


def hashed_nonce(nonce: str) -> str:
    """What apps put into the request: the SHA-256, in hexadecimal, of what they send us."""
    return hashlib.sha256(nonce.encode("utf-8", "surrogatepass")).hexdigest()
