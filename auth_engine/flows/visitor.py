"""Who holds the access token of this visit."""

from __future__ import annotations

import uuid

from auth_engine.core.errors import Code, Refused
from auth_engine.core.rules import ensure_valid_user
from auth_engine.core.types import Claims, User, UserId, Visit
from auth_engine.flows.kit import Kit
from auth_engine.store.store import Stores


def claims_of(visit: Visit) -> Claims:
    """The claims of a route that wants a token. Raises Refused."""
    if visit.claims is None:
        raise Refused(Code.INVALID_REQUEST, "no valid access token")
    return visit.claims


def session_id_of(visit: Visit) -> str | None:
    """The session of the token; None without a token, and in tokens of Hasura Auth, which do not say."""
    said = None if visit.claims is None else visit.claims.session_id
    try:
        return None if said is None else str(uuid.UUID(said))
    except ValueError:
        return None


async def owner(visit: Visit, kit: Kit, *, may_be_anonymous: bool = False) -> User:
    """The user of the token, for what changes the ways into an account: an access token lives on for minutes after its
    session was ended, and must not make a lasting way in meanwhile. Tokens that name no session are taken as they are.
    Raises Refused."""
    session_id = session_id_of(visit)
    if session_id is None:
        return await current_user(visit, kit, may_be_anonymous=may_be_anonymous)
    user = await kit.store.users.by_id_in_session(claims_of(visit).user_id, session_id)
    if user is None:
        # Told apart: a user who is gone, and a session that is.
        await current_user(visit, kit, may_be_anonymous=may_be_anonymous)
        raise Refused(Code.INVALID_REQUEST, "the token's session has ended")
    return _valid(user, kit, may_be_anonymous)


async def ensure_still_in(stores: Stores, user_id: UserId, visit: Visit) -> None:
    """First thing in the transaction that makes a lasting way in: a password reset, or an administrator, may have ended
    the session since `owner` looked, while a password was hashed, for instance. Raises Refused."""
    if not await stores.users.is_still_in(user_id, session_id_of(visit)):
        raise Refused(Code.INVALID_REQUEST, "the token's session has ended")


async def current_user(visit: Visit, kit: Kit, *, may_be_anonymous: bool = False) -> User:
    """The user of the token, as they are now, after the valid-user check. Raises Refused."""
    user = await kit.store.users.by_id(claims_of(visit).user_id)
    if user is None:
        raise Refused(Code.INVALID_EMAIL_PASSWORD, "the token's user is gone")
    return _valid(user, kit, may_be_anonymous)


def _valid(user: User, kit: Kit, may_be_anonymous: bool) -> User:
    ensure_valid_user(user, kit.settings, may_be_anonymous=may_be_anonymous, may_lack_email=True)
    return user
