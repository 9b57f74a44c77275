"""Passwords: signing up and in, resetting and changing."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code
from auth_engine.flows.sign_in_email_password import SignInEmailPassword, sign_in_email_password
from auth_engine.flows.sign_up_email_password import SignUpEmailPassword, sign_up_email_password
from auth_engine.http.route import Answer, Pace, Route

OPTIONS: Final = (Code.REDIRECT_NOT_ALLOWED, Code.ROLE_NOT_ALLOWED, Code.DEFAULT_ROLE_NOT_ALLOWED)
"""What every route with sign-up options may answer."""

ROUTES: Final = (
    Route(
        method="POST", path="/signup/email-password", flow=sign_up_email_password, body=SignUpEmailPassword,
        summary="Sign up with an address and a password", answer=Answer.SESSION_PAYLOAD,
        raises=(
            Code.SIGNUP_DISABLED, Code.INVALID_EMAIL_PASSWORD, Code.PASSWORD_TOO_SHORT, Code.PASSWORD_IN_HIBP,
            *OPTIONS, Code.EMAIL_ALREADY_IN_USE, Code.DISABLED_USER, Code.BUSY,
        ),
    ),
    Route(
        method="POST", path="/signin/email-password", flow=sign_in_email_password, body=SignInEmailPassword,
        summary="Sign in with an address and a password", answer=Answer.SESSION_PAYLOAD, pace=Pace.FAILURE_STEP,
        raises=(
            Code.INVALID_EMAIL_PASSWORD, Code.DISABLED_USER, Code.UNVERIFIED_USER, Code.FORBIDDEN_ANONYMOUS, Code.BUSY,
        ),
    ),
)  # fmt: skip
