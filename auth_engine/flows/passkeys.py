"""The steps that every use of WebAuthn shares: opening a challenge, consuming it, checking the answer.

A challenge is consumed by the first answer that names it, in a statement of its own before anything is checked: genuine
or not, a second answer finds none. Auth contract §10, features A19.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import UserId
from auth_engine.factors.webauthn import (
    NewKey,
    NotGenuine,
    challenge_digest,
    challenge_named,
    check_new_key,
    check_use,
    new_challenge,
    relying_party,
    user_of_handle,
)
from auth_engine.flows.kit import Kit
from auth_engine.flows.passkey_bodies import NewCredential, UsedCredential
from auth_engine.store.keys import Challenge, Purpose, SecurityKey
from auth_engine.store.store import Stores

logger = logging.getLogger(__name__)

_SLACK_SECONDS: Final = 60
"""A browser's timeout ends when the user is done; the answer has yet to travel."""
_UNCHECKED: Final = ("authenticatorAttachment", "clientExtensionResults")
"""Told by the browser, not by the authenticator: nothing depends on them."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A challenge that was consumed by the answer in hand."""

    challenge: bytes = field(repr=False)
    row: Challenge


def ensure_webauthn_enabled(kit: Kit) -> None:
    """Raises Refused without AUTH_WEBAUTHN_ENABLED."""
    if not kit.settings.webauthn_enabled:
        raise Refused(Code.DISABLED_ENDPOINT)


async def open_challenge(
    kit: Kit, purpose: Purpose, *, user_id: UserId | None = None, payload: str | None = None
) -> bytes:
    """A new challenge. `payload` is kept encrypted for whoever answers it."""
    challenge = new_challenge()
    digest = challenge_digest(challenge)
    sealed = None if payload is None else kit.seals.seal(payload, "challenge", digest)
    seconds = kit.settings.webauthn_timeout_ms / 1000 + _SLACK_SECONDS
    await kit.store.keys.open_challenge(digest, purpose, seconds, user_id=user_id, sealed=sealed)
    return challenge


async def take_challenge(client_data: str, purpose: Purpose, kit: Kit) -> Taken:
    """Consume the challenge that an answer names. Raises Refused when there is none, or it was made for something
    else."""
    challenge = challenge_named(client_data)
    row = None if challenge is None else await kit.store.keys.take_challenge(challenge_digest(challenge))
    if challenge is None or row is None or row.purpose is not purpose:
        raise Refused(Code.INVALID_REQUEST, "no such challenge")
    return Taken(challenge, row)


def payload_of(taken: Taken, kit: Kit) -> str | None:
    """What was kept with the challenge."""
    sealed = taken.row.sealed
    return None if sealed is None else kit.seals.open(sealed, "challenge", challenge_digest(taken.challenge))


def genuine_new_key(credential: NewCredential, taken: Taken, kit: Kit) -> NewKey:
    """Raises Refused."""
    try:
        return check_new_key(_checked_part(credential), taken.challenge, relying_party(kit.settings))
    except NotGenuine as fault:
        raise Refused(Code.INVALID_REQUEST, str(fault)) from None


def _checked_part(credential: NewCredential | UsedCredential) -> Mapping[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(credential)
    plain["response"].pop("userHandle", None)
    return {name: value for name, value in plain.items() if name not in _UNCHECKED}


async def genuine_use(credential: UsedCredential, taken: Taken, kit: Kit) -> tuple[SecurityKey, int]:
    """The key that answered and its new counter. The challenge says whose key it has to be; where it does not, the
    answer's user handle does. Raises Refused."""
    handle = credential.response.user_handle
    said = user_of_handle(handle) if handle else None
    owner = taken.row.user_id or said
    key = await kit.store.keys.by_credential(credential.id)
    if key is None or key.user_id != owner or (handle and said != owner):
        raise Refused(Code.INVALID_REQUEST, "not a key of the user in question")
    try:
        counter = check_use(
            _checked_part(credential), taken.challenge, relying_party(kit.settings), key.public_key, key.counter
        )
    except NotGenuine as fault:
        logger.warning("security key %s did not prove itself: %s", key.id, fault)
        raise Refused(Code.INVALID_REQUEST, str(fault)) from None
    return key, counter


async def count_use(stores: Stores, key: SecurityKey, counter: int) -> None:
    """Store the counter, in the transaction of what the key opens. Raises Refused when another answer, of a copy
    perhaps, was faster."""
    if not await stores.keys.count_use(key.id, counter):
        logger.warning("security key %s counts backwards: there may be a copy of it", key.id)
        raise Refused(Code.INVALID_REQUEST, "the counter did not go up")


async def add_key(stores: Stores, user_id: UserId, key: NewKey, credential: NewCredential, nickname: str | None) -> str:
    """The id of the key's new row. Raises Refused when somebody has this key already."""
    results = credential.client_extension_results or {}
    properties = results.get("credProps")
    identity = await stores.keys.add(
        user_id,
        key.credential_id,
        key.public_key,
        key.counter,
        nickname=nickname,
        is_passkey=isinstance(properties, dict) and properties.get("rk") is True,
    )
    if identity is None:
        raise Refused(Code.INVALID_REQUEST, "the key is known already")
    return identity
