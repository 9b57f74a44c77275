"""POST /signin/anonymous."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body, DisplayName, Locale, Metadata, check_display_name
from auth_engine.core.rules import ANONYMOUS, allowed_locale
from auth_engine.core.types import Method, NewUser, Outcome, Visit
from auth_engine.flows import events
from auth_engine.flows.kit import Kit
from auth_engine.flows.newcomer import open_first_session, signed_up

DISPLAY_NAME: Final = "Anonymous User"


class SignInAnonymous(Body, frozen=True):
    display_name: DisplayName | None = None
    locale: Locale | None = None
    metadata: Metadata | None = None

    def __post_init__(self) -> None:
        check_display_name(self.display_name)


async def sign_in_anonymous(body: SignInAnonymous | None, visit: Visit, kit: Kit) -> Outcome:
    """A new account without credentials, and its session."""
    settings = kit.settings
    if settings.disable_signup:
        raise Refused(Code.SIGNUP_DISABLED)
    if not settings.anonymous_users_enabled:
        raise Refused(Code.DISABLED_ENDPOINT)
    async with kit.store.transaction() as stores:
        user = await stores.users.insert(_new_user(body or SignInAnonymous(), kit))
        assert user is not None, "an account without an address, a number or an id of its own clashes with none"
        await events.note(stores, kit, events.SIGN_UP, user.id, visit, {"method": Method.ANONYMOUS.value})
        opened = await open_first_session(stores, user, visit, kit, Method.ANONYMOUS)
    return await signed_up(opened, kit)


def _new_user(body: SignInAnonymous, kit: Kit) -> NewUser:
    return NewUser(
        display_name=body.display_name or DISPLAY_NAME,
        locale=allowed_locale(body.locale, kit.settings),
        default_role=ANONYMOUS,
        roles=(ANONYMOUS,),
        is_anonymous=True,
        disabled=kit.settings.disable_new_users,
        metadata=body.metadata,
    )
