"""Second factors for tests: TOTP, and a software authenticator with a browser around it, honest or not."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyotp
from auth_kit import AuthServer
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256, EdDSA

from auth_engine.factors.totp import PERIOD_SECONDS, matching_period

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
ORIGIN = "https://app.test"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(slots=True)
class Authenticator:
    """Holds one key. Every field may be set to what an attacker would send."""

    rp_id: str = "app.test"
    origin: str = ORIGIN
    flags: int = UP | UV
    counter: int = 0
    step: int = 1
    """How far the counter goes up with each use; 0 for authenticators that do not count."""
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    user_handle: str | None = None

    def create(self, options: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """What `navigator.credentials.create()` gives, as JSON; `changed` fields of the client data."""
        self.user_handle = encoded(options["user"]["id"].encode())
        client = self._client_data("webauthn.create", options["challenge"], changed)
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + self._cose()
        statement = self._attest(self._data(AT) + attested, client)
        return {
            **self._frame(),
            "response": {
                "clientDataJSON": encoded(client),
                "attestationObject": encoded(cbor.encode(statement)),
                "transports": ["internal", "hybrid"],
                "publicKeyAlgorithm": -7,
                "publicKey": None,
                "authenticatorData": encoded(self._data(AT) + attested),
            },
            "clientExtensionResults": {"credProps": {"rk": True}, "unheardOf": {"deep": None}},
        }

    def get(self, options: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """What `navigator.credentials.get()` gives, as JSON."""
        self.counter += self.step
        client = self._client_data("webauthn.get", options["challenge"], changed)
        data = self._data()
        return {
            **self._frame(),
            "response": {
                "clientDataJSON": encoded(client),
                "authenticatorData": encoded(data),
                "signature": encoded(self._sign(data + hashlib.sha256(client).digest())),
                "userHandle": self.user_handle,
            },
        }

    def _cose(self) -> bytes:
        """The public key."""
        public = ES256 if isinstance(self.key, ec.EllipticCurvePrivateKey) else EdDSA
        return cbor.encode(dict(public.from_cryptography_key(self.key.public_key())))  # type: ignore[no-untyped-call]

    def _attest(self, data: bytes, client: bytes) -> dict[str, Any]:
        """The attestation object: nobody vouches for the authenticator."""
        return {"fmt": "none", "attStmt": {}, "authData": data}

    def _frame(self) -> dict[str, Any]:
        identity = encoded(self.credential_id)
        return {
            "id": identity,
            "rawId": identity,
            "type": "public-key",
            "authenticatorAttachment": None,
            "clientExtensionResults": {},
        }

    def _client_data(self, kind: str, challenge: str, changed: Mapping[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **changed}
        return json.dumps(said).encode()

    def _data(self, more: int = 0) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", self.flags | more, self.counter)

    def _sign(self, message: bytes) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(message)
        signature: bytes = self.key.sign(message, ec.ECDSA(SHA256()))
        return signature


def tampered(credential: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The same with one bit of a part of its response turned over."""
    raw = bytearray(decoded(credential["response"][name]))
    raw[-1] ^= 1
    return {**credential, "response": {**credential["response"], name: encoded(bytes(raw))}}


# ---------------------------------------------------------------- TOTP


async def enrolled(server: AuthServer, address: str | None = None) -> tuple[dict[str, Any], str]:
    """A new user's session, and the secret of the factor that they switched on."""
    session = await server.sign_up(address)
    token = session["accessToken"]
    secret: str = (await server.get("/mfa/totp/generate", token)).json()["totpSecret"]
    body = {"code": pyotp.TOTP(secret).now(), "activeMfaType": "totp"}
    assert (await server.post("/user/mfa", body, token)).json() == "OK"
    return session, secret


async def ticket_for(server: AuthServer, session: dict[str, Any]) -> str:
    """Of the first factor."""
    answer = (await server.sign_in(session["user"]["email"])).json()
    assert set(answer) == {"mfa"}, answer
    ticket: str = answer["mfa"]["ticket"]
    return ticket


def wrong(secret: str) -> str:
    """A code that is none at this time."""
    now = datetime.now(UTC)
    return next(code for code in ("000000", "111111", "222222", "333333") if not matching_period(secret, code, now))


def upcoming(secret: str, periods: int = 1) -> str:
    """The code of the next period, which counts already, or of another one."""
    return pyotp.TOTP(secret).at(int(time.time()) + periods * PERIOD_SECONDS)


async def amid_a_period() -> None:
    """Wait where the period is about to end, for who counts within one."""
    left = PERIOD_SECONDS - time.time() % PERIOD_SECONDS
    if left < 3:
        await asyncio.sleep(left + 0.05)
