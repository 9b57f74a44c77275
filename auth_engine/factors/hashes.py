"""The forms of password hashes. New: argon2id at OWASP's parameters, or bcrypt where Hasura Auth must read it. Read:
these, and what imported users bring along (`imported`).

An unknown form is a mismatch, never an error.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from auth_engine.factors.imported import BCRYPT_BYTES, BCRYPT_PREFIXES, check_of

if TYPE_CHECKING:
    from argon2 import PasswordHasher

TIME_COST: Final = 2
MEMORY_KIB: Final = 19_456
LANES: Final = 1
BCRYPT_COST: Final = 10
"""Hasura Auth's."""

ARGON2_DUMMY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$tJUES198DPrIMB72Smbh3Q$Eo+2A862aZprdEgBH3GTZg7UTAFWo8CMryHsyBw8zKE"
)
BCRYPT_DUMMY: Final = "$2a$10$FzLs9s2/RiMGzrzHsIKdp.7Ta3HqWW.qJ4OuM8N9voDf8K2/Z7B6i"
"""Hashes of passwords that nobody has: checking against them costs what checking against a real one does."""


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES)


def argon2_hash(password: str) -> str:
    return _hasher().hash(_bytes(password))


def bcrypt_hash(password: str) -> str:
    """As Hasura Auth writes it. bcrypt knows 72 bytes: what follows them is no part of the password. Raises ValueError
    for U+0000, at which other readers of bcrypt stop."""
    import bcrypt

    raw = _bytes(password)
    if b"\0" in raw:
        raise ValueError("a password with U+0000 has no bcrypt hash")
    return bcrypt.hashpw(raw[:BCRYPT_BYTES], bcrypt.gensalt(BCRYPT_COST, b"2a")).decode()


def is_current(stored: str) -> bool:
    """Whether a hash has the form and cost of new ones."""
    from argon2.exceptions import InvalidHashError

    if not stored.startswith("$argon2id$"):
        return False
    try:
        return not _hasher().check_needs_rehash(stored)
    except InvalidHashError:
        return False


def is_bcrypt(stored: str) -> bool:
    """Whether Hasura Auth can read a hash."""
    return stored.startswith(BCRYPT_PREFIXES)


def is_readable(stored: str) -> bool:
    """Whether any password at all could match: the form is known and its cost within bounds."""
    return check_of(stored) is not None


def matches(password: str, stored: str) -> bool:
    """Whether the password gives this hash. False for a form that nobody knows."""
    check = check_of(stored)
    return check is not None and check(_bytes(password))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
