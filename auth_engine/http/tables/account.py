"""What owners do with their account: anonymous visits, personal access tokens, sessions, export, deletion."""

from __future__ import annotations

from typing import Final

from auth_engine.core.account_shapes import AccountExport, PatMade, PatRow, SessionRow
from auth_engine.core.errors import Code
from auth_engine.flows.create_pat import CreatePat, create_pat
from auth_engine.flows.deanonymize import Deanonymize, deanonymize
from auth_engine.flows.delete_user import delete_user
from auth_engine.flows.export_user import export_user
from auth_engine.flows.list_pats import list_pats
from auth_engine.flows.list_sessions import list_sessions
from auth_engine.flows.revoke_pat import RevokePat, revoke_pat
from auth_engine.flows.revoke_session import RevokeSession, revoke_session
from auth_engine.flows.sign_in_anonymous import SignInAnonymous, sign_in_anonymous
from auth_engine.flows.sign_in_pat import SignInPat, sign_in_pat
from auth_engine.http.route import Access, Answer, Route
from auth_engine.http.tables.passwords import OPTIONS
from auth_engine.http.tables.sessions import VALID_USER

_ANYBODY: Final = (Code.INVALID_EMAIL_PASSWORD, Code.DISABLED_USER, Code.UNVERIFIED_USER)
"""What the valid-user check answers where anonymous visitors may come."""

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="POST", path="/signin/anonymous", flow=sign_in_anonymous, body=SignInAnonymous, body_optional=True,
        summary="A new account without credentials", answer=Answer.SESSION_PAYLOAD,
        raises=(Code.SIGNUP_DISABLED, Code.DISABLED_ENDPOINT, Code.DISABLED_USER),
    ),
    Route(
        method="POST", path="/user/deanonymize", flow=deanonymize, body=Deanonymize, access=Access.TOKEN,
        summary="Give an anonymous account an address",
        raises=(
            Code.USER_NOT_ANONYMOUS, Code.INVALID_EMAIL_PASSWORD, Code.DISABLED_USER, Code.PASSWORD_TOO_SHORT,
            Code.PASSWORD_IN_HIBP, *OPTIONS, Code.EMAIL_ALREADY_IN_USE, Code.BUSY,
        ),
    ),
    Route(
        method="POST", path="/pat", flow=create_pat, body=CreatePat, access=Access.ELEVATED, answer=Answer.DATA,
        shape=PatMade, summary="Make a personal access token", raises=VALID_USER,
    ),
    Route(
        method="POST", path="/signin/pat", flow=sign_in_pat, body=SignInPat, answer=Answer.SESSION_PAYLOAD,
        summary="Sign in with a personal access token", raises=(Code.INVALID_PAT, *VALID_USER),
    ),
    Route(
        method="GET", path="/user/pats", flow=list_pats, access=Access.TOKEN, answer=Answer.DATA, shape=list[PatRow],
        summary="The visitor's personal access tokens", raises=VALID_USER,
    ),
    Route(
        method="POST", path="/user/pats/revoke", flow=revoke_pat, body=RevokePat, access=Access.TOKEN,
        summary="End a personal access token", raises=VALID_USER,
    ),
    Route(
        method="GET", path="/user/sessions", flow=list_sessions, access=Access.TOKEN, answer=Answer.DATA,
        shape=list[SessionRow], summary="The visitor's sessions", raises=_ANYBODY,
    ),
    Route(
        method="POST", path="/user/sessions/revoke", flow=revoke_session, body=RevokeSession, access=Access.TOKEN,
        summary="End a session", raises=_ANYBODY,
    ),
    Route(
        method="POST", path="/user/delete", flow=delete_user, access=Access.ELEVATED,
        summary="Delete the visitor's account", raises=(*_ANYBODY, Code.USER_IN_USE),
    ),
    Route(
        method="GET", path="/user/export", flow=export_user, access=Access.TOKEN, answer=Answer.DATA,
        shape=AccountExport, summary="All that is kept about the visitor", raises=_ANYBODY,
    ),
)  # fmt: skip
