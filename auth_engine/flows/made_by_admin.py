"""What the ways to make an account for somebody else have in common: the fields, and their rules."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import E164, Body, DisplayName, Email, Locale, Metadata, check_display_name
from auth_engine.core.rules import allowed_locale, default_roles, gravatar
from auth_engine.core.types import NewUser, User
from auth_engine.flows.kit import Kit
from auth_engine.store.store import Stores

PhoneNumber = Annotated[str, Meta(max_length=16, pattern=f"^{E164.pattern}")]
Role = Annotated[str, Meta(min_length=1, max_length=255)]
Url = Annotated[str, Meta(max_length=2_048)]


class Profile(Body, frozen=True):
    """Fields of every account that an administrator makes."""

    display_name: DisplayName | None = None
    avatar_url: Url | None = None
    locale: Locale | None = None
    roles: list[Role] | None = None
    """Any of auth.roles: administrators are not bound by AUTH_USER_DEFAULT_ALLOWED_ROLES, which fills the gap."""
    default_role: Role | None = None
    metadata: Metadata | None = None

    def __post_init__(self) -> None:
        check_display_name(self.display_name)


class Addresses(Profile, frozen=True):
    """By which the account is known. One of the two must be there."""

    email: Email | None = None
    phone_number: PhoneNumber | None = None
    email_verified: bool = False
    phone_number_verified: bool = False
    disabled: bool = False


async def new_user(body: Profile, email: str | None, kit: Kit, stores: Stores, **more: Any) -> NewUser:
    """The user as the fields say, gaps filled as for those who sign up. Raises Refused for a role that is not there."""
    settings = kit.settings
    default_role = body.default_role or settings.user_default_role
    roles = default_roles(settings) if body.roles is None else tuple(dict.fromkeys(body.roles))
    if body.roles is None and default_role not in roles:
        roles = (*roles, default_role)
    missing = await stores.accounts.missing_roles(roles)
    if missing:
        raise Refused(Code.ROLE_NOT_ALLOWED, f"auth.roles does not have {', '.join(sorted(missing))}")
    if default_role not in roles:
        raise Refused(Code.DEFAULT_ROLE_NOT_ALLOWED, f"{default_role} is not among the roles")
    return NewUser(
        display_name=body.display_name or email or more.get("phone_number") or "",
        locale=allowed_locale(body.locale, settings),
        default_role=default_role,
        roles=roles,
        email=email,
        avatar_url=gravatar(email, settings) if body.avatar_url is None else body.avatar_url,
        metadata=body.metadata,
        **more,
    )


async def insert(stores: Stores, user: NewUser) -> User:
    """Raises Refused when the address, the number or the id is taken; nothing is written then."""
    inserted = await stores.users.insert(user)
    if inserted is not None:
        return inserted
    if user.email is not None and await stores.users.email_taken(user.email):
        raise Refused(Code.EMAIL_ALREADY_IN_USE)
    raise Refused(Code.USER_EXISTS)


def ensure_reachable(body: Addresses) -> None:
    """Raises Refused for an account that nobody could sign in to."""
    if body.email is None and body.phone_number is None:
        raise Refused(Code.INVALID_REQUEST, "neither email nor phoneNumber")
