"""POST /admin/users."""

from __future__ import annotations

from auth_engine.core.fields import Password
from auth_engine.core.shapes import user_shape
from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.made_by_admin import Addresses, ensure_reachable, insert, new_user
from auth_engine.flows.new_password import ensure_good_password


class CreateUser(Addresses, frozen=True):
    password: Password | None = None


async def admin_create_user(body: CreateUser, visit: Visit, kit: Kit) -> Outcome:
    """The new user. No mail is sent; neither AUTH_DISABLE_SIGNUP nor AUTH_DISABLE_NEW_USERS nor the access lists stop
    an administrator."""
    ensure_reachable(body)
    password_hash = None
    if body.password is not None:
        await ensure_good_password(body.password, kit)
        password_hash = await kit.passwords.hash(body.password)
    async with kit.store.transaction() as stores:
        new = await new_user(
            body,
            body.email,
            kit,
            stores,
            phone_number=body.phone_number,
            password_hash=password_hash,
            email_verified=body.email_verified and body.email is not None,
            phone_number_verified=body.phone_number_verified and body.phone_number is not None,
            disabled=body.disabled,
        )
        user = await insert(stores, new)
        await events.note(stores, kit, events.CREATED, user.id, visit, {"roles": user.roles})
    return Data(user_shape(user, in_session=False))
