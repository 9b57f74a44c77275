"""POST /signin/pat."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Token
from auth_engine.core.rules import ensure_valid_user
from auth_engine.core.types import Method, Outcome, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.sessions import open_session, signed_in
from auth_engine.store.sessions import PAT
from auth_engine.tokens.refresh import find_token, token_hash


class SignInPat(Body, frozen=True):
    personal_access_token: Token


async def sign_in_pat(body: SignInPat, visit: Visit, kit: Kit) -> Outcome:
    """A session of its own, any number of times until the token expires. No second factor is asked for."""
    presented = token_hash(find_token(body.personal_access_token))
    pat = await kit.store.sessions.by_token(presented, PAT)
    if pat is None:
        raise Refused(Code.INVALID_PAT)
    user = pat.user
    ensure_valid_user(user, kit.settings, may_lack_email=True)
    if user.not_before is not None and pat.created_at <= user.not_before:
        raise Refused(Code.INVALID_PAT, "made before the user was disabled")
    async with kit.store.transaction() as stores:
        opened = await open_session(stores, user, visit, kit, Method.PAT)
        if not await stores.accounts.note_pat_use(pat.id, visit.address, visit.user_agent):
            raise Refused(Code.INVALID_PAT, "revoked a moment ago")
    return await signed_in(opened, kit)
