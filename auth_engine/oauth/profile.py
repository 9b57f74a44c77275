"""What a provider gives: an account, with the address that it vouches for or not, and tokens. And how it can fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auth_engine.core.fields import EMAIL_PATTERN

_EMAIL: Final = re.compile(EMAIL_PATTERN)
_MOST_EMAIL: Final = 254
_MOST_ID: Final = 255
_MOST_CODE: Final = 4_096
_MOST_NAME: Final = 100
_MOST_URL: Final = 2_048
_UNSTORABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class ProviderFailed(Exception):
    """The provider did not begin as it should. Messages of these three hold no secret."""


class ExchangeFailed(Exception):
    """The provider gave no tokens for the code."""


class ProfileFailed(Exception):
    """The provider did not say who it was."""


@dataclass(frozen=True, slots=True)
class Profile:
    """An account at a provider. `email_verified`: the provider itself says that the address is its owner's."""

    id: str
    email: str | None = None
    email_verified: bool = False
    name: str = ""
    avatar_url: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A provider's own tokens. `secret` is OAuth 1.0a's; `seconds` is how long the access token lives, if known."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    seconds: int | None = None
    scope: str | None = None
    secret: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in under way, as the provider's side of it needs it. `kept` is what `begin` wanted to be kept."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what has to be kept until it comes back."""

    url: str = field(repr=False)
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Callback:
    """What the browser brought back."""

    code: str = field(default="", repr=False)
    oauth_token: str = field(default="", repr=False)
    oauth_verifier: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    """Apple's form field: JSON with the name, the first time only."""
    issuer: str = ""
    """`iss` of RFC 9207."""

    @property
    def is_empty(self) -> bool:
        return not (self.code or self.oauth_verifier)

    @property
    def is_endless(self) -> bool:
        return any(len(each) > _MOST_CODE for each in (self.code, self.oauth_token, self.oauth_verifier))


def profile_of(identity: Any, *, email: Any = None, verified: Any = False, name: Any = "", avatar: Any = "") -> Profile:
    """A profile of what a provider answered, whatever that was: what is no address, name or picture is left out.
    Only `true`, or the text `true`, is a yes. Raises ProfileFailed when there is no id."""
    identity = str(identity) if isinstance(identity, int) and not isinstance(identity, bool) else identity
    if not isinstance(identity, str) or not 0 < len(identity) <= _MOST_ID or _UNSTORABLE.search(identity):
        raise ProfileFailed("the profile has no id")
    address = email if isinstance(email, str) and len(email) <= _MOST_EMAIL and _EMAIL.match(email) else None
    return Profile(
        id=identity,
        email=address,
        email_verified=address is not None and (verified is True or verified == "true"),
        name=clean_name(name),
        avatar_url=avatar if _is_picture(avatar) else "",
    )


def clean_name(name: Any) -> str:
    """A name in one line that can be stored; empty for what is none."""
    return _UNSTORABLE.sub("", name).strip()[:_MOST_NAME] if isinstance(name, str) else ""


def _is_picture(address: Any) -> bool:
    """Whether a page may show it: https, and nothing that would leave an attribute. Nobody here ever fetches it."""
    return (
        isinstance(address, str)
        and len(address) <= _MOST_URL
        and address.startswith("https://")
        and not re.search(r"[\s<>\"'\\`]", address)
        and not _UNSTORABLE.search(address)
    )
