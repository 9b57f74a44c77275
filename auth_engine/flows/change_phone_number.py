"""POST /user/phone-number/change."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.core.phone_numbers import PhoneNumber, e164
from auth_engine.core.types import Done, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.sms_codes import SMS_SECONDS, send_code, sms_of
from auth_engine.flows.visitor import owner
from auth_engine.store.codes import PHONE_NUMBER


class ChangePhoneNumber(Body, frozen=True):
    phone_number: PhoneNumber


async def change_phone_number(body: ChangePhoneNumber, visit: Visit, kit: Kit) -> Outcome:
    """Send a code to the new number. Nothing changes before /user/phone-number/verify, and nobody learns here whether
    somebody else has the number."""
    sms_of(kit)
    user = await owner(visit, kit)
    number = e164(body.phone_number)
    if number is None:
        raise Refused(Code.CANNOT_SEND_SMS, "not an international number")
    if not await kit.limits.may_mail(number):
        return Done()
    stored = await send_code(kit, user.id, number, user.locale)
    async with kit.store.transaction() as stores:
        await stores.codes.put(user.id, PHONE_NUMBER, stored, SMS_SECONDS, subject=number)
        await events.note(stores, kit, events.TICKET_SENT, user.id, visit, {"by": "sms"})
    return Done()
