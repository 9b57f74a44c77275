"""Opening a session: used by every way to sign in.

Two steps: the row is written in the caller's transaction, together with what earned it; the access token is made after
the commit, since custom claims may come from elsewhere.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Method, Session, SignedIn, User, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.store.store import Stores
from auth_engine.tokens.refresh import new_token, token_hash


@dataclass(frozen=True, slots=True)
class Opened:
    """A session whose row is written. `user` is as they are now."""

    session_id: str
    refresh_token: str = field(repr=False)
    user: User
    elevated: bool


async def open_session(
    stores: Stores,
    user: User,
    visit: Visit,
    kit: Kit,
    method: Method,
    *,
    password_hash: str | None = None,
) -> Opened:
    """Write a session's row, and the sign-in into the log. `password_hash` is the one that was checked a moment ago.
    Raises Refused when the user is gone, or the password."""
    opened = await write_session(stores, user, visit, kit, method, elevated=False, password_hash=password_hash)
    if opened is None:
        raise Refused(Code.INVALID_EMAIL_PASSWORD, "the user is gone, or was disabled a moment ago")
    await kit.limits.remember(stores, user.id, visit.address)
    await events.note(stores, kit, events.SIGN_IN, user.id, visit, {"method": method.value})
    return opened


async def write_session(
    stores: Stores,
    user: User,
    visit: Visit,
    kit: Kit,
    method: Method,
    *,
    elevated: bool,
    password_hash: str | None = None,
) -> Opened | None:
    """The row alone; None when the user is gone, or the password."""
    session_id, token = str(uuid.uuid4()), new_token()
    now = await stores.sessions.open(
        user.id,
        session_id,
        kit.settings.refresh_token_seconds,
        token_hash(token),
        method=method,
        address=visit.address,
        user_agent=visit.user_agent,
        elevated=elevated,
        password_hash=password_hash,
    )
    return None if now is None else Opened(session_id, token, now, elevated)


async def signed_in(opened: Opened, kit: Kit) -> SignedIn:
    """The session as the client gets it, its access token made now."""
    return SignedIn(await session_of(opened.user, opened.session_id, opened.refresh_token, kit, opened.elevated))


async def session_of(user: User, session_id: str, refresh_token: str, kit: Kit, elevated: bool = False) -> Session:
    custom = await kit.claims.of(user)
    return Session(
        access_token=kit.access.sign(user, session_id, elevated=elevated, custom=custom),
        access_token_expires_in=kit.access.seconds,
        refresh_token=refresh_token,
        refresh_token_id=session_id,
        user=user,
    )


async def sign_in(user: User, visit: Visit, kit: Kit, method: Method, *, password_hash: str | None = None) -> SignedIn:
    """Both steps, where nothing else has to be written with the session."""
    async with kit.store.transaction() as stores:
        opened = await open_session(stores, user, visit, kit, method, password_hash=password_hash)
    return await signed_in(opened, kit)
