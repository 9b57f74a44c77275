"""POST /elevate/otp/email and POST /elevate/otp/email/verify: elevation by a code to the user's own address."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Otp
from auth_engine.core.types import Claims, Done, Outcome, User, Visit
from auth_engine.flows.elevation import Factor, ensure_factor, open_elevated
from auth_engine.flows.kit import Kit
from auth_engine.flows.sessions import signed_in
from auth_engine.flows.visitor import claims_of, current_user
from auth_engine.mail.letters import Letter, Template
from auth_engine.store.codes import ELEVATION
from auth_engine.tokens.tickets import new_code

CODE_SECONDS: Final = 600


class ElevateOtpEmailVerify(Body, frozen=True):
    otp: Otp


async def elevate_otp_email(_: None, visit: Visit, kit: Kit) -> Outcome:
    """Mail a code that elevates this session within ten minutes."""
    user = await current_user(visit, kit)
    await ensure_factor(Factor.EMAIL, visit, kit)
    if user.email is None or not await kit.limits.may_mail(user.email):
        return Done()
    code = new_code()
    digest = kit.seals.digest(ELEVATION, user.id, _session(claims_of(visit)), code)
    async with kit.store.transaction() as stores:
        await stores.codes.put(user.id, ELEVATION, digest, CODE_SECONDS)
        row = await kit.post.put_letter(stores, _letter(user, user.email, code), CODE_SECONDS, user_id=user.id)
    await kit.post.deliver(row)
    return Done()


def _letter(user: User, email: str, code: str) -> Letter:
    return Letter(
        template=Template.ELEVATE_OTP.value,
        to=email,
        locale=user.locale,
        display_name=user.display_name,
        email=email,
        ticket=code,
    )


def _session(claims: Claims) -> str:
    """The code is for the session that asked for it."""
    return claims.session_id or ""


async def elevate_otp_email_verify(body: ElevateOtpEmailVerify, visit: Visit, kit: Kit) -> Outcome:
    """An elevated session for the code; five tries."""
    user = await current_user(visit, kit)
    method = await ensure_factor(Factor.EMAIL, visit, kit)
    attempt = await kit.store.codes.attempt(user.id, ELEVATION)
    if attempt is None or attempt.number > kit.settings.code_tries:
        raise Refused(Code.INVALID_TICKET, "no code, or no try left")
    code = body.otp.strip()
    if not kit.seals.matches(attempt.stored, ELEVATION, user.id, _session(claims_of(visit)), code):
        raise Refused(Code.INVALID_TICKET, "a wrong code")
    async with kit.store.transaction() as stores:
        opened = await open_elevated(stores, user, visit, kit, Factor.EMAIL, method)
        if not await stores.codes.consume(user.id, ELEVATION, attempt.stored):
            raise Refused(Code.INVALID_TICKET, "somebody was faster")
    return await signed_in(opened, kit)
