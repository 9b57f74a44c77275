"""Keys that check tokens: one algorithm family each, fixed before any token is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

ALGORITHMS: Final[Mapping[str, str]] = {
    **{f"{family}{bits}": f"{family}{bits}" for family in ("HS", "RS", "PS", "ES") for bits in (256, 384, 512)},
    "Ed25519": "EdDSA",
    "EdDSA": "EdDSA",
}
"""The types a secret may name, and how a token's header spells them."""

_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_MIN_RSA_BITS: Final = 2048

# By key type and curve, an algorithm through which PyJWT reads a JWK. Which ones the key may check is decided after.
_READERS: Final[Mapping[str, str]] = {
    "RSA": "RS256",
    "EC P-256": "ES256",
    "EC P-384": "ES384",
    "EC P-521": "ES512",
    "OKP Ed25519": "EdDSA",
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the only algorithms it may check."""

    algorithms: tuple[str, ...]
    material: Any = field(repr=False)
    kid: str | None = None


def static_key(kind: str, text: str) -> Key:
    """The key of a secret, fit for its type. Raises ValueError that does not show it."""
    algorithm = ALGORITHMS[kind]
    if algorithm.startswith("HS"):
        return Key((algorithm,), _hmac_key(algorithm, text))
    material = _public_key(text)
    if algorithm not in _algorithms_of(material):
        raise ValueError(f"the key of the JWT secret does not fit its type {kind}")
    return Key((algorithm,), material)


def parse_key_set(document: Any, algorithms: Sequence[str] | None = None) -> tuple[Key, ...]:
    """The usable public keys of a JWK set; `algorithms` narrows them. Raises ValueError when it is no such set."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the answer is not a JWK set")
    keys = [key for entry in entries if isinstance(entry, dict) and (key := _jwk(entry, algorithms)) is not None]
    return tuple(keys)


def _hmac_key(algorithm: str, text: str) -> bytes:
    needed = int(algorithm[2:]) // 8
    secret = text.encode()
    if len(secret) < needed:
        raise ValueError(f"the key of the JWT secret is too short: {algorithm} needs at least {needed} characters")
    if b"-----BEGIN" in secret:
        raise ValueError(f"the key of the JWT secret is a PEM block, which {algorithm} must not use as its secret")
    return secret


def _public_key(text: str) -> Any:
    pem = text.encode()
    try:
        if b"BEGIN CERTIFICATE" in pem:
            return x509.load_pem_x509_certificate(pem).public_key()
        return load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("the key of the JWT secret is not a public key or certificate in PEM form") from None


def _algorithms_of(material: Any) -> tuple[str, ...]:
    match material:
        case rsa.RSAPublicKey() if material.key_size >= _MIN_RSA_BITS:
            return ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
        case rsa.RSAPublicKey():
            raise ValueError(f"an RSA key that checks tokens needs at least {_MIN_RSA_BITS} bits")
        case ec.EllipticCurvePublicKey() if material.curve.name in _CURVES:
            return (_CURVES[material.curve.name],)
        case Ed25519PublicKey():
            return ("EdDSA",)
        case _:
            return ()


def _jwk(entry: Mapping[str, Any], wanted: Sequence[str] | None) -> Key | None:
    """A key we cannot use is passed over: one odd key must not lock out the others."""
    kind = entry.get("kty")
    reader = _READERS.get("RSA" if kind == "RSA" else f"{kind} {entry.get('crv')}")
    if reader is None or entry.get("use", "sig") != "sig":
        return None
    try:
        material = jwt.PyJWK(dict(entry), algorithm=reader).key
        possible = _algorithms_of(material)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    algorithms = _pinned(possible, entry.get("alg"), wanted)
    kid = entry.get("kid")
    return Key(algorithms, material, kid if isinstance(kid, str) else None) if algorithms else None


def _pinned(possible: Sequence[str], stated: Any, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """What the key may check: what it says itself and what the secret says, both within what it can."""
    if stated is not None:
        return tuple(each for each in possible if each == ALGORITHMS.get(str(stated)) and each in (wanted or possible))
    if wanted is not None:
        return tuple(each for each in possible if each in wanted)
    # A silent RSA key means the family that Hasura and most issuers use: RS, never PS beside it.
    return tuple(each for each in possible if not each.startswith("PS"))
