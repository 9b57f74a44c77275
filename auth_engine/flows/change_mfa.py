"""POST /user/mfa: switching the second factor on and off."""

from __future__ import annotations

from typing import Literal

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Otp
from auth_engine.core.types import Done, Outcome, User, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.mfa_totp_generate import ensure_mfa_enabled
from auth_engine.flows.notices import put_notice
from auth_engine.flows.second_factor import Recovery, prove, settle, use_up
from auth_engine.flows.visitor import ensure_still_in, owner


class ChangeMfa(Body, frozen=True):
    code: Otp
    active_mfa_type: Literal["totp", ""] = ""


async def change_mfa(body: ChangeMfa, visit: Visit, kit: Kit) -> Outcome:
    """A code of the generated secret switches on; a code, or a recovery code that is older than the session, switches
    off. Neither uses the code up: it may sign in within the same period."""
    ensure_mfa_enabled(kit)
    user = await owner(visit, kit)
    if body.active_mfa_type == "totp":
        await _switch_on(user, body.code, visit, kit)
    else:
        await _switch_off(user, body.code, visit, kit)
    return Done()


async def _switch_on(user: User, code: str, visit: Visit, kit: Kit) -> None:
    if user.has_totp:
        raise Refused(Code.TOTP_ALREADY_ACTIVE)
    if not user.totp_secret:
        raise Refused(Code.NO_TOTP_SECRET)
    await prove(user, code, visit, kit, recovery=Recovery.NONE)
    async with kit.store.transaction() as stores:
        await ensure_still_in(stores, user.id, visit)
        if not await stores.totp.activate(user.id, user.totp_secret):
            raise Refused(Code.INVALID_TOTP, "the secret was replaced, or activated, a moment ago")
        await settle(user, stores, kit)
        await events.note(stores, kit, events.MFA_ENABLED, user.id, visit)
        notices = await put_notice(stores, kit, user, events.MFA_ENABLED)
    kit.post.deliver_in_background(*notices)


async def _switch_off(user: User, code: str, visit: Visit, kit: Kit) -> None:
    if not user.has_totp:
        raise Refused(Code.DISABLED_MFA_TOTP)
    if not user.totp_secret:
        raise Refused(Code.NO_TOTP_SECRET)
    proof = await prove(user, code, visit, kit, recovery=Recovery.OLDER)
    async with kit.store.transaction() as stores:
        await ensure_still_in(stores, user.id, visit)
        if proof.recovery:
            # It would end with the factor anyhow, but it may be signing in at this moment.
            await use_up(proof, user, stores)
        if not await stores.totp.deactivate(user.id):
            raise Refused(Code.DISABLED_MFA_TOTP, "switched off a moment ago")
        await settle(user, stores, kit)
        await events.note(stores, kit, events.MFA_DISABLED, user.id, visit, {"by": proof.kind})
        notices = await put_notice(stores, kit, user, events.MFA_DISABLED)
    kit.post.deliver_in_background(*notices)
