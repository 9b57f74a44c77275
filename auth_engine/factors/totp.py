"""One-time codes by time (RFC 6238): SHA-1, six digits, thirty seconds, as every authenticator app reads them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

PERIOD_SECONDS: Final = 30
DIGITS: Final = 6
_SECRET_BYTES: Final = 32
_BLOCK: Final = 8
"""Characters of base32 that are padded to."""


def new_secret() -> str:
    """Thirty-two random bytes in base32 without padding."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode().rstrip("=")


def period_of(moment: datetime) -> int:
    """The number of the period that the moment lies in."""
    return int(moment.timestamp()) // PERIOD_SECONDS


def code_at(secret: str, period: int) -> str | None:
    """The code of a period; None when the secret is no base32."""
    key = _key(secret)
    if not key:
        return None
    digest = hmac.digest(key, struct.pack(">Q", period), hashlib.sha1)
    offset = digest[-1] & 0xF
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def _key(secret: str) -> bytes:
    text = secret.replace(" ", "").rstrip("=").upper()
    try:
        return base64.b32decode(text + "=" * (-len(text) % _BLOCK))
    except (binascii.Error, ValueError):
        return b""


def matching_period(secret: str, code: str, moment: datetime) -> int | None:
    """The period that the code belongs to: the present one or a neighbour, since clocks differ. All three are compared,
    so that time tells nothing."""
    given, now = code.replace(" ", "").encode("utf-8", "replace"), period_of(moment)
    found: int | None = None
    for period in (now + 1, now - 1, now):
        expected = code_at(secret, period)
        if expected is not None and hmac.compare_digest(given, expected.encode()):
            found = period
    return found


def provisioning_uri(secret: str, issuer: str, account: str) -> str:
    """What the QR code says (the key URI format of authenticator apps)."""
    query = urlencode(
        {"algorithm": "SHA1", "digits": DIGITS, "issuer": issuer, "period": PERIOD_SECONDS, "secret": secret},
        quote_via=quote,
    )
    return f"otpauth://totp/{quote(issuer, safe='')}:{quote(account, safe='@')}?{query}"
