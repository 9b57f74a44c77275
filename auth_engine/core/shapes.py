"""Users and sessions as clients see them. Auth contract §1, "Shared shapes"."""

from __future__ import annotations

from typing import Any

import msgspec

from auth_engine.core.types import Session, User


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
