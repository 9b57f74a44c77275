"""Recovery codes: for who lost the second factor. Ten at a time, each good once."""

from __future__ import annotations

import secrets
from typing import Final

AMOUNT: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that people mistake for one another."""
_HALF: Final = 5
_LENGTH: Final = 2 * _HALF


def new_recovery_codes() -> tuple[str, ...]:
    """Each of nearly fifty bits, in two halves: `k3m7p-x9qrt`."""
    return tuple(f"{_half()}-{_half()}" for _ in range(AMOUNT))


def _half() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_HALF))


def plain_form(code: str) -> str | None:
    """What digests are made of, however the code was typed; None for what cannot be a recovery code."""
    plain = "".join(code.split()).replace("-", "").lower()
    return plain if len(plain) == _LENGTH and all(character in _ALPHABET for character in plain) else None
