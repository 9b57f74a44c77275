"""Sign-ins under way at a provider: a state that nobody can guess, for one browser, for one code, for ten minutes.

The browser keeps a secret in a cookie of its own for each state; the database keeps digests of both, and what has to
be remembered, encrypted. Auth contract §10, "Providers and OAuth".
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

import msgspec

from auth_engine.core.fields import SignUpOptions
from auth_engine.core.types import Cookie, UserId, Visit
from auth_engine.flows.kit import Kit
from auth_engine.oauth.oauth2 import Provider
from auth_engine.oauth.profile import Attempt

STATE_SECONDS: Final = 600
_PURPOSE: Final = "oauth-state"
_MOST_CHARACTERS: Final = 200


class Remembered(msgspec.Struct, frozen=True):
    """What is needed again when the browser comes back."""

    redirect_to: str
    options: SignUpOptions
    attempt: Attempt
    connect: UserId | None = None
    """Whose account the provider is to be linked to; None to sign in."""
    session_id: str | None = None
    """The session of whoever connects, where their token told it."""


def new_attempt() -> Attempt:
    """Three times 256 bits."""
    return Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32))


async def remember(name: str, provider: Provider, remembered: Remembered, kit: Kit) -> Cookie:
    """Keep a sign-in that begins. The cookie binds it to the browser."""
    state, browser = remembered.attempt.state, secrets.token_urlsafe(32)
    digest = _digest(state)
    sealed = kit.seals.seal(msgspec.json.encode(remembered).decode(), _PURPOSE, digest)
    await kit.store.providers.put_state(digest, name, _digest(browser), sealed, STATE_SECONDS)
    return Cookie(
        name=_cookie_name(state, kit),
        value=browser,
        seconds=STATE_SECONDS,
        secure=_is_https(kit) or provider.form_post,
        # A POST from the provider's page is another site's: only `None` travels with it.
        same_site="None" if provider.form_post else "Lax",
    )


async def redeem(name: str, state: str, visit: Visit, kit: Kit) -> Remembered | None:
    """What this browser began with this state, once; None for any other."""
    browser = _browser_of(state, visit, kit)
    if browser is None:
        return None
    digest = _digest(state)
    return _opened(await kit.store.providers.use_state(digest, name, browser), digest, kit)


async def look_up(name: str, state: str, visit: Visit, kit: Kit) -> Remembered | None:
    """The same without using it up, and whether it was used up or not."""
    browser = _browser_of(state, visit, kit)
    if browser is None:
        return None
    digest = _digest(state)
    return _opened(await kit.store.providers.state(digest, name, browser), digest, kit)


def _opened(sealed: str | None, digest: str, kit: Kit) -> Remembered | None:
    text = None if sealed is None else kit.seals.open(sealed, _PURPOSE, digest)
    return None if text is None else msgspec.json.decode(text, type=Remembered)


def _browser_of(state: str, visit: Visit, kit: Kit) -> str | None:
    """The digest of the cookie that belongs to the state."""
    cookie = visit.cookies.get(_cookie_name(state, kit)) if 0 < len(state) <= _MOST_CHARACTERS else None
    return _digest(cookie) if cookie else None


def _cookie_name(state: str, kit: Kit) -> str:
    return f"{'__Host-' if _is_https(kit) else ''}oauth-{_digest(state)[:24]}"


def _is_https(kit: Kit) -> bool:
    return (kit.settings.server_url or "").startswith("https:")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
