"""Everything a flow may use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from auth_engine.core.ports import Clock
from auth_engine.core.redirects import RedirectRules
from auth_engine.core.settings import Settings
from auth_engine.core.types import Outcome, Visit
from auth_engine.factors.passwords import Passwords
from auth_engine.factors.pwned import Pwned
from auth_engine.limits.limits import Limits
from auth_engine.mail.sms import Sms
from auth_engine.net.outside import Outside
from auth_engine.oauth.registry import Providers
from auth_engine.post.post import Post
from auth_engine.store.store import Store
from auth_engine.tokens.access import AccessTokens
from auth_engine.tokens.claims import CustomClaims
from auth_engine.tokens.seals import Seals
from auth_engine.tokens.tickets import TicketMaker


@dataclass(frozen=True, slots=True)
class Kit:
    """The settings and the ports; tests replace a field."""

    settings: Settings
    redirects: RedirectRules
    store: Store
    access: AccessTokens
    claims: CustomClaims
    seals: Seals
    tickets: TicketMaker
    passwords: Passwords
    pwned: Pwned
    limits: Limits
    post: Post
    sms: Sms | None
    outside: Outside
    providers: Providers
    clock: Clock


Flow: TypeAlias = Callable[[Any, Visit, Kit], Awaitable[Outcome]]
"""The body of the request (None where there is none), who asks, and the kit."""
