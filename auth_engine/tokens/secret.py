"""HASURA_GRAPHQL_JWT_SECRET and HASURA_GRAPHQL_JWT_SECRETS: the keys that sign and verify access tokens.

The first secret signs, all verify: a key is changed by putting the new one first and dropping the old one when its last
token has ended. Keys: HS256/384/512 with a text; RS…, ES… and EdDSA with a public `key` and a private `signing_key`,
both PEM. Auth contract §3.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
import msgspec
from jwt.algorithms import get_default_algorithms

from auth_engine.core.errors import BadSetting

NAMESPACE: Final = "https://hasura.io/jwt/claims"
ISSUER: Final = "hasura-auth"
SHARED: Final = ("HS256", "HS384", "HS512")
PAIRS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LEAST_RSA_BITS: Final = 2048
_NAMES: Final = {"Ed25519": "EdDSA"}


@dataclass(frozen=True, slots=True)
class JwtKey:
    """One key. `sign_with` is None where only the public half is known."""

    algorithm: str
    kid: str | None
    issuer: str
    namespace: str
    verify_with: Any = field(repr=False)
    sign_with: Any = field(repr=False)
    jwk: dict[str, str] | None
    """What JWKS publishes; None for shared keys."""


class _Secret(msgspec.Struct):
    type: str
    key: str
    signing_key: str | None = None
    kid: str | None = None
    issuer: str | None = None
    claims_namespace: str | None = None


def read_keys(secret: str | None, secrets: str | None = None) -> tuple[JwtKey, ...]:
    """The keys of both settings; the first one signs. Raises BadSetting, which shows no key."""
    keys: list[JwtKey] = []
    for name, text in (("HASURA_GRAPHQL_JWT_SECRETS", secrets), ("HASURA_GRAPHQL_JWT_SECRET", secret)):
        if text is not None and not (name.endswith("SECRET") and keys):
            keys += [_key(name, each) for each in _listed(name, text)]
    if not keys:
        raise BadSetting("HASURA_GRAPHQL_JWT_SECRET is needed: the auth engine signs access tokens with it")
    if keys[0].sign_with is None:
        raise BadSetting(
            "HASURA_GRAPHQL_JWT_SECRET needs a signing_key beside its public key: access tokens are signed"
        )
    return tuple(keys)


def canonical(secret: str) -> str:
    """The same text for the same secret, however its JSON is laid out: what is derived from it must not change when
    somebody breaks a line. A text that is no JSON stays as it is."""
    try:
        return json.dumps(json.loads(secret), sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return secret


def _listed(name: str, text: str) -> list[_Secret]:
    try:
        document = msgspec.json.decode(text)
        documents = document if isinstance(document, list) else [document]
        found = [msgspec.convert(each, _Secret) for each in documents]
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise BadSetting(f"{name} must be JSON with a type and a key, or a list of such") from None
    if not found:
        raise BadSetting(f"{name} is an empty list")
    return found


def _key(name: str, raw: _Secret) -> JwtKey:
    algorithm = _NAMES.get(raw.type, raw.type)
    issuer, namespace = raw.issuer or ISSUER, raw.claims_namespace or NAMESPACE
    if algorithm in SHARED:
        if len(raw.key.encode()) < 32:
            raise BadSetting(f"{name}: the key of {algorithm} must have at least 32 characters")
        material = raw.key.encode()
        try:
            get_default_algorithms()[algorithm].prepare_key(material)
        except jwt.PyJWTError:
            raise BadSetting(f"{name}: the key of {algorithm} must be a secret text, not a public key") from None
        return JwtKey(algorithm, raw.kid, issuer, namespace, material, material, None)
    if algorithm not in PAIRS:
        raise BadSetting(f"{name}: the type must be one of {', '.join((*SHARED, *PAIRS))}")
    public, private, jwk = _pair(name, algorithm, raw)
    kid = raw.kid or thumbprint(jwk)
    return JwtKey(
        algorithm, kid, issuer, namespace, public, private, {"alg": algorithm, "kid": kid, "use": "sig", **jwk}
    )


def _pair(name: str, algorithm: str, raw: _Secret) -> tuple[Any, Any, dict[str, str]]:
    """The public key, the private one where it is known, and what is published of the public one."""
    implementation: Any = get_default_algorithms()[algorithm]
    try:
        public = _public_of(implementation.prepare_key(raw.key))
        private = None if raw.signing_key is None else implementation.prepare_key(raw.signing_key)
        jwk = {str(key): value for key, value in implementation.to_jwk(public, as_dict=True).items()}
    except (ValueError, TypeError, jwt.PyJWTError):
        raise BadSetting(f"{name}: the keys of {algorithm} must be PEM of its kind") from None
    if getattr(public, "key_size", LEAST_RSA_BITS) < LEAST_RSA_BITS and jwk["kty"] == "RSA":
        raise BadSetting(f"{name}: a key of {algorithm} must have at least {LEAST_RSA_BITS} bits")
    if private is not None and (not hasattr(private, "public_key") or private.public_key() != public):
        raise BadSetting(f"{name}: the signing_key is not the private half of the key")
    return public, private, {name: jwk[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in jwk}


def _public_of(key: Any) -> Any:
    return key.public_key() if hasattr(key, "public_key") else key


def thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638."""
    import base64
    import hashlib

    needed = {name: jwk[name] for name in sorted(("crv", "e", "kty", "n", "x", "y")) if name in jwk}
    digest = hashlib.sha256(json.dumps(needed, separators=(",", ":"), sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
