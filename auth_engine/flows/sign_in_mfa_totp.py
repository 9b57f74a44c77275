"""POST /signin/mfa/totp: the second factor of a sign-in."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Otp
from auth_engine.core.rules import ensure_valid_user
from auth_engine.core.types import Outcome, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.mfa_totp_generate import ensure_mfa_enabled
from auth_engine.flows.second_factor import prove, settle, use_up
from auth_engine.flows.sessions import open_session, signed_in
from auth_engine.tokens.tickets import stored_forms


class SignInMfaTotp(Body, frozen=True):
    ticket: Annotated[str, Meta(max_length=256, pattern=r"^mfaTotp:.*$")]
    otp: Otp


async def sign_in_mfa_totp(body: SignInMfaTotp, visit: Visit, kit: Kit) -> Outcome:
    """A session for the ticket and a TOTP or recovery code. A wrong code leaves the ticket, five of them end it; a
    right one works once, and so does the ticket."""
    ensure_mfa_enabled(kit)
    user = await kit.store.tickets.find(stored_forms(body.ticket))
    if user is None or user.ticket is None:
        raise Refused(Code.INVALID_TICKET)
    ensure_valid_user(user, kit.settings, may_lack_email=True)
    if not user.has_totp:
        raise Refused(Code.DISABLED_MFA_TOTP)
    if not user.totp_secret:
        raise Refused(Code.NO_TOTP_SECRET)
    proof = await prove(user, body.otp, visit, kit, ticket=user.ticket)
    async with kit.store.transaction() as stores:
        method = await stores.totp.spend_ticket(user.id, user.ticket)
        if method is None:
            raise Refused(Code.INVALID_TICKET, "somebody was faster")
        await use_up(proof, user, stores)
        await settle(user, stores, kit)
        opened = await open_session(stores, user, visit, kit, method)
    return await signed_in(opened, kit)
