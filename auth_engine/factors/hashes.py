"""The forms of password hashes. New: argon2id at OWASP's parameters. Read: what imported users bring along.

An unknown form is a mismatch, never an error.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argon2 import PasswordHasher

TIME_COST: Final = 2
MEMORY_KIB: Final = 19_456
LANES: Final = 1
_BCRYPT_BYTES: Final = 72


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES)


def argon2_hash(password: str) -> str:
    return _hasher().hash(password.encode("utf-8", "surrogatepass"))


def is_current(stored: str) -> bool:
    """Whether a hash has the form and cost of new ones."""
    from argon2.exceptions import InvalidHashError

    if not stored.startswith("$argon2id$"):
        return False
    try:
        return not _hasher().check_needs_rehash(stored)
    except InvalidHashError:
        return False


def matches(password: str, stored: str) -> bool:
    """Whether the password gives this hash. False for a form that nobody knows."""
    raw = password.encode("utf-8", "surrogatepass")
    if stored.startswith("$argon2"):
        return _argon2(raw, stored)
    if stored.startswith(("$2a$", "$2b$", "$2y$")):
        return _bcrypt(raw, stored)
    return False


def _argon2(password: bytes, stored: str) -> bool:
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return _hasher().verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False


def _bcrypt(password: bytes, stored: str) -> bool:
    import bcrypt

    if b"\0" in password:
        return False
    try:
        return bcrypt.checkpw(password[:_BCRYPT_BYTES], stored.encode())
    except ValueError:
        return False
