"""Second factors and elevation."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code
from auth_engine.flows.change_mfa import ChangeMfa, change_mfa
from auth_engine.flows.elevate_otp_email import ElevateOtpEmailVerify, elevate_otp_email, elevate_otp_email_verify
from auth_engine.flows.elevate_totp import ElevateTotp, elevate_totp
from auth_engine.flows.mfa_totp_generate import TotpSecret, mfa_totp_generate
from auth_engine.flows.recovery_codes import RecoveryCodes, make_recovery_codes
from auth_engine.flows.sign_in_mfa_totp import SignInMfaTotp, sign_in_mfa_totp
from auth_engine.http.route import Access, Answer, Pace, Route
from auth_engine.http.tables.sessions import VALID_USER

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="GET", path="/mfa/totp/generate", flow=mfa_totp_generate, access=Access.TOKEN, answer=Answer.DATA,
        shape=TotpSecret, summary="A new TOTP secret, with a picture for authenticator apps",
        raises=(Code.DISABLED_ENDPOINT, *VALID_USER, Code.TOTP_ALREADY_ACTIVE),
    ),
    Route(
        method="POST", path="/user/mfa", flow=change_mfa, body=ChangeMfa, access=Access.ELEVATED,
        summary="Switch the second factor on or off",
        raises=(
            Code.DISABLED_ENDPOINT, *VALID_USER, Code.TOTP_ALREADY_ACTIVE, Code.NO_TOTP_SECRET,
            Code.DISABLED_MFA_TOTP, Code.INVALID_TOTP, Code.TOO_MANY_REQUESTS,
        ),
    ),
    Route(
        method="POST", path="/signin/mfa/totp", flow=sign_in_mfa_totp, body=SignInMfaTotp,
        answer=Answer.SESSION_PAYLOAD, pace=Pace.FAILURE_STEP,
        summary="The second step of a sign-in: a TOTP or recovery code",
        raises=(
            Code.DISABLED_ENDPOINT, Code.INVALID_TICKET, *VALID_USER, Code.DISABLED_MFA_TOTP, Code.NO_TOTP_SECRET,
            Code.INVALID_TOTP, Code.TOO_MANY_REQUESTS,
        ),
    ),
    Route(
        method="POST", path="/user/mfa/recovery-codes", flow=make_recovery_codes, access=Access.ELEVATED,
        answer=Answer.DATA, shape=RecoveryCodes, summary="Ten new recovery codes in place of all former ones",
        raises=(Code.DISABLED_ENDPOINT, *VALID_USER, Code.DISABLED_MFA_TOTP),
    ),
    Route(
        method="POST", path="/elevate/totp", flow=elevate_totp, body=ElevateTotp, access=Access.TOKEN,
        answer=Answer.SESSION_PAYLOAD, summary="An elevated session for a TOTP code",
        raises=(
            Code.DISABLED_ENDPOINT, *VALID_USER, Code.DISABLED_MFA_TOTP, Code.INVALID_TOTP, Code.TOO_MANY_REQUESTS,
        ),
    ),
    Route(
        method="POST", path="/elevate/otp/email", flow=elevate_otp_email, access=Access.TOKEN,
        summary="Mail a code that elevates the session", raises=VALID_USER,
    ),
    Route(
        method="POST", path="/elevate/otp/email/verify", flow=elevate_otp_email_verify, body=ElevateOtpEmailVerify,
        access=Access.TOKEN, answer=Answer.SESSION_PAYLOAD, summary="An elevated session for a mailed code",
        raises=(*VALID_USER, Code.INVALID_TICKET),
    ),
)  # fmt: skip
