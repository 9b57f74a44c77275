"""Sessions: renewing, checking, ending; and the user of one."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code
from auth_engine.core.shapes import UserAnswer
from auth_engine.flows.get_user import get_user
from auth_engine.flows.refresh import Refresh, refresh
from auth_engine.flows.sign_out import SignOut, sign_out
from auth_engine.flows.verify_token import VerifyToken, verify_token
from auth_engine.http.route import Access, Answer, Route

VALID_USER: Final = (Code.INVALID_EMAIL_PASSWORD, Code.DISABLED_USER, Code.UNVERIFIED_USER, Code.FORBIDDEN_ANONYMOUS)
"""What the valid-user check answers."""

ROUTES: Final = (
    Route(
        method="POST", path="/token", flow=refresh, body=Refresh, summary="Renew a session", answer=Answer.SESSION,
        raises=(Code.INVALID_REFRESH_TOKEN, Code.DISABLED_USER, Code.UNVERIFIED_USER),
    ),
    Route(
        method="POST", path="/token/verify", flow=verify_token, body=VerifyToken, body_optional=True,
        access=Access.OPTIONAL, summary="Check an access token", raises=VALID_USER,
    ),
    Route(
        method="POST", path="/signout", flow=sign_out, body=SignOut, access=Access.OPTIONAL,
        summary="End one session or all",
    ),
    Route(
        method="GET", path="/user", flow=get_user, access=Access.TOKEN, answer=Answer.DATA, shape=UserAnswer,
        summary="The user of the token", raises=VALID_USER,
    ),
)  # fmt: skip
