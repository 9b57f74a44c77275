"""What browsers send of security keys: PublicKeyCredential as JSON (W3C Web Authentication, Level 3, §5.1). They send
null where they know nothing, hence the fields that are nullable."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from auth_engine.core.fields import NULLABLE, Body, Email, SignUpOptions

Encoded = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]*={0,2}$", extra_json_schema={"format": "byte"})]
"""base64url, padded or not."""
Nickname = Annotated[str, Meta(max_length=256)]


class AttestationResponse(Body, frozen=True):
    """What came of `navigator.credentials.create()`."""

    client_data_json: Encoded = msgspec.field(name="clientDataJSON")
    attestation_object: Encoded
    transports: list[str] | None = None
    authenticator_data: Encoded | None = None
    public_key: Annotated[Encoded | None, NULLABLE] = None
    public_key_algorithm: int | None = None


class AssertionResponse(Body, frozen=True):
    """What came of `navigator.credentials.get()`."""

    client_data_json: Encoded = msgspec.field(name="clientDataJSON")
    authenticator_data: Encoded
    signature: Encoded
    user_handle: Annotated[str | None, NULLABLE] = None


class NewCredential(Body, frozen=True):
    """A key that was just made."""

    id: str
    type: str
    raw_id: Encoded
    response: AttestationResponse
    client_extension_results: dict[str, Any] | None = None
    authenticator_attachment: Annotated[str | None, NULLABLE] = None


class UsedCredential(Body, frozen=True):
    """A key that answered a challenge."""

    id: str
    type: str
    raw_id: Encoded
    response: AssertionResponse
    client_extension_results: dict[str, Any] | None = None
    authenticator_attachment: Annotated[str | None, NULLABLE] = None


class SignUpWebauthn(Body, frozen=True):
    email: Email
    options: SignUpOptions | None = None


class SignUpWebauthnVerify(Body, frozen=True):
    credential: NewCredential
    options: SignUpOptions | None = None
    nickname: Nickname | None = None


class SignInWebauthn(Body, frozen=True):
    email: Email | None = None


class UseWebauthn(Body, frozen=True):
    """Of signing in and of elevation. `email` is ignored, as Hasura Auth does."""

    credential: UsedCredential
    email: Email | None = None


class AddWebauthnVerify(Body, frozen=True):
    credential: NewCredential
    nickname: Nickname | None = None
