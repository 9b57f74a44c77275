"""Public keys of authenticators, as COSE writes them (RFC 9053, RFC 8230), and the signatures that they check.

py_webauthn reads such keys but checks signatures of some algorithms only; here it is all of those that are offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

OFFERED_ALGORITHMS: Final = (-7, -35, -36, -257, -258, -259, -37, -38, -39, -8)
"""COSE numbers in the order of the contract: ES256 first, which every authenticator knows."""
_ELLIPTIC: Final = {-7: 256, -35: 384, -36: 512}
"""ES256, ES384, ES512 → bits of the digest. Each goes with one curve (W3C Web Authentication §5.8.5)."""
_CURVES: Final = {-7: 1, -35: 2, -36: 3}
_RSA_PKCS1: Final = {-257: 256, -258: 384, -259: 512}
_RSA_PSS: Final = {-37: 256, -38: 384, -39: 512}
_EDDSA: Final = -8
_ED25519: Final = 6


class NoKey(ValueError):
    """These bytes are no public key of an algorithm that is offered."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that can check signatures."""

    algorithm: int
    key: Any

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises cryptography's InvalidSignature when the signature is another's."""
        from cryptography.hazmat.primitives.asymmetric import ec, padding

        if self.algorithm == _EDDSA:
            self.key.verify(signature, data)
        elif self.algorithm in _ELLIPTIC:
            self.key.verify(signature, data, ec.ECDSA(_digest(_ELLIPTIC[self.algorithm])))
        elif self.algorithm in _RSA_PKCS1:
            self.key.verify(signature, data, padding.PKCS1v15(), _digest(_RSA_PKCS1[self.algorithm]))
        else:
            digest = _digest(_RSA_PSS[self.algorithm])
            pss = padding.PSS(mgf=padding.MGF1(digest), salt_length=padding.PSS.AUTO)
            self.key.verify(signature, data, pss, digest)


def read_key(cose: bytes) -> PublicKey:
    """Raises NoKey."""
    from webauthn.helpers import decode_credential_public_key

    # Whatever the library stumbles over while it reads a stranger's bytes is the same to us.
    try:
        decoded: Any = decode_credential_public_key(cose)
        algorithm = int(decoded.alg)
        if algorithm == _EDDSA and decoded.crv == _ED25519:
            return PublicKey(algorithm, _ed25519_key(decoded.x))
        if algorithm in _ELLIPTIC and decoded.crv == _CURVES[algorithm]:
            return PublicKey(algorithm, _elliptic_key(algorithm, decoded.x, decoded.y))
        if algorithm in _RSA_PKCS1 or algorithm in _RSA_PSS:
            return PublicKey(algorithm, _rsa_key(decoded.n, decoded.e))
    except Exception as fault:
        raise NoKey(f"no public key: {type(fault).__name__}") from None
    raise NoKey("the key's algorithm and curve are not offered")


def _ed25519_key(x: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(x)


def _elliptic_key(algorithm: int, x: bytes, y: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    curves: dict[int, type[EllipticCurve]] = {-7: ec.SECP256R1, -35: ec.SECP384R1, -36: ec.SECP521R1}
    return ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), curves[algorithm]()
    ).public_key()


def _rsa_key(n: bytes, e: bytes) -> RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    return RSAPublicNumbers(int.from_bytes(e, "big"), int.from_bytes(n, "big")).public_key()


def _digest(bits: int) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    kinds: dict[int, type[HashAlgorithm]] = {256: hashes.SHA256, 384: hashes.SHA384, 512: hashes.SHA512}
    return kinds[bits]()
