"""Every form of password hash that is read, from published vectors where there are some; and none is an error."""

from __future__ import annotations

import asyncio
import base64
import hashlib

import bcrypt
import pytest
from argon2.low_level import Type, hash_secret
from hypothesis import given, settings
from hypothesis import strategies as st

from auth_engine.core.errors import Code, Refused
from auth_engine.factors.hashes import (
    ARGON2_DUMMY,
    BCRYPT_DUMMY,
    argon2_hash,
    bcrypt_hash,
    is_current,
    is_readable,
    matches,
)
from auth_engine.factors.passwords import Passwords

_SIGNER = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
_SALT = "42xEC+ixf3L2lw=="
_HASH = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
FIREBASE = f"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk={_SIGNER}${_SALT}${_HASH}"
"""The example of Firebase's own scrypt repository; the password is user1password."""
PASSLIB = "$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M"
"""The example of passlib's documentation; the password is `password`."""


def _django(password: str, rounds: int = 1_000, salt: str = "sea salt") -> str:
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), rounds)
    return f"pbkdf2_sha256${rounds}${salt}${base64.b64encode(digest).decode()}"


def _passlib512(password: str) -> str:
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), b"\xff\xfe salt", 900)
    salt, encoded = (
        base64.b64encode(each).decode().rstrip("=").replace("+", ".") for each in (b"\xff\xfe salt", digest)
    )
    return f"$pbkdf2-sha512$900${salt}${encoded}"


def _argon2(password: str, kind: Type, version: int = 19) -> str:
    return hash_secret(password.encode(), b"sixteen bytes ok", 1, 64, 2, 16, kind, version).decode()


