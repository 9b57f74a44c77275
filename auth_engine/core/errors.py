"""Every refusal of the auth engine: its code, status and message, in one table (Hasura Auth's, and ours below it).

`concealed` codes tell something about an account: with AUTH_CONCEAL_ERRORS they become `invalid-request`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the caller is told."""

    code: str
    status: int
    message: str
    concealed: bool = False


class Code(Enum):
    """The refusals. Clients match on code and message: those of Hasura Auth stay to the letter, slips included."""

    DEFAULT_ROLE_NOT_ALLOWED = Refusal(
        "default-role-must-be-in-allowed-roles", 400, "Default role must be in allowed roles"
    )
    DISABLED_ENDPOINT = Refusal("disabled-endpoint", 409, "This endpoint is disabled")
    DISABLED_USER = Refusal("disabled-user", 401, "User is disabled", True)
    EMAIL_ALREADY_IN_USE = Refusal("email-already-in-use", 409, "Email already in use", True)
    EMAIL_ALREADY_VERIFIED = Refusal("email-already-verified", 400, "User's email is already verified", True)
    FORBIDDEN_ANONYMOUS = Refusal("forbidden-anonymous", 403, "Forbidden, user is anonymous.", True)
    INTERNAL = Refusal("internal-server-error", 500, "Internal server error")
    INVALID_EMAIL_PASSWORD = Refusal("invalid-email-password", 401, "Incorrect email or password", True)
    INVALID_PAT = Refusal("invalid-pat", 401, "Invalid or expired personal access token", True)
    INVALID_REQUEST = Refusal("invalid-request", 400, "The request payload is incorrect")
    PASSWORD_IN_HIBP = Refusal("password-in-hibp-database", 400, "Password is in HIBP database")
    PASSWORD_TOO_SHORT = Refusal("password-too-short", 400, "Password is too short")
    REDIRECT_NOT_ALLOWED = Refusal("redirectTo-not-allowed", 400, 'The value of "options.redirectTo" is not allowed.')
    ROLE_NOT_ALLOWED = Refusal("role-not-allowed", 400, "Role not allowed", True)
    SIGNUP_DISABLED = Refusal("signup-disabled", 403, "Sign up is disabled.", True)
    UNVERIFIED_USER = Refusal("unverified-user", 401, "User is not verified.", True)
    USER_NOT_ANONYMOUS = Refusal("user-not-anonymous", 400, "Logged in user is not anonymous")
    INVALID_REFRESH_TOKEN = Refusal("invalid-refresh-token", 401, "Invalid or expired refresh token", True)
    INVALID_TICKET = Refusal("invalid-ticket", 401, "Invalid ticket", True)
    DISABLED_MFA_TOTP = Refusal("disabled-mfa-totp", 401, "User does not have TOTP MFA enabled", True)
    NO_TOTP_SECRET = Refusal("no-totp-secret", 400, "User does not have a TOTP secret", True)
    INVALID_TOTP = Refusal("invalid-totp", 401, "Invalid TOTP code", True)
    TOTP_ALREADY_ACTIVE = Refusal("totp-already-active", 400, "TOTP MFA is already active")
    INVALID_STATE = Refusal("invalid-state", 400, "Invalid state")
    OAUTH_EXCHANGE_FAILED = Refusal("oauth-token-echange-failed", 400, "Failed to exchange token")
    OAUTH_PROFILE_FAILED = Refusal("oauth-profile-fetch-failed", 400, "Failed to get user profile")
    OAUTH_PROVIDER_ERROR = Refusal("oauth-provider-error", 400, "Provider returned an error")
    CANNOT_SEND_SMS = Refusal("cannot-send-sms", 400, "Cannot send SMS, check your phone number is correct")

    # Ours.
    NOT_FOUND = Refusal("not-found", 404, "This route does not exist")
    TOO_MANY_REQUESTS = Refusal("too-many-requests", 429, "Too many requests")
    UNAVAILABLE = Refusal("unavailable", 503, "The database does not answer")
    BUSY = Refusal("busy", 503, "Too busy, try again soon")
    INVALID_ADMIN_SECRET = Refusal("invalid-admin-secret", 401, "Invalid admin secret")
    USER_NOT_FOUND = Refusal("user-not-found", 404, "There is no such user")
    USER_EXISTS = Refusal("user-already-exists", 409, "A user with this phone number or id exists already")
    USER_IN_USE = Refusal("user-in-use", 409, "Other data still refers to this user")
    LAST_SIGN_IN_METHOD = Refusal("last-sign-in-method", 409, "This is the only way left to sign in")
    CAPTCHA_FAILED = Refusal("invalid-captcha", 403, "The captcha was not solved")

    @property
    def refusal(self) -> Refusal:
        return self.value


class Refused(Exception):
    """The request is answered with this refusal. `reason` is for the log and the development mode, never told."""

    def __init__(self, code: Code, reason: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(code.refusal.code if not reason else f"{code.refusal.code}: {reason}")
        self.code = code
        self.reason = reason
        self.retry_after = retry_after


class BadSetting(ValueError):
    """A setting that cannot be served under. The message names the variable and never shows its value."""


class BootRefused(Exception):
    """The database cannot be taken. The message says what to do."""


def shown(code: Code, conceal: bool) -> Refusal:
    """What the caller is told of it: `invalid-request` in place of what tells something about an account."""
    return Code.INVALID_REQUEST.refusal if conceal and code.refusal.concealed else code.refusal


def drop_details(error: BaseException | None) -> None:
    """Before an error is logged: Postgres adds the whole row to a broken constraint, hashes and tickets among it."""
    while error is not None:
        if getattr(error, "detail", None) is not None:
            error.detail = None  # type: ignore[attr-defined]
        error = error.__cause__ or error.__context__
