"""Tickets and codes that are mailed or sent as text messages."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code
from auth_engine.flows.change_email import ChangeEmail, change_email
from auth_engine.flows.change_password import ChangePassword, change_password
from auth_engine.flows.change_phone_number import ChangePhoneNumber, change_phone_number
from auth_engine.flows.reset_password import ResetPassword, reset_password
from auth_engine.flows.send_verification_email import SendVerificationEmail, send_verification_email
from auth_engine.flows.sign_in_magic_link import SignInMagicLink, sign_in_magic_link
from auth_engine.flows.sign_in_otp_email import SignInOtpEmail, sign_in_otp_email
from auth_engine.flows.sign_in_otp_email_verify import SignInOtpEmailVerify, sign_in_otp_email_verify
from auth_engine.flows.sign_in_sms import SignInSms, sign_in_sms
from auth_engine.flows.sign_in_sms_otp import SignInSmsOtp, sign_in_sms_otp
from auth_engine.flows.verify import Verify, get_verify, post_verify
from auth_engine.flows.verify_phone_number import VerifyPhoneNumber, verify_phone_number
from auth_engine.http.route import Access, Answer, Pace, Route
from auth_engine.http.tables.passwords import OPTIONS
from auth_engine.http.tables.sessions import VALID_USER

_KNOWN_BY_MAIL: Final = (Code.INVALID_EMAIL_PASSWORD, Code.DISABLED_USER, Code.FORBIDDEN_ANONYMOUS)
"""The valid-user check where an unverified address is fine."""

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="POST", path="/signin/passwordless/email", flow=sign_in_magic_link, body=SignInMagicLink,
        summary="Mail a link that signs in", pace=Pace.WINDOW,
        raises=(Code.DISABLED_ENDPOINT, *OPTIONS, *_KNOWN_BY_MAIL, Code.SIGNUP_DISABLED),
    ),
    Route(
        method="POST", path="/signin/otp/email", flow=sign_in_otp_email, body=SignInOtpEmail,
        summary="Mail a code that signs in", pace=Pace.WINDOW,
        raises=(Code.DISABLED_ENDPOINT, *OPTIONS, *_KNOWN_BY_MAIL, Code.SIGNUP_DISABLED),
    ),
    Route(
        method="POST", path="/signin/otp/email/verify", flow=sign_in_otp_email_verify, body=SignInOtpEmailVerify,
        summary="Sign in with a mailed code", answer=Answer.SESSION_PAYLOAD, pace=Pace.FAILURE_STEP,
        raises=(Code.INVALID_TICKET, *_KNOWN_BY_MAIL, Code.TOO_MANY_REQUESTS),
    ),
    Route(
        method="POST", path="/signin/passwordless/sms", flow=sign_in_sms, body=SignInSms,
        summary="Send a code by SMS that signs in",
        raises=(Code.DISABLED_ENDPOINT, *OPTIONS, *VALID_USER, Code.SIGNUP_DISABLED, Code.CANNOT_SEND_SMS),
    ),
    Route(
        method="POST", path="/signin/passwordless/sms/otp", flow=sign_in_sms_otp, body=SignInSmsOtp,
        summary="Sign in with a code that came by SMS", answer=Answer.SESSION_PAYLOAD, pace=Pace.FAILURE_STEP,
        raises=(Code.DISABLED_ENDPOINT, Code.INVALID_REQUEST, *VALID_USER, Code.TOO_MANY_REQUESTS, Code.BUSY),
    ),
    Route(
        method="GET", path="/verify", flow=get_verify, query=("!ticket", "!redirectTo", "type"),
        summary="What a mailed link does; browsers get a page that asks first", answer=Answer.PAGE,
        raises=(Code.INVALID_REQUEST, Code.REDIRECT_NOT_ALLOWED),
    ),
    Route(
        method="POST", path="/verify", flow=post_verify, body=Verify, form=True,
        summary="The answer to that page", answer=Answer.PAGE, redirects=(303,),
        raises=(Code.INVALID_REQUEST, Code.REDIRECT_NOT_ALLOWED),
    ),
    Route(
        method="POST", path="/user/password", flow=change_password, body=ChangePassword, access=Access.OPTIONAL,
        summary="Set a new password, with a token or the ticket of a reset mail",
        raises=(
            Code.INVALID_REQUEST, *VALID_USER, Code.INVALID_TICKET, Code.PASSWORD_TOO_SHORT, Code.PASSWORD_IN_HIBP,
            Code.BUSY,
        ),
    ),
    Route(
        method="POST", path="/user/password/reset", flow=reset_password, body=ResetPassword,
        summary="Mail a link for a new password", pace=Pace.WINDOW, raises=(Code.REDIRECT_NOT_ALLOWED,),
    ),
    Route(
        method="POST", path="/user/email/change", flow=change_email, body=ChangeEmail, access=Access.ELEVATED,
        summary="Ask for another address", raises=(*VALID_USER, Code.REDIRECT_NOT_ALLOWED, Code.EMAIL_ALREADY_IN_USE),
    ),
    Route(
        method="POST", path="/user/email/send-verification-email", flow=send_verification_email,
        body=SendVerificationEmail, summary="Mail the link that verifies an address again", pace=Pace.WINDOW,
        raises=(Code.REDIRECT_NOT_ALLOWED, *_KNOWN_BY_MAIL, Code.EMAIL_ALREADY_VERIFIED),
    ),
    Route(
        method="POST", path="/user/phone-number/change", flow=change_phone_number, body=ChangePhoneNumber,
        access=Access.ELEVATED, summary="Send a code to a new number",
        raises=(Code.DISABLED_ENDPOINT, *VALID_USER, Code.CANNOT_SEND_SMS),
    ),
    Route(
        method="POST", path="/user/phone-number/verify", flow=verify_phone_number, body=VerifyPhoneNumber,
        access=Access.ELEVATED, summary="Take over the new number with its code", pace=Pace.FAILURE_STEP,
        raises=(Code.DISABLED_ENDPOINT, *VALID_USER, Code.INVALID_REQUEST),
    ),
)  # fmt: skip
