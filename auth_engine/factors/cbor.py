"""What authenticators write: CBOR (RFC 8949) in CTAP2's canonical form, which has neither tags nor open lengths.

The library that decodes it takes everything. A tag can ask for a number of so many digits that reading it takes
minutes, and nobody has to be signed in to send one: so what is not canonical is refused before.
"""

from __future__ import annotations

from typing import Final

MOST_BYTES: Final = 65_536
"""Of an attestation or of authenticator data; those with a chain of certificates have some ten thousand."""
_TEXTS: Final = (2, 3)
_TAG: Final = 6
_WIDEST: Final = 27
_HEAD: Final = 37
"""Authenticator data (W3C Web Authentication §6.1): 32 bytes of digest, the flags, four of counter."""
_FLAGS: Final = 32
_HAS_KEY: Final = 0x40
_BEFORE_ID: Final = _HEAD + 16


def ensure_plain(raw: bytes) -> None:
    """Raises ValueError for tags, for open lengths, and for more than MOST_BYTES. Items follow each other whatever
    holds them, so nothing has to be taken apart for that."""
    if len(raw) > MOST_BYTES:
        raise ValueError("too much CBOR")
    position = 0
    while position < len(raw):
        kind, detail = raw[position] >> 5, raw[position] & 0x1F
        position += 1
        if kind == _TAG or detail > _WIDEST:
            raise ValueError("CBOR with a tag or an open length")
        width = 0 if detail < 24 else 1 << (detail - 24)
        argument = int.from_bytes(raw[position : position + width], "big") if width else detail
        position += width + (argument if kind in _TEXTS else 0)


def ensure_plain_data(data: bytes) -> None:
    """The same for what lies in authenticator data: the key, and what extensions say. Raises ValueError."""
    start = _HEAD
    if len(data) > _BEFORE_ID and data[_FLAGS] & _HAS_KEY:
        start = _BEFORE_ID + 2 + int.from_bytes(data[_BEFORE_ID : _BEFORE_ID + 2], "big")
    ensure_plain(data[start:])