def _bcrypt(password: str, prefix: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", f"${prefix}$")


READ = {
    "firebase": ("user1password", FIREBASE),
    "firebase in the alphabet of addresses": ("user1password", FIREBASE.replace("+", "-").replace("/", "_")),
    "passlib sha256": ("password", PASSLIB),
    "passlib sha512": ("pass phrase", _passlib512("pass phrase")),
    "django": ("pass phrase é", _django("pass phrase é")),
    "bcrypt 2a": ("pass phrase", _bcrypt("pass phrase", "2a")),
    "bcrypt 2b": ("pass phrase", _bcrypt("pass phrase", "2b")),
    "bcrypt 2y": ("pass phrase", _bcrypt("pass phrase", "2y")),
    "argon2i": ("pass phrase", _argon2("pass phrase", Type.I)),
    "argon2d": ("pass phrase", _argon2("pass phrase", Type.D)),
    "argon2id": ("pass phrase", _argon2("pass phrase", Type.ID)),
    "argon2id of version 16": ("pass phrase", _argon2("pass phrase", Type.ID, 16)),
}


@pytest.mark.parametrize("name", READ)
def test_a_form_is_read(name: str) -> None:
    password, stored = READ[name]
    assert is_readable(stored)
    assert matches(password, stored)
    assert not matches(f"{password}!", stored)
    assert not matches("", stored)
    assert not is_current(stored)


def test_new_hashes_have_the_parameters_of_owasp() -> None:
    stored = argon2_hash("pass phrase")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_current(stored)
    assert is_current(ARGON2_DUMMY)
    assert BCRYPT_DUMMY.startswith("$2a$10$")
    assert is_readable(BCRYPT_DUMMY)


def test_argon2_takes_a_thousand_characters_to_the_last() -> None:
    stored = argon2_hash("é" * 1_023 + "a")
    assert matches("é" * 1_023 + "a", stored)
    assert not matches("é" * 1_023 + "b", stored)


def test_bcrypt_looks_at_72_bytes_and_stops_at_no_zero_byte() -> None:
    stored = _bcrypt("é" * 36, "2a")
    assert matches("é" * 36 + "whatever follows", stored)
    assert not matches("é" * 35, stored)
    assert not matches("pass phrase\0and more", _bcrypt("pass phrase", "2b"))


TOO_MUCH = {
    "bcrypt of cost 15": BCRYPT_DUMMY.replace("$10$", "$15$"),
    "argon2 of half a gigabyte": ARGON2_DUMMY.replace("m=19456", "m=524288"),
    "argon2 of many passes": ARGON2_DUMMY.replace("t=2", "t=4000"),
    "argon2 of many lanes": ARGON2_DUMMY.replace("p=1", "p=64"),
    "pbkdf2 of ten million rounds": PASSLIB.replace("$6400$", "$10000000$"),
    "django of ten million rounds": _django("x").replace("$1000$", "$10000000$"),
    "firebase of four gigabytes": FIREBASE.replace("n=14", "n=22"),
    "firebase of many lanes": FIREBASE.replace("p=1", "p=900"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_hash_that_costs_too_much_matches_nothing(name: str) -> None:
    assert not is_readable(TOO_MUCH[name])
    assert not matches("x", TOO_MUCH[name])


BROKEN = {
    "empty": "",
    "plain": "password",
    "md5": "5f4dcc3b5aa765d61d8327deb882cf99",
    "shortened pbkdf2": PASSLIB[:-20],
    "no rounds": PASSLIB.replace("$6400$", "$0$"),
    "no signer key": FIREBASE.replace(_SIGNER, ""),
    "firebase of another length": FIREBASE.replace(_HASH, "AAAA"),
    "broken base64": FIREBASE.replace(_HASH, "A===="),
    "argon2 without a hash": "$argon2id$v=19$m=19456,t=2,p=1$",
    "argon2 of no passes": ARGON2_DUMMY.replace("t=2", "t=0"),
    "argon2 of too little memory": ARGON2_DUMMY.replace("m=19456", "m=1"),
    "unknown bcrypt": BCRYPT_DUMMY.replace("$2a$", "$2x$"),
    "bcrypt of no cost": BCRYPT_DUMMY.replace("$10$", "$00$"),
    "digits of another script": BCRYPT_DUMMY.replace("$10$", "$١٠$"),
    "scrypt numbers that do not go together": FIREBASE.replace("n=14,r=8", "n=17,r=1"),
    "megabytes": "$argon2id$" + "A" * 2_000_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_or_unknown_matches_nothing(name: str) -> None:
    assert not matches("password", BROKEN[name])


_SEEDS = st.sampled_from([stored for _, stored in READ.values() if not stored.startswith("$fb")] + [ARGON2_DUMMY[:-9]])


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=40)
    | st.builds(
        lambda seed, at, text: seed[:at] + text + seed[at + 1 :],
        _SEEDS,
        st.integers(0, 60),
        st.text("$./=+,0123456789ab\0\ud800é", max_size=3),
    )
)
def test_no_text_is_an_error(stored: str) -> None:
    assert matches("password, surely not this one", stored) is False


async def test_passwords_are_bcrypt_where_hasura_auth_must_read_them() -> None:
    passwords = Passwords(2, 10, compatible=True)
    long = "a phrase of more than 72 bytes, as the other side reads it: the rest counts for nothing"
    stored = await passwords.hash(long)
    assert stored.startswith("$2a$10$")
    assert bcrypt.checkpw(long.encode()[:72], stored.encode())
    assert await passwords.matches(long, stored)
    assert await passwords.renewed(long, stored) is None
    assert await passwords.renewed(long, BCRYPT_DUMMY) is None
    renewed = await passwords.renewed("pass phrase", ARGON2_DUMMY)
    assert renewed is not None
    assert bcrypt.checkpw(b"pass phrase", renewed.encode())
    assert await passwords.renewed("zero\0byte", ARGON2_DUMMY) is None
    with pytest.raises(Refused) as refusal:
        await passwords.hash("zero\0byte")
    assert refusal.value.code is Code.INVALID_REQUEST
    with pytest.raises(ValueError, match="no bcrypt hash"):
        bcrypt_hash("zero\0byte")
    passwords.close()


async def test_no_hash_and_an_unknown_one_cost_what_a_real_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def record(password: str, stored: str) -> bool:
        checked.append(stored)
        return True

    monkeypatch.setattr("auth_engine.factors.passwords.matches", record)
    passwords = Passwords(1, 10)
    assert not await passwords.matches("x", None)
    assert not await passwords.matches("x", "md5$nobody reads this")
    assert checked == [ARGON2_DUMMY, ARGON2_DUMMY]
    assert is_current(await passwords.renewed("x", BCRYPT_DUMMY) or "")
    assert await passwords.renewed("x", ARGON2_DUMMY) is None
    passwords.close()


async def test_the_queue_is_bounded_and_says_when_to_come_again() -> None:
    passwords = Passwords(1, 2)
    outcomes = await asyncio.gather(*(passwords.matches("x", BCRYPT_DUMMY) for _ in range(6)), return_exceptions=True)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert outcomes.count(False) == 3
    assert len(refusals) == 3
    assert {(refusal.code, refusal.retry_after) for refusal in refusals} == {(Code.BUSY, 1)}
    assert await passwords.matches("x", BCRYPT_DUMMY) is False
    passwords.close()
