"""Every signature algorithm that is offered to authenticators can be used: a key is made, signs in, and no other key's
signature does. Attested by nobody, or by the key itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import pytest
from auth_kit import AuthServer, Serve, new_address, refused
from authenticator_kit import Authenticator, tampered
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor

from auth_engine.factors.cose import OFFERED_ALGORITHMS

ON = {"AUTH_WEBAUTHN_ENABLED": "true"}
DIGESTS: dict[int, Any] = {256: hashes.SHA256, 384: hashes.SHA384, 512: hashes.SHA512}
ELLIPTIC: dict[int, tuple[int, int, Any]] = {
    -7: (1, 256, ec.SECP256R1),
    -35: (2, 384, ec.SECP384R1),
    -36: (3, 512, ec.SECP521R1),
}
"""Algorithm → number of the curve, bits of the digest, the curve."""
PKCS1 = {-257: 256, -258: 384, -259: 512}
PSS = {-37: 256, -38: 384, -39: 512}
RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)


@dataclass(slots=True)
class AnyKey(Authenticator):
    """Signs by any algorithm; `attests`: it signs its own attestation too, and says by which algorithm."""

    algorithm: int = -7
    attests: int | None = None

    def _cose(self) -> bytes:
        numbers = self.key.public_key()
        if self.algorithm in ELLIPTIC:
            curve, _, _ = ELLIPTIC[self.algorithm]
            size = (numbers.curve.key_size + 7) // 8
            point = numbers.public_numbers()
            fields: dict[int, Any] = {
                1: 2,
                -1: curve,
                -2: point.x.to_bytes(size, "big"),
                -3: point.y.to_bytes(size, "big"),
            }
        elif self.algorithm == -8:
            fields = {1: 1, -1: 6, -2: numbers.public_bytes_raw()}
        else:
            parts = numbers.public_numbers()
            fields = {1: 3, -1: parts.n.to_bytes(256, "big"), -2: parts.e.to_bytes(3, "big")}
        return cbor.encode({**fields, 3: self.algorithm})

    def _attest(self, data: bytes, client: bytes) -> dict[str, Any]:
        if self.attests is None:
            return {"fmt": "none", "attStmt": {}, "authData": data}
        signature = self._sign(data + hashlib.sha256(client).digest())
        return {"fmt": "packed", "attStmt": {"alg": self.attests, "sig": signature}, "authData": data}

    def _sign(self, message: bytes) -> bytes:
        signature: bytes
        if self.algorithm == -8:
            signature = self.key.sign(message)
        elif self.algorithm in ELLIPTIC:
            signature = self.key.sign(message, ec.ECDSA(DIGESTS[ELLIPTIC[self.algorithm][1]]()))
        elif self.algorithm in PKCS1:
            signature = self.key.sign(message, padding.PKCS1v15(), DIGESTS[PKCS1[self.algorithm]]())
        else:
            digest = DIGESTS[PSS[self.algorithm]]()
            pss = padding.PSS(mgf=padding.MGF1(digest), salt_length=padding.PSS.DIGEST_LENGTH)
            signature = self.key.sign(message, pss, digest)
        return signature


def key_for(algorithm: int, rsa_key: Any = RSA_KEY) -> Any:
    if algorithm == -8:
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ELLIPTIC[algorithm][2]()) if algorithm in ELLIPTIC else rsa_key


async def signed_up(server: AuthServer, device: Authenticator) -> Any:
    options = (await server.post("/signup/webauthn", {"email": new_address()})).json()
    return await server.post("/signup/webauthn/verify", {"credential": device.create(options)})


async def signed_in(server: AuthServer, credential: Any) -> Any:
    return await server.post("/signin/webauthn/verify", {"credential": credential})


@pytest.mark.parametrize("algorithm", OFFERED_ALGORITHMS)
@pytest.mark.parametrize("attests", [False, True], ids=["by nobody", "by itself"])
async def test_an_offered_algorithm_works(serve: Serve, algorithm: int, attests: bool) -> None:
    server = await serve(**ON)
    options = (await server.post("/signin/webauthn")).json()
    device = AnyKey(algorithm=algorithm, key=key_for(algorithm), attests=algorithm if attests else None)
    up = await signed_up(server, device)
    assert up.status_code == 200, up.text
    answer = await signed_in(server, device.get(options))
    assert answer.status_code == 200, answer.text
    assert answer.json()["session"]["user"]["id"] == up.json()["session"]["user"]["id"]

    options = (await server.post("/signin/webauthn")).json()
    refused(await signed_in(server, tampered(device.get(options), "signature")), 400, "invalid-request")
    options = (await server.post("/signin/webauthn")).json()
    device.key = key_for(algorithm, OTHER_RSA_KEY)
    refused(await signed_in(server, device.get(options)), 400, "invalid-request")


@pytest.mark.parametrize(
    ("said", "signed"), [(-7, -35), (-35, -7), (-36, -35), (-257, -37), (-37, -258), (-8, -7)], ids=str
)
async def test_a_key_is_of_the_algorithm_that_it_says(serve: Serve, said: int, signed: int) -> None:
    """A curve or padding of another algorithm is refused: at sign-up where the key itself shows it, else at its use."""
    server = await serve(**ON)

    class Liar(AnyKey):
        def _cose(self) -> bytes:
            return cbor.encode({**dict(cbor.decode(AnyKey._cose(self))), 3: said})  # type: ignore[arg-type]

    device = Liar(algorithm=signed, key=key_for(signed))
    up = await signed_up(server, device)
    if said in PKCS1 or said in PSS:
        assert up.status_code == 200
        options = (await server.post("/signin/webauthn")).json()
        refused(await signed_in(server, device.get(options)), 400, "invalid-request")
    else:
        refused(up, 400, "invalid-request")


@pytest.mark.parametrize("algorithm", [-35, -37])
async def test_an_attestation_of_another_algorithm_or_key_is_refused(serve: Serve, algorithm: int) -> None:
    server = await serve(**ON)
    refused(
        await signed_up(server, AnyKey(algorithm=algorithm, key=key_for(algorithm), attests=-7)), 400, "invalid-request"
    )

    class Forger(AnyKey):
        def _attest(self, data: bytes, client: bytes) -> dict[str, Any]:
            return {"fmt": "packed", "attStmt": {"alg": algorithm, "sig": b"nonsense"}, "authData": data}

    refused(await signed_up(server, Forger(algorithm=algorithm, key=key_for(algorithm))), 400, "invalid-request")


@pytest.mark.parametrize("algorithm", [-65535, -47, -48, 0, 7])
async def test_an_algorithm_that_is_not_offered_is_refused(serve: Serve, algorithm: int) -> None:
    server = await serve(**ON)

    class Odd(AnyKey):
        def _cose(self) -> bytes:
            return cbor.encode({**dict(cbor.decode(AnyKey._cose(self))), 3: algorithm})  # type: ignore[arg-type]

    refused(await signed_up(server, Odd(key=key_for(-7))), 400, "invalid-request")
