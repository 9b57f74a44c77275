"""What flows work with: who visits, the user, the session, and how a flow can end. All frozen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Literal, TypeAlias

UserId: TypeAlias = str
"""A lower-case UUID. Ids travel as text: JSON and JWT want text, and Postgres reads it."""


class Method(Enum):
    """How a session was opened; kept with it, since elevation never takes the factor that opened the session."""

    PASSWORD = "password"
    MAGIC_LINK = "magic-link"
    EMAIL_OTP = "email-otp"
    SMS_OTP = "sms-otp"
    ANONYMOUS = "anonymous"
    PAT = "pat"
    WEBAUTHN = "webauthn"
    PROVIDER = "provider"
    ID_TOKEN = "id-token"
    VERIFY_EMAIL = "verify-email"
    PASSWORD_RESET = "password-reset"
    EMAIL_CHANGE = "email-change"
    UNKNOWN = "unknown"
    """A session that another program wrote."""


class TicketKind(Enum):
    """The prefix of a ticket. It decides what the ticket does."""

    VERIFY_EMAIL = "verifyEmail"
    PASSWORDLESS_EMAIL = "passwordlessEmail"
    PASSWORD_RESET = "passwordReset"
    EMAIL_CONFIRM_CHANGE = "emailConfirmChange"
    MFA_TOTP = "mfaTotp"


@dataclass(frozen=True, slots=True)
class User:
    """A row of auth.users, its roles, and since when tokens count (`not_before`: when it was last disabled)."""

    id: UserId
    created_at: datetime
    disabled: bool
    display_name: str
    avatar_url: str
    locale: str
    email: str | None
    phone_number: str | None
    password_hash: str | None = field(repr=False)
    email_verified: bool
    phone_number_verified: bool
    new_email: str | None
    default_role: str
    is_anonymous: bool
    totp_secret: str | None = field(repr=False)
    active_mfa_type: str | None
    ticket: str | None = field(repr=False)
    ticket_expires_at: datetime
    otp_hash: str | None = field(repr=False)
    otp_hash_expires_at: datetime
    metadata: str | None
    """JSON as Postgres prints it."""
    roles: tuple[str, ...]
    """Those of auth.user_roles."""
    not_before: datetime | None

    @property
    def has_totp(self) -> bool:
        return self.active_mfa_type == "totp"

    @property
    def all_roles(self) -> tuple[str, ...]:
        """The roles, the default one always among them."""
        return self.roles if self.default_role in self.roles else (*self.roles, self.default_role)


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is inserted for somebody who comes for the first time."""

    display_name: str
    locale: str
    default_role: str
    roles: tuple[str, ...]
    email: str | None = None
    phone_number: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    email_verified: bool = False
    phone_number_verified: bool = False
    disabled: bool = False
    is_anonymous: bool = False
    avatar_url: str = ""
    metadata: Mapping[str, Any] | None = None
    ticket: str | None = field(default=None, repr=False)
    """As stored: a digest."""
    ticket_seconds: int = 0
    id: UserId | None = None
    """Given only where something was promised under it before (a passkey made at sign-up)."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified access token says."""

    user_id: UserId
    session_id: str | None
    """`sid`; None in tokens of Hasura Auth."""
    is_anonymous: bool
    elevated: bool
    expires_at: int
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a body that is read line by line: what it says, or why it cannot be read."""

    number: int
    """From 1; empty lines count."""
    value: Any = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, as far as flows may look at it. `claims` is None without a valid access token."""

    address: str
    """The client's address as limits count it: IPv6 by /64."""
    user_agent: str = ""
    origin: str | None = None
    claims: Claims | None = None
    accepts_html: bool = False
    is_prefetch: bool = False
    cookies: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    """The named parts of the path, such as `provider`."""
    host: str = ""
    """The host that the request names, as it names it. Nothing that is mailed is ever made of it."""
    is_forwarded: bool = False
    """Whether something in front of us says that it hands the request on."""
    is_foreign: bool = False
    """Whether the browser says that a page of another site asks, without anybody having gone there."""
    wants_json: bool = False
    """Whether `Accept` names JSON."""
    lines: AsyncIterator[Line] | None = None
    """The body, where the route takes JSON lines; read as they come."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a client gets: Hasura Auth's Session."""

    access_token: str = field(repr=False)
    access_token_expires_in: int
    refresh_token: str = field(repr=False)
    refresh_token_id: str
    user: User


@dataclass(frozen=True, slots=True)
class SignedIn:
    session: Session


@dataclass(frozen=True, slots=True)
class NoSession:
    """Signed up; something else has to happen first, such as opening the mail."""


@dataclass(frozen=True, slots=True)
class NeedsTotp:
    """The first factor was right. The ticket is for /signin/mfa/totp."""

    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """ "OK"."""


@dataclass(frozen=True, slots=True)
class Data:
    """A JSON body of the flow's own making."""

    value: Any


@dataclass(frozen=True, slots=True)
class Lines:
    """A JSON value a line."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to be set; no Domain, HttpOnly, Path=/ (auth contract §10). `seconds` 0 removes it."""

    name: str
    value: str = field(repr=False)
    seconds: int
    secure: bool
    same_site: Literal["Lax", "None", "Strict"] = "Lax"


@dataclass(frozen=True, slots=True)
class Redirect:
    """302 (or 303 after a form) to an address that was checked before."""

    url: str
    status: int = 302
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of HTML, never cached, that tells no referrer."""

    html: str
    headers: tuple[tuple[str, str], ...] = ()


Outcome: TypeAlias = SignedIn | NoSession | NeedsTotp | Done | Data | Lines | Redirect | Page
