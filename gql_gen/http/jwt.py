"""Checking a token: its header, its signature, its times, its audience and issuer, then its claims.

Messages are Hasura's, which name the failures of the library it uses (`Could not verify JWT: JWTExpired`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import jwt
import msgspec

from gql_gen.errors import Unauthorized
from gql_gen.http.claims import Grants, read_grants
from gql_gen.http.keys import Key
from gql_gen.http.secret import JwtSecret
from gql_gen.session import Caller

MAX_TOKEN_BYTES: Final = 16 * 1024
_BAD_SIGNATURE: Final = "Could not verify JWT: JWSError JWSInvalidSignature"
_JWS = jwt.PyJWS()

# Headers that let a token bring its own key, or its own meaning, along.
_REFUSED_HEADERS: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"})


class KeySource(Protocol):
    """Where a secret's keys come from."""

    async def find(self, algorithm: str, kid: str | None) -> tuple[Key, ...]: ...


@dataclass(frozen=True, slots=True)
class StaticKeys:
    """The one key written in the secret; a token's kid does not matter."""

    key: Key

    async def find(self, algorithm: str, kid: str | None) -> tuple[Key, ...]:
        return (self.key,) if algorithm in self.key.algorithms else ()


@dataclass(frozen=True, slots=True)
class Ticket:
    """A checked token. `callers` fills up with the roles that were asked for; `issued` is minus infinity where the
    token does not say."""

    grants: Grants
    expires: float
    callers: dict[str, Caller] = field(default_factory=dict)
    issued: float = float("-inf")

    def caller(self, requested: str | None) -> Caller:
        """The caller in the requested role, or in the token's default one. Raises Unauthorized."""
        role = requested or self.grants.default_role
        known = self.callers.get(role)
        if known is not None:
            return known
        if role not in self.grants.allowed_roles:
            raise Unauthorized("Your requested role is not in allowed roles")
        caller = Caller(role, {**self.grants.variables, "x-hasura-role": role})
        self.callers[role] = caller
        return caller


class TicketCache:
    """Checked tokens, the least recently used forgotten first; bounded in number and in bytes of token."""

    def __init__(self, max_entries: int = 4096, max_bytes: int = 8 * 1024 * 1024) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._tickets: OrderedDict[bytes, Ticket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tickets)

    def get(self, credential: bytes) -> Ticket | None:
        ticket = self._tickets.get(credential)
        if ticket is not None:
            self._tickets.move_to_end(credential)
        return ticket

    def put(self, credential: bytes, ticket: Ticket) -> None:
        self.drop(credential)
        self._tickets[credential] = ticket
        self._bytes += len(credential)
        while len(self._tickets) > self._max_entries or self._bytes > self._max_bytes:
            oldest, _ = self._tickets.popitem(last=False)
            self._bytes -= len(oldest)

    def drop(self, credential: bytes) -> None:
        if self._tickets.pop(credential, None) is not None:
            self._bytes -= len(credential)

    def clear(self) -> None:
        self._tickets.clear()
        self._bytes = 0


@dataclass(frozen=True, slots=True)
class Verifier:
    """One secret and its keys."""

    secret: JwtSecret
    keys: KeySource

    async def verify(self, token: bytes, now: float) -> Ticket:
        """Check the token against this secret alone. Raises Unauthorized."""
        algorithm, kid = _read_header(token)
        payload = _signed_payload(token, algorithm, await self.keys.find(algorithm, kid))
        expires = _check_times(payload, now, self.secret.allowed_skew)
        _check_issuer(payload, self.secret)
        _check_audience(payload, self.secret)
        issued = _moment(payload, "iat")
        grants = read_grants(payload, self.secret.claims)
        return Ticket(grants, expires) if issued is None else Ticket(grants, expires, issued=issued)


async def verify_with_any(token: bytes, verifiers: tuple[Verifier, ...], now: float) -> Ticket:
    """The first secret that accepts the token decides; else the refusal that tells most. Raises Unauthorized."""
    if len(token) > MAX_TOKEN_BYTES:
        raise _invalid("the token is too long")
    refusal = Unauthorized(_BAD_SIGNATURE, code="invalid-jwt")
    for verifier in verifiers:
        try:
            return await verifier.verify(token, now)
        except Unauthorized as error:
            if refusal.message == _BAD_SIGNATURE:
                refusal = error
    raise refusal


def _invalid(reason: str) -> Unauthorized:
    return Unauthorized(f"Could not verify JWT: {reason}", code="invalid-jwt")


def _read_header(token: bytes) -> tuple[str, str | None]:
    try:
        header = _JWS.get_unverified_header(token)
    except (jwt.PyJWTError, UnicodeDecodeError, RecursionError):
        raise _invalid("JWSError (CompactDecodeError Invalid token)") from None
    refused = _REFUSED_HEADERS.intersection(header)
    if refused:
        raise _invalid(f"JWSError (the header {min(refused)} is not accepted)")
    algorithm, kid = header.get("alg"), header.get("kid")
    return (algorithm if isinstance(algorithm, str) else ""), kid


def _signed_payload(token: bytes, algorithm: str, keys: tuple[Key, ...]) -> Mapping[str, Any]:
    """The payload under a good signature. `algorithm` comes from the token, `keys` only those pinned to it."""
    for key in keys:
        try:
            payload = _JWS.decode(token, key.material, algorithms=[algorithm])
        except jwt.PyJWTError:
            continue
        return _decoded(payload)
    raise Unauthorized(_BAD_SIGNATURE, code="invalid-jwt")


def _decoded(payload: bytes) -> Mapping[str, Any]:
    try:
        claims = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise _invalid("JWTClaimsSetDecodeError")
    return claims


def _check_times(payload: Mapping[str, Any], now: float, skew: int) -> float:
    """When the token ends, skew included; infinity when it does not say."""
    expires = _moment(payload, "exp")
    if expires is not None and now >= expires + skew:
        raise _invalid("JWTExpired")
    starts = _moment(payload, "nbf")
    if starts is not None and now + skew < starts:
        raise _invalid("JWTNotYetValid")
    issued = _moment(payload, "iat")
    if issued is not None and now + skew < issued:
        raise _invalid("JWTIssuedAtFuture")
    return float("inf") if expires is None else expires + skew


def _moment(payload: Mapping[str, Any], name: str) -> float | None:
    value = payload.get(name)
    if value is None and name not in payload:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
        raise _invalid(f'JWTClaimsSetDecodeError "{name}"')
    return float(value)


def _check_issuer(payload: Mapping[str, Any], secret: JwtSecret) -> None:
    if secret.issuer is not None and payload.get("iss") != secret.issuer:
        raise _invalid("JWTNotInIssuer")


def _check_audience(payload: Mapping[str, Any], secret: JwtSecret) -> None:
    if not secret.audience:
        return
    stated = payload.get("aud")
    audiences = stated if isinstance(stated, list) else [stated]
    if not any(isinstance(each, str) and each in secret.audience for each in audiences):
        raise _invalid("JWTNotInAudience")
