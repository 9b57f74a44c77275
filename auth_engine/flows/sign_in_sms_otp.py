"""POST /signin/passwordless/sms/otp: redeeming a code that came by SMS."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Otp
from auth_engine.core.phone_numbers import PhoneNumber, spellings
from auth_engine.core.types import Method, Outcome, User, UserId, Visit
from auth_engine.flows.codes import NOBODY
from auth_engine.flows.first_factor import Entered, enter, entered, why_not
from auth_engine.flows.kit import Kit
from auth_engine.flows.sms_codes import is_right_sms, sms_of


class SignInSmsOtp(Body, frozen=True):
    phone_number: PhoneNumber
    otp: Otp


async def sign_in_sms_otp(body: SignInSmsOtp, visit: Visit, kit: Kit) -> Outcome:
    """A session, or a ticket for the second factor; the number is verified by it. Whatever is wrong is
    `invalid-request`, at one cost."""
    sms_of(kit)
    typed = spellings(body.phone_number)
    user = await _user(typed, kit)
    user_id = NOBODY if user is None else user.id
    number = typed[-1] if user is None else user.phone_number or ""
    async with kit.limits.attempt(number, visit.address) as limited:
        attempt = await kit.store.codes.attempt_sms(user_id)
        is_good = await is_right_sms(kit, attempt, user_id, number, body.otp)
        if attempt is None or not is_good:
            limited.failed()
            raise Refused(Code.INVALID_REQUEST, "no such code")
    is_proof = user is None or not user.phone_number_verified
    result = await _redeem(user_id, attempt.stored, visit, kit, is_proof=is_proof)
    if isinstance(result, Refused):
        raise result
    return await entered(result, kit)


async def _user(typed: tuple[str, ...], kit: Kit) -> User | None:
    """Whose number this is, as far as it opens anything."""
    user = await kit.store.users.by_phone_number(typed)
    may_enter = await kit.store.codes.may_sign_in_by_sms(NOBODY if user is None else user.id)
    return user if may_enter else None


async def _redeem(user_id: UserId, stored: str, visit: Visit, kit: Kit, *, is_proof: bool) -> Entered | Refused:
    """`is_proof`: nobody had proved the number before. Whoever wrote it there, and waits for its owner to come, is not
    to stay in the account."""
    async with kit.store.transaction() as stores:
        user = await stores.codes.consume_sms(user_id, stored)
        if user is None:
            return Refused(Code.INVALID_REQUEST, "somebody was faster with this code")
        refusal = why_not(user, kit, may_lack_email=True)
        if refusal is not None:
            return refusal
        if is_proof:
            await stores.sessions.end_all(user_id)
        return await enter(stores, user, visit, kit, Method.SMS_OTP)
