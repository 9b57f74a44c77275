"""POST /user/password: with an access token, or with the ticket of a reset mail."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, Password
from auth_engine.core.types import Done, Method, Outcome, User, Visit
from auth_engine.flows import events
from auth_engine.flows.elevation import ensure_elevated
from auth_engine.flows.first_factor import why_not
from auth_engine.flows.kit import Kit
from auth_engine.flows.new_password import ensure_good_password
from auth_engine.flows.notices import put_notice
from auth_engine.flows.visitor import ensure_still_in, owner, session_id_of
from auth_engine.store.sessions import PAT, REGULAR
from auth_engine.store.store import Stores
from auth_engine.tokens.tickets import stored_forms

PATH: Final = "/user/password"
ResetTicket = Annotated[str, Meta(max_length=256, pattern=r"^passwordReset:.*$")]


class ChangePassword(Body, frozen=True):
    new_password: Password
    ticket: ResetTicket | None = None


async def change_password(body: ChangePassword, visit: Visit, kit: Kit) -> Outcome:
    """Set a new password. The other sessions end; personal access tokens too when it is a reset. A refused password
    leaves the ticket as it was."""
    if await _is_usable(visit, kit):
        user = await owner(visit, kit)
        await _change(body.new_password, user, visit, kit)
    elif body.ticket is not None:
        await _reset(body.new_password, stored_forms(body.ticket), visit, kit)
    else:
        raise Refused(Code.INVALID_REQUEST, "neither a token nor a ticket")
    return Done()


async def _is_usable(visit: Visit, kit: Kit) -> bool:
    """Whether there is a token that counts: not where elevation is wanted and it lacks that. A ticket is as good."""
    if visit.claims is None:
        return False
    try:
        await ensure_elevated(visit, kit, PATH)
    except Refused:
        return False
    return True


async def _change(password: str, user: User, visit: Visit, kit: Kit) -> None:
    await ensure_good_password(password, kit)
    password_hash = await kit.passwords.hash(password)
    session_id = session_id_of(visit)
    async with kit.store.transaction() as stores:
        await ensure_still_in(stores, user.id, visit)
        # The link of a reset mail opens a session, with which the password is then changed: that is a reset too.
        is_reset = await stores.tickets.method_of(user.id, session_id) is Method.PASSWORD_RESET
        rows = await _set(stores, user, password_hash, visit, kit, is_reset=is_reset, but=session_id)
    kit.post.deliver_in_background(*rows)


async def _reset(password: str, forms: tuple[str, ...], visit: Visit, kit: Kit) -> None:
    found = await kit.store.tickets.find(forms)
    if found is None:
        raise Refused(Code.INVALID_TICKET)
    refusal = why_not(found, kit)
    if refusal is not None:
        raise refusal
    await ensure_good_password(password, kit)
    password_hash = await kit.passwords.hash(password)
    async with kit.store.transaction() as stores:
        user = await stores.tickets.consume(forms)
        if user is None:
            raise Refused(Code.INVALID_TICKET, "somebody was faster with this ticket")
        rows = await _set(stores, user, password_hash, visit, kit, is_reset=True, but=None)
    kit.post.deliver_in_background(*rows)


async def _set(
    stores: Stores, user: User, password_hash: str, visit: Visit, kit: Kit, *, is_reset: bool, but: str | None
) -> tuple[str, ...]:
    await stores.tickets.change_password(user.id, password_hash)
    await stores.codes.drop_all(user.id)
    await stores.sessions.end_all(user.id, (REGULAR, PAT) if is_reset else (REGULAR,), but)
    await events.note(stores, kit, events.PASSWORD_CHANGED, user.id, visit, {"reset": is_reset})
    return await put_notice(stores, kit, user, events.PASSWORD_CHANGED)
