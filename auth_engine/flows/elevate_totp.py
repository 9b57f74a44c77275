"""POST /elevate/totp."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Otp
from auth_engine.core.types import Outcome, Visit
from auth_engine.flows.elevation import Factor, ensure_factor, open_elevated
from auth_engine.flows.kit import Kit
from auth_engine.flows.mfa_totp_generate import ensure_mfa_enabled
from auth_engine.flows.second_factor import Recovery, prove, settle, use_up
from auth_engine.flows.sessions import signed_in
from auth_engine.flows.visitor import current_user


class ElevateTotp(Body, frozen=True):
    code: Otp


async def elevate_totp(body: ElevateTotp, visit: Visit, kit: Kit) -> Outcome:
    """An elevated session for a TOTP code that was not used before: the one that signed in proves nothing more."""
    ensure_mfa_enabled(kit)
    user = await current_user(visit, kit)
    if not user.has_totp:
        raise Refused(Code.DISABLED_MFA_TOTP)
    method = await ensure_factor(Factor.TOTP, visit, kit)
    proof = await prove(user, body.code, visit, kit, recovery=Recovery.NONE)
    async with kit.store.transaction() as stores:
        opened = await open_elevated(stores, user, visit, kit, Factor.TOTP, method)
        await use_up(proof, user, stores)
        await settle(user, stores, kit)
    return await signed_in(opened, kit)
