"""Elevation: proving oneself again, by another factor, before something that matters. Auth contract §2 and §10.

An elevated session is a new one beside the present one. It is said to be opened by what opened the present one, so that
elevating from it again takes another factor too; its first access token is elevated, those of its renewals are not.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.settings import Settings
from auth_engine.core.types import Method, User, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.sessions import Opened, write_session
from auth_engine.flows.visitor import claims_of, ensure_still_in, session_id_of
from auth_engine.store.factors import Enrolled
from auth_engine.store.store import Stores


class Factor(IntEnum):
    """What elevates; the greater, the stronger."""

    EMAIL = 1
    TOTP = 2
    KEY = 3


_FIRST_KEY: Final = frozenset({"/user/webauthn/add", "/user/webauthn/verify"})
_HASURA_AUTH: Final = _FIRST_KEY | {"/user/email/change", "/user/password", "/user/mfa", "/pat", "/link/idtoken"}
"""Routes of Hasura Auth: there the setting is read as it reads it. Routes of ours ask whoever enrolled a factor."""
_MAILBOX: Final = frozenset(
    {
        Method.MAGIC_LINK,
        Method.EMAIL_OTP,
        Method.VERIFY_EMAIL,
        Method.PASSWORD_RESET,
        Method.EMAIL_CHANGE,
        Method.UNKNOWN,
    }
)
"""What proved no more than the mailbox. A session of another program may have been opened so."""


async def ensure_elevated(visit: Visit, kit: Kit, path: str) -> None:
    """Raises Refused when AUTH_REQUIRE_ELEVATED_CLAIM asks for elevation and the token has none."""
    mode, claims = kit.settings.require_elevated_claim, claims_of(visit)
    if mode == "disabled" or claims.elevated:
        return
    enrolled = await kit.store.factors.enrolled(claims.user_id, None)
    if enrolled is not None and _asks(mode, path, enrolled, kit.settings):
        raise Refused(Code.INVALID_REQUEST, "elevation is needed")


def _asks(mode: str, path: str, enrolled: Enrolled, settings: Settings) -> bool:
    has_key = enrolled.has_key and settings.webauthn_enabled
    if path not in _HASURA_AUTH:
        return has_key or (enrolled.has_totp and settings.mfa_enabled)
    return has_key or (mode == "required" and path not in _FIRST_KEY)


async def ensure_factor(factor: Factor, visit: Visit, kit: Kit) -> Method:
    """Whether this is the factor that elevates the session: the strongest one enrolled that did not open it. What did.
    Raises Refused."""
    claims = claims_of(visit)
    session_id = session_id_of(visit)
    enrolled = await kit.store.factors.enrolled(claims.user_id, session_id)
    if enrolled is None or (session_id is not None and enrolled.method is None):
        raise Refused(Code.INVALID_REQUEST, "the session has ended")
    method = enrolled.method or Method.UNKNOWN
    if factor is not _strongest(enrolled, method, kit.settings):
        raise Refused(Code.INVALID_REQUEST, f"not the factor that elevates a session opened by {method.value}")
    return method


def _strongest(enrolled: Enrolled, method: Method, settings: Settings) -> Factor | None:
    if enrolled.has_key and settings.webauthn_enabled and method is not Method.WEBAUTHN:
        return Factor.KEY
    if enrolled.has_totp and settings.mfa_enabled:
        return Factor.TOTP
    return Factor.EMAIL if enrolled.has_email and method not in _MAILBOX else None


async def open_elevated(stores: Stores, user: User, visit: Visit, kit: Kit, factor: Factor, method: Method) -> Opened:
    """Write the elevated session's row, in the transaction of what earned it. `method`: what opened the present one."""
    await ensure_still_in(stores, user.id, visit)
    opened = await write_session(stores, user, visit, kit, method, elevated=True)
    if opened is None:
        raise Refused(Code.INVALID_REQUEST, "the user is gone, or was disabled a moment ago")
    await events.note(stores, kit, events.ELEVATED, user.id, visit, {"factor": factor.name.lower()})
    return opened
