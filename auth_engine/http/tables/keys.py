"""Security keys and passkeys."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code
from auth_engine.flows.elevate_webauthn import elevate_webauthn, elevate_webauthn_verify
from auth_engine.flows.passkey_bodies import (
    AddWebauthnVerify,
    SignInWebauthn,
    SignUpWebauthn,
    SignUpWebauthnVerify,
    UseWebauthn,
)
from auth_engine.flows.passkey_options import CreationOptions, RequestOptions
from auth_engine.flows.security_keys import KeyEntry, RemoveKey, list_security_keys, remove_security_key
from auth_engine.flows.sign_in_webauthn import sign_in_webauthn, sign_in_webauthn_verify
from auth_engine.flows.sign_up_webauthn import sign_up_webauthn, sign_up_webauthn_verify
from auth_engine.flows.webauthn_add import KeyAdded, webauthn_add, webauthn_add_verify
from auth_engine.http.route import Access, Answer, Pace, Route
from auth_engine.http.tables.passwords import OPTIONS
from auth_engine.http.tables.sessions import VALID_USER

_OFF: Final = Code.DISABLED_ENDPOINT

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="POST", path="/signup/webauthn", flow=sign_up_webauthn, body=SignUpWebauthn, answer=Answer.DATA,
        shape=CreationOptions, summary="Begin to sign up with a passkey",
        raises=(_OFF, Code.SIGNUP_DISABLED, Code.INVALID_EMAIL_PASSWORD, *OPTIONS),
    ),
    Route(
        method="POST", path="/signup/webauthn/verify", flow=sign_up_webauthn_verify, body=SignUpWebauthnVerify,
        answer=Answer.SESSION_PAYLOAD, summary="Sign up with the passkey that was made",
        raises=(
            _OFF, Code.SIGNUP_DISABLED, Code.INVALID_EMAIL_PASSWORD, *OPTIONS, Code.EMAIL_ALREADY_IN_USE,
            Code.DISABLED_USER,
        ),
    ),
    Route(
        method="POST", path="/signin/webauthn", flow=sign_in_webauthn, body=SignInWebauthn, body_optional=True,
        answer=Answer.DATA, shape=RequestOptions, pace=Pace.FAILURE_STEP, summary="Begin to sign in with a key",
        raises=(_OFF, *VALID_USER),
    ),
    Route(
        method="POST", path="/signin/webauthn/verify", flow=sign_in_webauthn_verify, body=UseWebauthn,
        answer=Answer.SESSION_PAYLOAD, pace=Pace.FAILURE_STEP, summary="Sign in with a key's answer",
        raises=(_OFF, *VALID_USER),
    ),
    Route(
        method="POST", path="/user/webauthn/add", flow=webauthn_add, access=Access.ELEVATED, answer=Answer.DATA,
        shape=CreationOptions, summary="Begin to add a key", raises=(_OFF, *VALID_USER),
    ),
    Route(
        method="POST", path="/user/webauthn/verify", flow=webauthn_add_verify, body=AddWebauthnVerify,
        access=Access.ELEVATED, answer=Answer.DATA, shape=KeyAdded, summary="Add the key that was made",
        raises=(_OFF, *VALID_USER),
    ),
    Route(
        method="POST", path="/elevate/webauthn", flow=elevate_webauthn, access=Access.TOKEN, answer=Answer.DATA,
        shape=RequestOptions, summary="Begin to elevate the session with a key", raises=(_OFF, *VALID_USER),
    ),
    Route(
        method="POST", path="/elevate/webauthn/verify", flow=elevate_webauthn_verify, body=UseWebauthn,
        access=Access.TOKEN, answer=Answer.SESSION_PAYLOAD, summary="An elevated session for a key's answer",
        raises=(_OFF, *VALID_USER),
    ),
    Route(
        method="GET", path="/user/security-keys", flow=list_security_keys, access=Access.TOKEN, answer=Answer.DATA,
        shape=list[KeyEntry], summary="The visitor's security keys", raises=VALID_USER,
    ),
    Route(
        method="POST", path="/user/security-keys/remove", flow=remove_security_key, body=RemoveKey,
        access=Access.ELEVATED, summary="Remove a security key", raises=(*VALID_USER, Code.LAST_SIGN_IN_METHOD),
    ),
)  # fmt: skip
