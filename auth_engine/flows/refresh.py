"""POST /token: renewing a session. Auth contract §2 and §10, "Refresh"."""

from __future__ import annotations

from datetime import timedelta

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Token
from auth_engine.core.rules import ensure_valid_user
from auth_engine.core.types import Outcome, SignedIn, User, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.sessions import session_of
from auth_engine.store.sessions import FormerSession, OpenSession
from auth_engine.tokens.refresh import find_token, successors, token_hash


class Refresh(Body, frozen=True):
    refresh_token: Token


async def refresh(body: Refresh, visit: Visit, kit: Kit) -> Outcome:
    """The session with a new refresh token, in place: its id stays, the old token is dead at once.

    A browser's other tab that comes with the predecessor within a few seconds gets the same successor. Any other former
    token is a stolen one, or the thief's victim: the session ends.
    """
    token = find_token(body.refresh_token)
    presented = token_hash(token)
    session = await kit.store.sessions.by_token(presented)
    if session is not None:
        if session.user.disabled:
            await kit.store.accounts.note_disabled(session.user.id)
        user = _usable(session, kit)
        successor = successors(kit.seals, session.id, token)[0]
        seconds = kit.settings.refresh_token_seconds
        if await kit.store.sessions.rotate(session.id, presented, token_hash(successor), seconds):
            return SignedIn(await session_of(user, session.id, successor, kit))
    former = await kit.store.sessions.by_former_token(presented)
    if former is None:
        raise Refused(Code.INVALID_REFRESH_TOKEN)
    return await _again(former, token, visit, kit)


def _usable(session: OpenSession, kit: Kit) -> User:
    """The session's user, when it may go on. Raises Refused."""
    user = session.user
    ensure_valid_user(user, kit.settings, may_be_anonymous=True, may_lack_email=True, ignores_lists=True)
    if user.not_before is not None and session.created_at <= user.not_before:
        raise Refused(Code.INVALID_REFRESH_TOKEN, "opened before the user was disabled")
    most = kit.settings.session_max_age
    if most is not None and kit.clock.now() - session.created_at > timedelta(seconds=most):
        raise Refused(Code.INVALID_REFRESH_TOKEN, "the session is too old")
    return user


async def _again(former: FormerSession, token: str, visit: Visit, kit: Kit) -> Outcome:
    """Somebody came with a token that was replaced."""
    session, grace = former.session, kit.settings.refresh_grace
    if former.is_last and former.age <= kit.settings.refresh_reuse_seconds:
        may_have = grace == "all" or (grace == "browsers" and visit.origin is not None)
        known = successors(kit.seals, session.id, token)
        successor = next((each for each in known if token_hash(each) == former.current_hash), None)
        if may_have and successor is not None:
            return SignedIn(await session_of(_usable(session, kit), session.id, successor, kit))
        raise Refused(Code.INVALID_REFRESH_TOKEN, "replaced a moment ago")
    async with kit.store.transaction() as stores:
        if await stores.sessions.end_by_id(session.id, session.user.id):
            await events.note(stores, kit, events.SESSION_REUSE, session.user.id, visit, {"session": session.id})
    raise Refused(Code.INVALID_REFRESH_TOKEN, "a former token: the session has ended")
