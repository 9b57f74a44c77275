"""Security keys and passkeys: is this answer to a challenge genuine? W3C Web Authentication, Level 2, §7.

The library is imported where it is used: it is large, and a start has no need of it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from auth_engine.core.settings import Settings
from auth_engine.factors.cbor import ensure_plain, ensure_plain_data
from auth_engine.factors.cose import OFFERED_ALGORITHMS, NoKey, read_key

_CHALLENGE_BYTES: Final = 32


class NotGenuine(Exception):
    """The answer is refused. The message is for the log."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who we are to authenticators."""

    id: str
    name: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made."""

    credential_id: str
    """base64url, without padding."""
    public_key: bytes = field(repr=False)
    """As COSE writes it."""
    counter: int


def relying_party(settings: Settings) -> RelyingParty:
    """By settings; the host and origin of AUTH_CLIENT_URL where nothing else is said."""
    client = settings.client_url or ""
    identity = settings.webauthn_rp_id or urlsplit(client).hostname or ""
    origins = dict.fromkeys(each.rstrip("/") for each in (*settings.webauthn_rp_origins, origin_of(client)) if each)
    return RelyingParty(identity, settings.webauthn_rp_name or identity, tuple(origins))


def origin_of(url: str) -> str:
    """The origin as browsers write it (RFC 6454): no path, no default port."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else ""


def new_challenge() -> bytes:
    return secrets.token_bytes(_CHALLENGE_BYTES)


def challenge_digest(challenge: bytes) -> str:
    """What is kept of a challenge."""
    return hashlib.sha256(challenge).hexdigest()


def encoded(raw: bytes) -> str:
    """base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes | None:
    """The bytes of base64url, padded or not; None for what is not."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def challenge_named(client_data: str) -> bytes | None:
    """The challenge that an answer says it answers; None when it cannot be read."""
    raw = decoded(client_data)
    try:
        said = msgspec.json.decode(raw or b"")
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    challenge = said.get("challenge") if isinstance(said, dict) else None
    return decoded(challenge) if isinstance(challenge, str) else None


def user_of_handle(handle: str) -> str | None:
    """The user's id: the handle is its text, or the base64url of its text."""
    raw = decoded(handle)
    texts = (handle, "" if raw is None else raw.decode("latin-1"))
    return next((text.lower() for text in texts if _is_uuid(text)), None)


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def check_new_key(credential: Mapping[str, Any], challenge: bytes, party: RelyingParty) -> NewKey:
    """The key of `navigator.credentials.create()`. Raises NotGenuine."""
    from webauthn import verify_registration_response

    try:
        verified = verify_registration_response(
            credential=_without_own_attestation(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            supported_pub_key_algs=OFFERED_ALGORITHMS,  # type: ignore[arg-type]
        )
        read_key(verified.credential_public_key)
    # Whatever the library stumbles over while it reads a stranger's bytes is the same to us: not genuine.
    except Exception as fault:
        raise NotGenuine(f"{type(fault).__name__}: {fault}") from None
    return NewKey(encoded(verified.credential_id), verified.credential_public_key, verified.sign_count)


def _without_own_attestation(credential: Mapping[str, Any]) -> dict[str, Any]:
    """The same, an attestation that the new key itself signed (§8.2, "self attestation") checked and taken away: the
    library checks those of some algorithms only. What others attest is left to it."""
    from webauthn.helpers import encode_cbor, parse_attestation_object, parse_cbor

    response = credential["response"]
    raw = decoded(response["attestationObject"]) or b""
    ensure_plain(raw)
    ensure_plain_data(parse_cbor(raw)["authData"])
    said, attested = parse_cbor(raw), parse_attestation_object(raw).auth_data.attested_credential_data
    statement = said["attStmt"]
    if said["fmt"] != "packed" or "x5c" in statement or attested is None:
        return dict(credential)
    key = read_key(attested.credential_public_key)
    if statement["alg"] != key.algorithm:
        raise NotGenuine("the attestation is of another algorithm than the key")
    key.verify(statement["sig"], _signed(said["authData"], response["clientDataJSON"]))
    plain = encoded(encode_cbor({"fmt": "none", "attStmt": {}, "authData": said["authData"]}))
    return {**credential, "response": {**response, "attestationObject": plain}}


def _signed(authenticator_data: bytes, client_data: str) -> bytes:
    """What authenticators sign."""
    return authenticator_data + hashlib.sha256(decoded(client_data) or b"").digest()


def check_use(
    credential: Mapping[str, Any], challenge: bytes, party: RelyingParty, public_key: bytes, counter: int
) -> int:
    """The key's new counter after `navigator.credentials.get()`. A counter that goes back or stands still is refused,
    unless it is and stays 0. Raises NotGenuine."""
    from cryptography.exceptions import InvalidSignature

    try:
        response = credential["response"]
        _check_client(credential, challenge, party)
        data = decoded(response["authenticatorData"]) or b""
        now = _counter_of(data, party)
        if (now or counter) and now <= counter:
            raise NotGenuine(f"the counter says {now} after {counter}")
        signature = decoded(response["signature"]) or b""
        read_key(public_key).verify(signature, _signed(data, response["clientDataJSON"]))
    except NotGenuine:
        raise
    except InvalidSignature:
        raise NotGenuine("the signature is another's") from None
    except NoKey as fault:
        raise NotGenuine(f"the stored key: {fault}") from None
    except Exception as fault:
        raise NotGenuine(f"{type(fault).__name__}: {fault}") from None
    return now


def _check_client(credential: Mapping[str, Any], challenge: bytes, party: RelyingParty) -> None:
    """§7.2, steps 7 to 14: what the browser said. Raises NotGenuine, or what the library does over nonsense."""
    from webauthn.helpers import parse_authentication_credential_json, parse_client_data_json
    from webauthn.helpers.structs import ClientDataType

    read = parse_authentication_credential_json(dict(credential))
    if encoded(read.raw_id) != read.id:
        raise NotGenuine("id and rawId differ")
    client = parse_client_data_json(decoded(credential["response"]["clientDataJSON"]) or b"")
    if client.type != ClientDataType.WEBAUTHN_GET:
        raise NotGenuine("the browser was asked for something else")
    if client.challenge != challenge:
        raise NotGenuine("another challenge")
    if client.origin not in party.origins:
        raise NotGenuine("another origin")


def _counter_of(data: bytes, party: RelyingParty) -> int:
    """§7.2, steps 15 to 18: what the authenticator said, and its counter. Raises as `_check_client`."""
    from webauthn.helpers import parse_authenticator_data, parse_backup_flags

    ensure_plain_data(data)
    said = parse_authenticator_data(data)
    if said.rp_id_hash != hashlib.sha256(party.id.encode()).digest():
        raise NotGenuine("another relying party")
    if not said.flags.up:
        raise NotGenuine("nobody was present")
    parse_backup_flags(said.flags)
    return int(said.sign_count)
