"""POST /signin/passwordless/sms: six digits by SMS that sign in."""

from __future__ import annotations

import uuid
from dataclasses import replace

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, SignUpOptions
from auth_engine.core.phone_numbers import PhoneNumber, e164, spellings
from auth_engine.core.rules import Wishes, ensure_may_sign_up, ensure_valid_user, sign_up_wishes
from auth_engine.core.types import Done, Method, Outcome, User, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.newcomer import newcomer
from auth_engine.flows.sms_codes import SMS_SECONDS, send_code, sms_of


class SignInSms(Body, frozen=True):
    phone_number: PhoneNumber
    options: SignUpOptions | None = None


async def sign_in_sms(body: SignInSms, visit: Visit, kit: Kit) -> Outcome:
    """Send the code, then store it; it lives five minutes. Somebody new is signed up on the way.

    An unverified number on an account with another credential gets nothing: whoever wrote it there never proved it.
    """
    sms_of(kit)
    wishes = sign_up_wishes(body.options, body.phone_number, kit.settings, kit.redirects)
    user = await kit.store.users.by_phone_number(spellings(body.phone_number))
    if user is None:
        await _sign_up(body.phone_number, wishes, visit, kit)
        return Done()
    ensure_valid_user(user, kit.settings, may_lack_email=True)
    if await kit.store.codes.may_sign_in_by_sms(user.id):
        await _send(user, visit, kit)
    return Done()


async def _send(user: User, visit: Visit, kit: Kit) -> None:
    number = user.phone_number or ""
    if not await kit.limits.may_mail(number):
        return
    stored = await send_code(kit, user.id, number, user.locale, for_peer=kit.settings.peer_compatible_writes)
    async with kit.store.transaction() as stores:
        await stores.codes.put_sms(user.id, stored, SMS_SECONDS, number)
        await events.note(stores, kit, events.TICKET_SENT, user.id, visit, {"by": "sms"})


async def _sign_up(typed: str, wishes: Wishes, visit: Visit, kit: Kit) -> None:
    ensure_may_sign_up(None, kit.settings)
    number = e164(typed)
    if number is None:
        raise Refused(Code.CANNOT_SEND_SMS, "not an international number")
    is_shut = kit.settings.disable_new_users
    user_id = str(uuid.uuid4())
    new = replace(newcomer(wishes, None, kit), id=user_id, phone_number=number)
    if not is_shut:
        if not await kit.limits.may_mail(number):
            return
        stored = await send_code(kit, user_id, number, wishes.locale, for_peer=kit.settings.peer_compatible_writes)
    async with kit.store.transaction() as stores:
        user = await stores.users.insert(new)
        if user is None:
            return  # Somebody was faster with this number: the code that they stored counts, not ours.
        await events.note(stores, kit, events.SIGN_UP, user.id, visit, {"method": Method.SMS_OTP.value})
        if not is_shut:
            await stores.codes.put_sms(user.id, stored, SMS_SECONDS, number)
    if is_shut:
        raise Refused(Code.DISABLED_USER)
