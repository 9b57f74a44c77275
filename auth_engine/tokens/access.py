"""Access tokens: making and checking them. Auth contract §3 and §10.

Algorithms are pinned by key, so a token cannot choose how it is checked; headers that bring keys or meanings along are
refused; the size is bounded before anything is decoded.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

import jwt
import msgspec

from auth_engine.core.moments import is_moment
from auth_engine.core.ports import Clock
from auth_engine.core.types import Claims, User
from auth_engine.tokens.secret import JwtKey
from auth_engine.tokens.verified import VerifiedTokens

MAX_TOKEN_CHARACTERS: Final = 16 * 1024
_REFUSED_HEADERS: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"})
_JWS: Final = jwt.PyJWS()

ALLOWED_ROLES: Final = "x-hasura-allowed-roles"
DEFAULT_ROLE: Final = "x-hasura-default-role"
USER_ID: Final = "x-hasura-user-id"
IS_ANONYMOUS: Final = "x-hasura-user-is-anonymous"
ELEVATED: Final = "x-hasura-auth-elevated"
STANDARD: Final = frozenset({ALLOWED_ROLES, DEFAULT_ROLE, USER_ID, IS_ANONYMOUS, ELEVATED})


class AccessTokens:
    """Signs with the first key, verifies with all."""

    def __init__(self, keys: tuple[JwtKey, ...], seconds: int, clock: Clock) -> None:
        self._keys = keys
        self._seconds = seconds
        self._clock = clock
        self._verified = VerifiedTokens()

    @property
    def seconds(self) -> int:
        return self._seconds

    @property
    def jwks(self) -> list[dict[str, str]]:
        """What /.well-known/jwks.json publishes: nothing of shared keys."""
        return [key.jwk for key in self._keys if key.jwk is not None]

    def sign(
        self, user: User, session_id: str, *, elevated: bool = False, custom: Mapping[str, str] | None = None
    ) -> str:
        """A token for the user. A custom claim never takes the place of a standard one."""
        key = self._keys[0]
        now = int(self._clock.now().timestamp())
        claims: dict[str, Any] = {name: value for name, value in (custom or {}).items() if name.lower() not in STANDARD}
        claims[ALLOWED_ROLES] = user.all_roles
        claims[DEFAULT_ROLE] = user.default_role
        claims[USER_ID] = user.id
        claims[IS_ANONYMOUS] = "true" if user.is_anonymous else "false"
        if elevated:
            claims[ELEVATED] = user.id
        payload = {
            "sub": user.id,
            "iss": key.issuer,
            "iat": now,
            "exp": now + self._seconds,
            "jti": str(uuid.uuid4()),
            "sid": session_id,
            key.namespace: claims,
        }
        headers = None if key.kid is None else {"kid": key.kid}
        return _JWS.encode(msgspec.json.encode(payload), key.sign_with, algorithm=key.algorithm, headers=headers)

    def verify(self, token: str) -> Claims | None:
        """What the token says; None when it is not to be trusted, whatever the reason."""
        claims = self._verified.get(token, self._clock.now().timestamp())
        if claims is None:
            claims = self._verify(token)
            if claims is not None:
                self._verified.put(token, claims)
        return claims

    def _verify(self, token: str) -> Claims | None:
        if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
            return None
        try:
            header = _JWS.get_unverified_header(token)
        except (jwt.PyJWTError, UnicodeError, RecursionError, ValueError):
            return None
        if _REFUSED_HEADERS & header.keys():
            return None
        kid = header.get("kid")
        for key in self._keys:
            if header.get("alg") != key.algorithm or (kid is not None and key.kid is not None and kid != key.kid):
                continue
            try:
                payload = msgspec.json.decode(_JWS.decode(token, key.verify_with, algorithms=[key.algorithm]))
            except (jwt.PyJWTError, msgspec.DecodeError, UnicodeError, RecursionError, ValueError, TypeError):
                continue
            claims = self._checked(payload, key)
            if claims is not None:  # the same key may stand there twice, for an old issuer
                return claims
        return None

    def _checked(self, payload: Any, key: JwtKey) -> Claims | None:
        if not isinstance(payload, dict) or payload.get("iss") != key.issuer:
            return None
        now = self._clock.now().timestamp()
        expires, issued, starts = payload.get("exp"), payload.get("iat"), payload.get("nbf", 0)
        if not is_moment(expires) or expires <= now:
            return None
        if issued is not None and (not is_moment(issued) or issued > now):
            return None
        if not is_moment(starts) or starts > now:
            return None
        return _claims(payload, key.namespace)


def _claims(payload: Mapping[str, Any], namespace: str) -> Claims | None:
    user_id, hasura = payload.get("sub"), payload.get(namespace)
    if not isinstance(user_id, str) or not isinstance(hasura, dict):
        return None
    try:
        user_id = str(uuid.UUID(user_id))
    except ValueError:
        return None
    said = {str(name).lower(): value for name, value in hasura.items()}
    if said.get(USER_ID) != payload["sub"]:
        return None
    session, roles = payload.get("sid"), said.get(ALLOWED_ROLES)
    return Claims(
        user_id=user_id,
        session_id=session if isinstance(session, str) else None,
        is_anonymous=said.get(IS_ANONYMOUS) == "true",
        elevated=said.get(ELEVATED) == payload["sub"],
        expires_at=int(payload["exp"]),
        roles=tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else (),
    )
