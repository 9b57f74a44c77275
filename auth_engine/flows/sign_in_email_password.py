"""POST /signin/email-password."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Email, Password
from auth_engine.core.rules import ensure_valid_user
from auth_engine.core.types import Method, NeedsTotp, Outcome, User, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.mfa_ticket import ask_for_totp
from auth_engine.flows.sessions import sign_in


class SignInEmailPassword(Body, frozen=True):
    email: Email
    password: Password


async def sign_in_email_password(body: SignInEmailPassword, visit: Visit, kit: Kit) -> Outcome:
    """A session, or a ticket for the second factor. The state of the account is told only after the right password, and
    an unknown address costs as much as a wrong password."""
    async with kit.limits.attempt(body.email, visit.address) as attempt:
        user = await kit.store.users.by_email(body.email)
        is_right = await kit.passwords.matches(body.password, user.password_hash if user else None)
        if user is None or not is_right:
            attempt.failed()
            raise Refused(Code.INVALID_EMAIL_PASSWORD)
    ensure_valid_user(user, kit.settings)
    checked = await _rehash(user, body.password, kit)
    if user.has_totp:
        return await _ask_for_totp(user, checked, kit)
    return await sign_in(user, visit, kit, Method.PASSWORD, password_hash=checked)


async def _ask_for_totp(user: User, checked: str | None, kit: Kit) -> NeedsTotp:
    """Raises Refused when the password was changed, or the user disabled, while it was checked."""
    async with kit.store.transaction() as stores:
        await stores.users.lock(user.id)
        now = await stores.users.by_id(user.id)
        if now is None or now.disabled or now.password_hash != checked:
            raise Refused(Code.INVALID_EMAIL_PASSWORD, "not the password any more")
        return await ask_for_totp(stores, kit, now)


async def _rehash(user: User, password: str, kit: Kit) -> str | None:
    """Bring a hash of another system to our form, now that the password is known. The hash that stands there now, if
    nobody else set another."""
    stored = user.password_hash
    renewed = None if stored is None else await kit.passwords.renewed(password, stored)
    if stored is not None and renewed is not None and await kit.store.users.rehash(user.id, stored, renewed):
        return renewed
    return stored
