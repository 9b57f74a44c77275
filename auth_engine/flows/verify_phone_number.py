"""POST /user/phone-number/verify."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Otp
from auth_engine.core.types import Done, Outcome, User, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.notices import put_notice
from auth_engine.flows.sms_codes import is_right_sms, sms_of
from auth_engine.flows.visitor import ensure_still_in, owner
from auth_engine.store.codes import PHONE_NUMBER, NumberTaken
from auth_engine.store.store import Stores


class VerifyPhoneNumber(Body, frozen=True):
    otp: Otp


async def verify_phone_number(body: VerifyPhoneNumber, visit: Visit, kit: Kit) -> Outcome:
    """Redeem the code: the number is the user's now, verified. Whoever only claimed it loses it; a number that
    somebody else verified stays theirs, and that is answered like a wrong code."""
    sms_of(kit)
    user = await owner(visit, kit)
    attempt = await kit.store.codes.attempt(user.id, PHONE_NUMBER)
    number = "" if attempt is None else attempt.subject or ""
    is_good = await is_right_sms(kit, attempt, user.id, number, body.otp)
    if attempt is None or not is_good:
        raise Refused(Code.INVALID_REQUEST, "no such code")
    try:
        async with kit.store.transaction() as stores:
            await ensure_still_in(stores, user.id, visit)
            if not await stores.codes.consume(user.id, PHONE_NUMBER, attempt.stored):
                raise Refused(Code.INVALID_REQUEST, "somebody was faster with this code")
            rows = await _move(stores, user, number, visit, kit)
    except NumberTaken:
        raise Refused(Code.INVALID_REQUEST, "somebody else verified this number") from None
    kit.post.deliver_in_background(*rows)
    return Done()


async def _move(stores: Stores, user: User, number: str, visit: Visit, kit: Kit) -> tuple[str, ...]:
    loser = await stores.codes.release_number(user.id, number)
    if loser is not None:
        await events.note(stores, kit, events.PHONE_CHANGED, loser, visit, {"released": True})
    await stores.codes.move_number(user.id, number)
    await events.note(stores, kit, events.PHONE_CHANGED, user.id, visit)
    return await put_notice(stores, kit, user, events.PHONE_CHANGED)
