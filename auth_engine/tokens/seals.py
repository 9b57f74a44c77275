"""Encryption at rest and keyed digests, under the keys of AUTH_ENCRYPTION_KEYS: the first one writes, all read.

A value begins `enc:v1:<key id>:` and is bound to its purpose and owner, so that it cannot be moved to another row. Keys
for each purpose are derived by HKDF (RFC 5869); AES-256-GCM encrypts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

logger = logging.getLogger(__name__)

PREFIX: Final = "enc:v1:"
_NONCE_BYTES: Final = 12
DERIVED_WARNING: Final = (
    "AUTH_ENCRYPTION_KEYS is not set: keys are derived from HASURA_GRAPHQL_JWT_SECRET, so changing that one would make "
    "second factors and provider tokens unreadable"
)


class _Key:
    __slots__ = ("cipher", "digest_key", "id")

    def __init__(self, secret: str) -> None:
        self.id = hashlib.sha256(b"key id:" + secret.encode()).hexdigest()[:8]
        self.cipher = AESGCM(_derived(secret, b"encryption"))
        self.digest_key = _derived(secret, b"digests")


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"auth-engine " + purpose).derive(secret.encode())


class Seals:
    """What the keys can do. `keys` must not be empty."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = tuple(_Key(key) for key in keys)

    def seal(self, text: str, purpose: str, owner: str) -> str:
        """Encrypted under the first key; `open` needs the same purpose and owner."""
        key, nonce = self._keys[0], os.urandom(_NONCE_BYTES)
        sealed = key.cipher.encrypt(nonce, text.encode(), _bound(purpose, owner))
        return f"{PREFIX}{key.id}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, purpose: str, owner: str) -> str | None:
        """The text; None, with a line in the log, when no key of ours opens it."""
        identity, _, encoded = sealed.removeprefix(PREFIX).partition(":")
        key = next((key for key in self._keys if key.id == identity), None)
        if not sealed.startswith(PREFIX) or key is None:
            logger.warning("a value for %s is sealed under a key that AUTH_ENCRYPTION_KEYS does not hold", purpose)
            return None
        try:
            raw = base64.urlsafe_b64decode(encoded)
            return key.cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(purpose, owner)).decode()
        except (InvalidTag, ValueError):
            logger.warning("a sealed value for %s was altered", purpose)
            return None

    def is_current(self, sealed: str) -> bool:
        """Whether the first key sealed it; others are sealed anew when they are used."""
        return sealed.startswith(f"{PREFIX}{self._keys[0].id}:")

    def digest(self, purpose: str, *parts: str) -> str:
        """A keyed digest in hexadecimal, under the first key."""
        return self.digests(purpose, *parts)[0].hex()

    def digests(self, purpose: str, *parts: str) -> tuple[bytes, ...]:
        """The keyed digest under each key, the first one first."""
        message = _bound(purpose, *parts)
        return tuple(hmac.digest(key.digest_key, message, "sha256") for key in self._keys)

    def matches(self, digest: str, purpose: str, *parts: str) -> bool:
        """Whether a digest in hexadecimal was made of these parts, under any key; equal time for every answer."""
        given = digest.encode("utf-8", "replace")
        found = [hmac.compare_digest(given, each.hex().encode()) for each in self.digests(purpose, *parts)]
        return any(found)


def _bound(*parts: str) -> bytes:
    """The parts, so that no two lists of them give the same bytes."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
