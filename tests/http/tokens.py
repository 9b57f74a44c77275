"""Tokens for tests: made by hand where a library would refuse to make them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
NAMESPACE = "https://hasura.io/jwt/claims"
HASURA = {"x-hasura-default-role": "user", "x-hasura-allowed-roles": ["user", "manager"], "X-Hasura-User-Id": "7"}

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # to be refused
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
P521 = ec.generate_private_key(ec.SECP521R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()


def public_pem(private_key: Any) -> str:
    pem: bytes = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def secret(**settings: Any) -> str:
    """The JSON of a HS256 secret, or of what the settings make of it."""
    return json.dumps({"type": "HS256", "key": KEY} | settings)


def claims(**payload: Any) -> dict[str, Any]:
    """A payload that is good in every way, and what the caller adds."""
    return {"sub": "7", "exp": int(time.time()) + 600, NAMESPACE: HASURA} | payload


def token(payload: dict[str, Any] | None = None, key: Any = KEY, algorithm: str = "HS256", **headers: Any) -> str:
    return jwt.encode(claims() if payload is None else payload, key, algorithm=algorithm, headers=headers or None)


def forged(header: dict[str, Any], payload: dict[str, Any] | bytes, key: bytes = KEY.encode()) -> str:
    """A token with exactly this header, signed as HS256 with the key."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = f"{_base64(json.dumps(header).encode())}.{_base64(body)}"
    return f"{signed}.{_base64(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def unsigned(header: dict[str, Any], payload: dict[str, Any]) -> str:
    return f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(payload).encode())}."


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
