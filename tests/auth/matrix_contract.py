"""What the contract of Hasura Auth says of refusals, as facts: the codes, and which route has which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_Fact = tuple[int, str, bool]

REFUSALS: Final[Mapping[str, _Fact]] = {
    "default-role-must-be-in-allowed-roles": (400, "Default role must be in allowed roles", False),
    "disabled-endpoint": (409, "This endpoint is disabled", False),
    "disabled-user": (401, "User is disabled", True),
    "email-already-in-use": (409, "Email already in use", True),
    "email-already-verified": (400, "User's email is already verified", True),
    "forbidden-anonymous": (403, "Forbidden, user is anonymous.", True),
    "internal-server-error": (500, "Internal server error", False),
    "invalid-email-password": (401, "Incorrect email or password", True),
    "invalid-pat": (401, "Invalid or expired personal access token", True),
    "invalid-request": (400, "The request payload is incorrect", False),
    "password-in-hibp-database": (400, "Password is in HIBP database", False),
    "password-too-short": (400, "Password is too short", False),
    "redirectTo-not-allowed": (400, 'The value of "options.redirectTo" is not allowed.', False),
    "role-not-allowed": (400, "Role not allowed", True),
    "signup-disabled": (403, "Sign up is disabled.", True),
    "unverified-user": (401, "User is not verified.", True),
    "user-not-anonymous": (400, "Logged in user is not anonymous", False),
    "invalid-refresh-token": (401, "Invalid or expired refresh token", True),
    "invalid-ticket": (401, "Invalid ticket", True),
    "disabled-mfa-totp": (401, "User does not have TOTP MFA enabled", True),
    "no-totp-secret": (400, "User does not have a TOTP secret", True),
    "invalid-totp": (401, "Invalid TOTP code", True),
    "totp-already-active": (400, "TOTP MFA is already active", False),
    "invalid-state": (400, "Invalid state", False),
    "oauth-token-echange-failed": (400, "Failed to exchange token", False),
    "oauth-profile-fetch-failed": (400, "Failed to get user profile", False),
    "oauth-provider-error": (400, "Provider returned an error", False),
    "cannot-send-sms": (400, "Cannot send SMS, check your phone number is correct", False),
    "too-many-requests": (429, "Too many requests", False),
}
"""Code → status, message, whether AUTH_CONCEAL_ERRORS hides it. Four that Hasura Auth defines it never sends."""

_LISTS: Final = ("invalid-email-password",)
_USER: Final = (*_LISTS, "disabled-user", "unverified-user", "forbidden-anonymous")
_OPTIONS: Final = ("redirectTo-not-allowed", "role-not-allowed", "default-role-must-be-in-allowed-roles")
_PASSWORD: Final = ("password-too-short", "password-in-hibp-database")
_SIGN_UP: Final = ("signup-disabled", *_LISTS, "disabled-user", *_OPTIONS)
_BODY: Final = ("invalid-request",)
_OFF: Final = ("disabled-endpoint",)
_TOKEN: Final = (*_BODY, *_USER)
_BACK: Final = (
    "invalid-state",
    "oauth-provider-error",
    "oauth-token-echange-failed",
    "oauth-profile-fetch-failed",
    *_SIGN_UP[:3],
    "email-already-in-use",
)
_LINK: Final = ("redirectTo-not-allowed", "invalid-ticket", *_USER, "email-already-in-use", *_BODY)

HASURA_AUTH: Final[Mapping[str, tuple[str, ...]]] = {
    "POST /signup/email-password": (*_BODY, *_SIGN_UP, *_PASSWORD, "email-already-in-use"),
    "POST /signup/webauthn": (*_BODY, *_OFF, "signup-disabled", *_LISTS, *_OPTIONS),
    "POST /signup/webauthn/verify": (*_BODY, *_OFF, *_SIGN_UP, "email-already-in-use"),
    "POST /signin/email-password": (*_BODY, *_USER),
    "POST /signin/anonymous": (*_BODY, *_OFF, "signup-disabled"),
    "POST /signin/passwordless/email": (*_BODY, *_OFF, *_SIGN_UP, "forbidden-anonymous"),
    "POST /signin/otp/email": (*_BODY, *_OFF, *_SIGN_UP, "forbidden-anonymous"),
    "POST /signin/otp/email/verify": (*_BODY, "invalid-ticket", *_LISTS, "disabled-user"),
    "POST /signin/passwordless/sms": (*_BODY, *_OFF, *_OPTIONS, *_USER, "signup-disabled", "cannot-send-sms"),
    "POST /signin/passwordless/sms/otp": (*_BODY, *_OFF, *_USER),
    "POST /signin/mfa/totp": (
        *_BODY, *_OFF, *_USER, "invalid-ticket", "disabled-mfa-totp", "no-totp-secret", "invalid-totp",
    ),
    "POST /signin/pat": (*_BODY, *_USER, "invalid-pat"),
    "POST /signin/idtoken": (*_BODY, *_OFF, *_SIGN_UP, *_USER),
    "POST /signin/webauthn": (*_BODY, *_OFF, *_USER),
    "POST /signin/webauthn/verify": (*_BODY, *_OFF, *_USER),
    "GET /signin/provider/{provider}": (*_BODY, *_OFF, "redirectTo-not-allowed"),
    "GET /signin/provider/{provider}/callback": _BACK,
    "POST /signin/provider/{provider}/callback": _BACK,
    "POST /token": (*_BODY, "invalid-refresh-token", "disabled-user", "unverified-user"),
    "POST /token/verify": _TOKEN,
    "POST /signout": _BODY,
    "GET /user": _TOKEN,
    "POST /user/deanonymize": (
        *_BODY, "user-not-anonymous", *_PASSWORD, *_OPTIONS, *_LISTS, "disabled-user", "email-already-in-use",
    ),
    "POST /user/email/change": (*_TOKEN, "redirectTo-not-allowed", "email-already-in-use"),
    "POST /user/email/send-verification-email": (
        *_BODY, "redirectTo-not-allowed", *_LISTS, "disabled-user", "forbidden-anonymous", "email-already-verified",
    ),
    "POST /user/password": (*_TOKEN, *_PASSWORD, "invalid-ticket"),
    "POST /user/password/reset": (*_BODY, "redirectTo-not-allowed"),
    "GET /mfa/totp/generate": (*_TOKEN, *_OFF, "totp-already-active"),
    "POST /user/mfa": (
        *_TOKEN, *_OFF, "totp-already-active", "no-totp-secret", "invalid-totp", "disabled-mfa-totp",
    ),
    "POST /pat": _TOKEN,
    "POST /link/idtoken": (*_TOKEN, *_OFF),
    "POST /user/webauthn/add": (*_TOKEN, *_OFF),
    "POST /user/webauthn/verify": (*_TOKEN, *_OFF),
    "POST /elevate/webauthn": (*_TOKEN, *_OFF),
    "POST /elevate/webauthn/verify": (*_TOKEN, *_OFF),
    "GET /verify": _LINK,
    "POST /verify": _LINK,
}  # fmt: skip
"""Route → the refusals that the contract gives it, by its text or by the checks that it names."""
