"""POST /signin/otp/email/verify: redeeming a mailed code."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, Otp
from auth_engine.core.types import Method, Outcome, UserId, Visit
from auth_engine.flows.codes import NOBODY, is_right
from auth_engine.flows.first_factor import Entered, enter, entered, why_not
from auth_engine.flows.kit import Kit
from auth_engine.flows.proven_address import prove_address


class SignInOtpEmailVerify(Body, frozen=True):
    email: Email
    otp: Otp


async def sign_in_otp_email_verify(body: SignInOtpEmailVerify, visit: Visit, kit: Kit) -> Outcome:
    """A session, or a ticket for the second factor. Unknown address, wrong, used, expired and worn-out code are one
    answer, at one cost."""
    user = await kit.store.users.by_email(body.email)
    user_id = NOBODY if user is None else user.id
    async with kit.limits.attempt(body.email, visit.address) as limited:
        attempt = await kit.store.codes.attempt_email(user_id)
        is_good = await is_right(kit, attempt, user_id, body.otp)
        if attempt is None or not is_good:
            limited.failed()
            raise Refused(Code.INVALID_TICKET)
    result = await _redeem(user_id, attempt.stored, visit, kit)
    if isinstance(result, Refused):
        raise result
    return await entered(result, kit)


async def _redeem(user_id: UserId, stored: str, visit: Visit, kit: Kit) -> Entered | Refused:
    async with kit.store.transaction() as stores:
        user = await stores.codes.consume_email(user_id, stored)
        if user is None:
            return Refused(Code.INVALID_TICKET, "somebody was faster with this code")
        refusal = why_not(user, kit, may_be_unverified=True)
        if refusal is not None:
            return refusal
        user = await prove_address(stores, user, visit, kit)
        return await enter(stores, user, visit, kit, Method.EMAIL_OTP)
