"""Who may do what: the rules of the auth contract §1 as pure functions over settings and rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import SignUpOptions
from auth_engine.core.redirects import RedirectRules
from auth_engine.core.settings import Settings
from auth_engine.core.types import User

ANONYMOUS: Final = "anonymous"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Sign-up options after the checks, every gap filled."""

    redirect_to: str
    default_role: str
    roles: tuple[str, ...]
    display_name: str
    locale: str
    metadata: dict[str, Any] | None


def redirect_rules(settings: Settings) -> RedirectRules:
    entries = (settings.client_url, *settings.allowed_redirect_urls)
    return RedirectRules(entry for entry in entries if entry)


def redirect_target(wanted: str | None, settings: Settings, rules: RedirectRules) -> str:
    """Where to send somebody: AUTH_CLIENT_URL when nothing is asked for. Raises Refused."""
    if not wanted:
        return settings.client_url or ""
    if not rules.allow(wanted):
        raise Refused(Code.REDIRECT_NOT_ALLOWED)
    return wanted


def sign_up_wishes(
    options: SignUpOptions | None, name_otherwise: str, settings: Settings, rules: RedirectRules
) -> Wishes:
    """The options, checked in the contract's order. `name_otherwise` is the display name where none is given."""
    options = options or SignUpOptions()
    redirect_to = redirect_target(options.redirect_to, settings, rules)
    default_role = options.default_role or settings.user_default_role
    allowed = default_roles(settings)
    roles = tuple(dict.fromkeys(options.allowed_roles)) if options.allowed_roles is not None else allowed
    if any(role not in allowed for role in roles):
        raise Refused(Code.ROLE_NOT_ALLOWED)
    if default_role not in roles:
        raise Refused(Code.DEFAULT_ROLE_NOT_ALLOWED)
    return Wishes(
        redirect_to=redirect_to,
        default_role=default_role,
        roles=roles,
        display_name=options.display_name or name_otherwise,
        locale=allowed_locale(options.locale, settings),
        metadata=options.metadata,
    )


def default_roles(settings: Settings) -> tuple[str, ...]:
    """AUTH_USER_DEFAULT_ALLOWED_ROLES, the default role among them."""
    roles = dict.fromkeys(settings.user_default_allowed_roles)
    return tuple(roles) if settings.user_default_role in roles else (*roles, settings.user_default_role)


def allowed_locale(wanted: str | None, settings: Settings) -> str:
    return wanted if wanted is not None and wanted in settings.locale_allowed else settings.locale_default


def email_may_enter(email: str, settings: Settings) -> bool:
    """The access lists: address before domain, no before yes; case does not matter."""
    lowered = email.lower()
    domain = lowered.partition("@")[2]
    if lowered.count("@") != 1 or _among(lowered, settings.blocked_emails):
        return False
    if _among(lowered, settings.allowed_emails):
        return True
    if _among(domain, settings.blocked_domains):
        return False
    if _among(domain, settings.allowed_domains):
        return True
    return not settings.allowed_emails and not settings.allowed_domains


def _among(value: str, entries: Iterable[str]) -> bool:
    return any(value == entry.lower() for entry in entries)


def ensure_may_sign_up(email: str | None, settings: Settings) -> None:
    """Raises Refused when sign-up is off, or the access lists keep the address out."""
    if settings.disable_signup:
        raise Refused(Code.SIGNUP_DISABLED)
    if email is not None and not email_may_enter(email, settings):
        raise Refused(Code.INVALID_EMAIL_PASSWORD)


def ensure_valid_user(
    user: User,
    settings: Settings,
    *,
    may_be_unverified: bool = False,
    may_be_anonymous: bool = False,
    may_lack_email: bool = False,
    ignores_lists: bool = False,
) -> None:
    """The contract's "valid user", in its order. Raises Refused.

    `may_lack_email` is for SMS and provider routes: users without an address skip what is about addresses.
    """
    skips_email = (user.email is None and (may_lack_email or may_be_anonymous)) or user.is_anonymous
    if not skips_email and not ignores_lists and not (user.email and email_may_enter(user.email, settings)):
        raise Refused(Code.INVALID_EMAIL_PASSWORD)
    if user.disabled:
        raise Refused(Code.DISABLED_USER)
    if not (skips_email or may_be_unverified or user.email_verified) and settings.email_verified_required:
        raise Refused(Code.UNVERIFIED_USER)
    if user.is_anonymous and not may_be_anonymous:
        raise Refused(Code.FORBIDDEN_ANONYMOUS)


def ensure_long_enough(password: str, settings: Settings) -> None:
    """AUTH_PASSWORD_MIN_LENGTH, in bytes. Raises Refused."""
    if len(password.encode("utf-8", "surrogatepass")) < settings.password_min_length:
        raise Refused(Code.PASSWORD_TOO_SHORT)


def gravatar(email: str | None, settings: Settings) -> str:
    """The address of the picture that gravatar keeps for an e-mail address; empty when that is off."""
    if not settings.gravatar_enabled or not email:
        return ""
    digest = hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()
    return f"https://www.gravatar.com/avatar/{digest}?d={settings.gravatar_default}&r={settings.gravatar_rating}"
