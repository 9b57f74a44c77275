"""Keys that providers publish (RFC 7517), kept for a while: fetched anew for a key id that is not known, but not as
often as a stranger would like."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
import msgspec

from auth_engine.core.ports import Clock
from auth_engine.net.outside import Outside, Unreachable

_KEEP_SECONDS: Final = 3_600.0
_BETWEEN_SECONDS: Final = 5.0
_MOST_KEYS: Final = 100
_MOST_SETS: Final = 200
_LEAST_RSA_BITS: Final = 2_048
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "RSA": frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    "P-256": frozenset({"ES256"}),
    "P-384": frozenset({"ES384"}),
    "P-521": frozenset({"ES512"}),
    "Ed25519": frozenset({"EdDSA"}),
}
"""Kind of key, or curve → what it may be used with. Shared keys are not among them."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key, and the algorithms that it may be used with."""

    kid: str | None
    algorithms: frozenset[str]
    key: Any = field(repr=False)


@dataclass(slots=True)
class _Set:
    keys: tuple[PublicKey, ...] = ()
    fetched_at: float = float("-inf")
    tried_at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeySets:
    """Key sets by address."""

    def __init__(self, outside: Outside, clock: Clock) -> None:
        self._outside = outside
        self._clock = clock
        self._sets: dict[str, _Set] = {}

    async def find(self, url: str, kid: str | None, algorithm: str, *, trusted: bool) -> tuple[PublicKey, ...]:
        """The keys that a token with this header may be checked with; none when there is none, or no answer."""
        if url not in self._sets and len(self._sets) >= _MOST_SETS:
            self._sets.clear()
        known = self._sets.setdefault(url, _Set())
        found = _matching(known, kid, algorithm)
        if not found or self._clock.monotonic() - known.fetched_at > _KEEP_SECONDS:
            await self._fetch(url, known, trusted)
            found = _matching(known, kid, algorithm)
        return found

    async def _fetch(self, url: str, known: _Set, trusted: bool) -> None:
        """One at a time, and seldom. A failure leaves the keys that were there."""
        asked = self._clock.monotonic()
        async with known.lock:
            now = self._clock.monotonic()
            if known.fetched_at >= asked or now - known.tried_at < _BETWEEN_SECONDS:
                return
            known.tried_at = now
            try:
                reply = await self._outside.ask("GET", url, trusted=trusted, headers={"Accept": "application/json"})
            except Unreachable:
                return
            keys = read_key_set(reply.body) if reply.status == 200 else ()
            if keys:
                known.keys, known.fetched_at = keys, self._clock.monotonic()


def _matching(known: _Set, kid: str | None, algorithm: str) -> tuple[PublicKey, ...]:
    return tuple(
        key for key in known.keys if algorithm in key.algorithms and (kid is None or key.kid is None or key.kid == kid)
    )


def read_key_set(raw: bytes) -> tuple[PublicKey, ...]:
    """The signing keys of a JWK set; what cannot be read, or is too weak, is left out."""
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ()
    listed = document.get("keys") if isinstance(document, dict) else None
    keys = (_read(each) for each in (listed if isinstance(listed, list) else [])[:_MOST_KEYS])
    return tuple(key for key in keys if key is not None)


def _read(jwk: Any) -> PublicKey | None:
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig" or "d" in jwk:
        return None
    kind = jwk.get("kty") if jwk.get("kty") == "RSA" else jwk.get("crv")
    algorithms = _KINDS.get(kind, frozenset()) if isinstance(kind, str) else frozenset[str]()
    if isinstance(jwk.get("alg"), str):
        algorithms &= {jwk["alg"]}
    if not algorithms:
        return None
    try:
        key = jwt.PyJWK(jwk, algorithm=min(algorithms)).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if kind == "RSA" and key.key_size < _LEAST_RSA_BITS:
        return None
    kid = jwk.get("kid")
    return PublicKey(kid if isinstance(kid, str) else None, algorithms, key)
