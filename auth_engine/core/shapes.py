"""Users and sessions as clients see them (auth contract §1, "Shared shapes"): the types that OpenAPI is written from,
and the plain dictionaries that are sent, which are made faster."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from auth_engine.core.fields import UUID_PATTERN
from auth_engine.core.types import Session, User

Identity = Annotated[str, Meta(pattern=rf"^{UUID_PATTERN}\Z")]


class UserAnswer(Struct, frozen=True, rename="camel"):
    """The user. `email` and `phoneNumber` are left out when there is none."""

    id: Identity
    created_at: datetime
    display_name: str
    avatar_url: str
    locale: Annotated[str, Meta(min_length=2, max_length=2)]
    is_anonymous: bool
    default_role: str
    metadata: Any
    email_verified: bool
    phone_number_verified: bool
    roles: list[str]
    active_mfa_type: str | None
    email: str = ""
    phone_number: str = ""


class SessionAnswer(Struct, frozen=True, rename="camel"):
    """An access token, the refresh token that renews it, and the user."""

    access_token: str
    access_token_expires_in: int
    refresh_token: Identity
    refresh_token_id: Identity
    user: UserAnswer


class MfaChallenge(Struct, frozen=True):
    """The first factor was right; the ticket is for /signin/mfa/totp."""

    ticket: Annotated[str, Meta(pattern="^mfaTotp:.*$")]


class SessionPayload(Struct, frozen=True):
    """A session, or the question for the second factor, or neither when something else has to happen first."""

    session: SessionAnswer | None = None
    mfa: MfaChallenge | None = None


def user_shape(user: User, *, in_session: bool) -> dict[str, Any]:
    """The User object. Inside a session `activeMfaType` is always null and the default role is among the roles."""
    shape: dict[str, Any] = {
        "id": user.id,
        "createdAt": user.created_at,
        "displayName": user.display_name,
        "avatarUrl": user.avatar_url,
        "locale": user.locale,
        "isAnonymous": user.is_anonymous,
        "defaultRole": user.default_role,
        "metadata": None if user.metadata is None else msgspec.Raw(user.metadata.encode()),
        "emailVerified": user.email_verified,
        "phoneNumberVerified": user.phone_number_verified,
        "roles": user.all_roles if in_session else user.roles,
        "activeMfaType": None if in_session else user.active_mfa_type,
    }
    if user.email is not None:
        shape["email"] = user.email
    if user.phone_number is not None:
        shape["phoneNumber"] = user.phone_number
    return shape


def session_shape(session: Session) -> dict[str, Any]:
    return {
        "accessToken": session.access_token,
        "accessTokenExpiresIn": session.access_token_expires_in,
        "refreshToken": session.refresh_token,
        "refreshTokenId": session.refresh_token_id,
        "user": user_shape(session.user, in_session=True),
    }
