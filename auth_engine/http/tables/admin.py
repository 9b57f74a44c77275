"""What administrators do, who show that they are by the admin secret."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code
from auth_engine.core.shapes import UserAnswer
from auth_engine.flows.admin_create_user import CreateUser, admin_create_user
from auth_engine.flows.admin_disable_user import admin_disable_user, admin_enable_user
from auth_engine.flows.admin_import_users import ImportedLine, ImportedUser, admin_import_users
from auth_engine.flows.admin_invite_user import InviteUser, admin_invite_user
from auth_engine.http.route import Access, Answer, Route

_ROLES: Final = (Code.ROLE_NOT_ALLOWED, Code.DEFAULT_ROLE_NOT_ALLOWED)

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="POST", path="/admin/users", flow=admin_create_user, body=CreateUser, access=Access.ADMIN,
        answer=Answer.DATA, shape=UserAnswer, summary="Make a user",
        raises=(
            Code.PASSWORD_TOO_SHORT, Code.PASSWORD_IN_HIBP, *_ROLES, Code.EMAIL_ALREADY_IN_USE, Code.USER_EXISTS,
            Code.BUSY,
        ),
    ),
    Route(
        method="POST", path="/admin/users/invite", flow=admin_invite_user, body=InviteUser, access=Access.ADMIN,
        answer=Answer.DATA, shape=UserAnswer, summary="Make a user and mail them a link to sign in by",
        raises=(Code.REDIRECT_NOT_ALLOWED, *_ROLES, Code.EMAIL_ALREADY_IN_USE),
    ),
    Route(
        method="POST", path="/admin/users/import", flow=admin_import_users, body=ImportedUser, lines=True,
        access=Access.ADMIN, answer=Answer.LINES, shape=ImportedLine, summary="Import users with their hashes",
    ),
    Route(
        method="POST", path="/admin/users/{id}/disable", flow=admin_disable_user, access=Access.ADMIN,
        summary="End a user's sessions and let them sign in no more", raises=(Code.USER_NOT_FOUND,),
    ),
    Route(
        method="POST", path="/admin/users/{id}/enable", flow=admin_enable_user, access=Access.ADMIN,
        summary="Let a user sign in again", raises=(Code.USER_NOT_FOUND,),
    ),
)  # fmt: skip
