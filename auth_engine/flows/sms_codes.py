"""Codes by SMS: sent before anything is stored, so that a number that takes no messages leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import UserId
from auth_engine.flows.codes import is_right
from auth_engine.flows.kit import Kit
from auth_engine.mail.sms import CannotSend, Sms
from auth_engine.store.codes import Attempt
from auth_engine.tokens.tickets import new_code, stored_code

logger = logging.getLogger(__name__)

SMS_SECONDS: Final = 300
_BCRYPT_COST: Final = 6


def sms_of(kit: Kit) -> Sms:
    """Raises Refused while AUTH_SMS_PASSWORDLESS_ENABLED is off."""
    if kit.sms is None:
        raise Refused(Code.DISABLED_ENDPOINT)
    return kit.sms


async def send_code(kit: Kit, user_id: UserId, number: str, locale: str, *, for_peer: bool = False) -> str:
    """Send a new code; what is kept of it: a keyed digest, or `for_peer` the bcrypt hash that Hasura Auth reads.

    Raises Refused when the message is not accepted.
    """
    code = new_code()
    try:
        await sms_of(kit).send_code(number, code, locale)
    except CannotSend as fault:
        logger.warning("a text message could not be sent: %s", fault)
        raise Refused(Code.CANNOT_SEND_SMS) from None
    return (
        await asyncio.to_thread(_bcrypt, code) if for_peer else stored_code(kit.seals, _holder(user_id, number), code)
    )


async def is_right_sms(kit: Kit, attempt: Attempt | None, user_id: UserId, number: str, code: str) -> bool:
    """Whether the guess is right and within AUTH_RATE_LIMIT_CODE_TRIES; the provider says so where it makes codes."""
    sms = sms_of(kit)
    if attempt is None or not sms.makes_codes:
        return await is_right(kit, attempt, _holder(user_id, number), code)
    try:
        return attempt.number <= kit.settings.code_tries and await sms.check(number, code)
    except CannotSend as fault:
        logger.warning("a code could not be checked: %s", fault)
        return False


def _holder(user_id: UserId, number: str) -> str:
    """A code proves the number that it was sent to, and no other that the user writes into the account meanwhile."""
    return f"{user_id} {number}"


def _bcrypt(code: str) -> str:
    import bcrypt

    return bcrypt.hashpw(code.encode(), bcrypt.gensalt(_BCRYPT_COST, prefix=b"2a")).decode()
