"""Password hashes that imported users bring along, each read by one function: stored text → a check, or None.

None means that nothing is checked: the text has another form, is broken, or asks for more than `SECONDS` of work or too
much memory (a hash is data from outside: it must not decide how long this machine is busy). Forms: auth contract §10,
"At rest".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final, TypeAlias

Check: TypeAlias = Callable[[bytes], bool]
"""Whether these bytes are the password."""

BCRYPT_PREFIXES: Final = ("$2a$", "$2b$", "$2y$")
BCRYPT_BYTES: Final = 72
"""bcrypt looks at so many bytes of a password and ignores the rest."""
SECONDS: Final = 2
"""About so long may a check take on a slow core of today; the limits below follow from it."""
_BCRYPT_COST: Final = 14
_ARGON2_KIB: Final = 262_144
_ARGON2_KIB_PASSES: Final = 2_097_152
_ARGON2_LANES: Final = 16
_PBKDF2_ROUNDS: Final = {"sha256": 5_000_000, "sha512": 3_000_000}
_SCRYPT_BYTES: Final = 134_217_728
_SCRYPT_BYTES_PASSES: Final = 536_870_912
_LONGEST: Final = 1_024
"""Characters of a hash."""

_BCRYPT: Final = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}\Z", re.ASCII)
_ARGON2: Final = re.compile(
    r"\$argon2(?:id|i|d)\$(?:v=\d{1,3}\$)?m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+\Z",
    re.ASCII,
)
_PASSLIB: Final = re.compile(r"\$pbkdf2-(sha256|sha512)\$(\d{1,8})\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]+)\Z", re.ASCII)
_DJANGO: Final = re.compile(r"pbkdf2_(sha256)\$(\d{1,8})\$([^$]*)\$([A-Za-z0-9+/]+=*)\Z", re.ASCII)
_FIREBASE: Final = re.compile(
    r"\$fbscrypt\$v=1,n=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4}),ss=([A-Za-z0-9+/_-]*=*),sk=([A-Za-z0-9+/_-]+=*)"
    r"\$([A-Za-z0-9+/_-]*=*)\$([A-Za-z0-9+/_-]+=*)\Z",
    re.ASCII,
)
_AES_KEY_BYTES: Final = 32
_SIXTEEN_ZEROS: Final = bytes(16)


def check_of(stored: str) -> Check | None:
    """How to check a password against this hash; None when it is of no form that is read, or too costly."""
    if len(stored) > _LONGEST:
        return None
    return next((check for read in _READERS if (check := read(stored)) is not None), None)


def _bcrypt(stored: str) -> Check | None:
    match = _BCRYPT.match(stored)
    if match is None or int(match[1]) > _BCRYPT_COST:
        return None

    def check(password: bytes) -> bool:
        import bcrypt

        if b"\0" in password:
            return False
        try:
            return bcrypt.checkpw(password[:BCRYPT_BYTES], stored.encode())
        except ValueError:
            return False

    return check


def _argon2(stored: str) -> Check | None:
    match = _ARGON2.match(stored)
    if match is None:
        return None
    kib, passes, lanes = (int(each) for each in match.groups())
    if kib > _ARGON2_KIB or kib * passes > _ARGON2_KIB_PASSES or lanes > _ARGON2_LANES:
        return None

    def check(password: bytes) -> bool:
        from argon2 import PasswordHasher
        from argon2.exceptions import Argon2Error, InvalidHashError

        try:
            return PasswordHasher().verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return False

    return check


def _passlib(stored: str) -> Check | None:
    """passlib writes Base64 with a full stop for the plus sign, and without padding."""
    match = _PASSLIB.match(stored)
    if match is None:
        return None
    salt, wanted = _decoded(match[3].replace(".", "+")), _decoded(match[4].replace(".", "+"))
    return None if salt is None else _pbkdf2(match[1], int(match[2]), salt, wanted)


def _django(stored: str) -> Check | None:
    match = _DJANGO.match(stored)
    return (
        None
        if match is None
        else _pbkdf2(match[1], int(match[2]), match[3].encode("utf-8", "surrogatepass"), _decoded(match[4]))
    )


def _pbkdf2(name: str, rounds: int, salt: bytes, wanted: bytes | None) -> Check | None:
    """The whole digest must be there: a shortened one would be easier to meet."""
    if wanted is None or len(wanted) != hashlib.new(name).digest_size or not 1 <= rounds <= _PBKDF2_ROUNDS[name]:
        return None
    return lambda password: hmac.compare_digest(hashlib.pbkdf2_hmac(name, password, salt, rounds), wanted)


def _firebase(stored: str) -> Check | None:
    """Firebase's variant: scrypt makes a key, and what is stored is its project's signer key under that key
    (AES-256-CTR, counter from zero)."""
    match = _FIREBASE.match(stored)
    if match is None:
        return None
    exponent, blocks, lanes = (int(each) for each in match.groups()[:3])
    separator, signer, salt, wanted = (_decoded(each) for each in match.groups()[3:])
    memory = 128 * blocks << exponent
    if exponent < 1 or blocks < 1 or lanes < 1 or memory > _SCRYPT_BYTES or memory * lanes > _SCRYPT_BYTES_PASSES:
        return None
    if separator is None or salt is None or not signer or wanted is None or len(wanted) != len(signer):
        return None

    def check(password: bytes) -> bool:
        # The working memory, and a little beside it.
        room = memory + 128 * blocks * (lanes + 2) + 65_536
        try:
            key = hashlib.scrypt(
                password, salt=salt + separator, n=1 << exponent, r=blocks, p=lanes, dklen=_AES_KEY_BYTES, maxmem=room
            )
        except ValueError:  # numbers that RFC 7914 does not allow together
            return False
        return hmac.compare_digest(_aes_ctr(key, signer), wanted)

    return check


def _aes_ctr(key: bytes, text: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CTR

    encryptor = Cipher(AES(key), CTR(_SIXTEEN_ZEROS)).encryptor()
    return encryptor.update(text) + encryptor.finalize()


def _decoded(text: str) -> bytes | None:
    """Base64 of either alphabet, padded or not."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


_READERS: Final = (_argon2, _bcrypt, _passlib, _django, _firebase)
