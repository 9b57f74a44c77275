"""What browsers are given to make and to use keys: the options of W3C Web Authentication as JSON. Auth contract §2."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct

from auth_engine.core.types import UserId
from auth_engine.factors.cose import OFFERED_ALGORITHMS
from auth_engine.factors.webauthn import RelyingParty, encoded
from auth_engine.store.keys import SecurityKey


class Party(Struct, frozen=True, rename="camel"):
    name: str
    id: str


class KeyOwner(Struct, frozen=True, rename="camel"):
    """`id` is the text of the user's id, as Hasura Auth gives it: clients read it in either of two ways."""

    name: str
    display_name: str
    id: str


class Parameter(Struct, frozen=True, rename="camel"):
    type: Literal["public-key"]
    alg: int


class Descriptor(Struct, frozen=True, rename="camel"):
    type: Literal["public-key"]
    id: str


class Selection(Struct, frozen=True, rename="camel"):
    require_resident_key: bool = False
    resident_key: Literal["preferred"] = "preferred"
    user_verification: Literal["preferred"] = "preferred"


class CreationOptions(Struct, frozen=True, rename="camel"):
    """For `navigator.credentials.create()`."""

    rp: Party
    user: KeyOwner
    challenge: str
    pub_key_cred_params: tuple[Parameter, ...]
    timeout: int
    authenticator_selection: Selection
    attestation: Literal["indirect"]
    exclude_credentials: tuple[Descriptor, ...] | msgspec.UnsetType = msgspec.UNSET


class RequestOptions(Struct, frozen=True, rename="camel"):
    """For `navigator.credentials.get()`. Without `allowCredentials` the authenticator offers what it has."""

    challenge: str
    timeout: int
    rp_id: str
    user_verification: Literal["preferred"]
    allow_credentials: tuple[Descriptor, ...] | msgspec.UnsetType = msgspec.UNSET


_PARAMETERS = tuple(Parameter("public-key", algorithm) for algorithm in OFFERED_ALGORITHMS)


def creation_options(
    party: RelyingParty, challenge: bytes, timeout: int, user_id: UserId, name: str, keys: Iterable[SecurityKey] = ()
) -> CreationOptions:
    """`keys` are those the user has: an authenticator that holds one of them makes no other."""
    return CreationOptions(
        rp=Party(party.name, party.id),
        user=KeyOwner(name, name, user_id),
        challenge=encoded(challenge),
        pub_key_cred_params=_PARAMETERS,
        timeout=timeout,
        authenticator_selection=Selection(),
        attestation="indirect",
        exclude_credentials=_descriptors(keys),
    )


def request_options(
    party: RelyingParty, challenge: bytes, timeout: int, keys: Iterable[SecurityKey] = ()
) -> RequestOptions:
    return RequestOptions(encoded(challenge), timeout, party.id, "preferred", _descriptors(keys))


def _descriptors(keys: Iterable[SecurityKey]) -> tuple[Descriptor, ...] | msgspec.UnsetType:
    return tuple(Descriptor("public-key", key.credential_id) for key in keys) or msgspec.UNSET
