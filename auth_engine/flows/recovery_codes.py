"""POST /user/mfa/recovery-codes."""

from __future__ import annotations

from msgspec import Struct

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.factors.recovery import new_recovery_codes
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.mfa_totp_generate import ensure_mfa_enabled
from auth_engine.flows.notices import put_notice
from auth_engine.flows.second_factor import recovery_digests
from auth_engine.flows.visitor import ensure_still_in, owner


class RecoveryCodes(Struct, frozen=True, rename="camel"):
    """Each is accepted once in place of a TOTP code."""

    recovery_codes: tuple[str, ...]


async def make_recovery_codes(_: None, visit: Visit, kit: Kit) -> Outcome:
    """Ten new codes in place of all former ones. They are shown this once: only keyed digests are kept."""
    ensure_mfa_enabled(kit)
    user = await owner(visit, kit)
    if not user.has_totp:
        raise Refused(Code.DISABLED_MFA_TOTP)
    codes = new_recovery_codes()
    digests = [recovery_digests(kit.seals, user.id, code)[0] for code in codes]
    async with kit.store.transaction() as stores:
        await ensure_still_in(stores, user.id, visit)
        await stores.totp.replace_recovery_codes(user.id, digests)
        await events.note(stores, kit, events.RECOVERY_CODES, user.id, visit)
        notices = await put_notice(stores, kit, user, events.RECOVERY_CODES)
    kit.post.deliver_in_background(*notices)
    return Data(RecoveryCodes(codes))
