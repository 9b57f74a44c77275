"""Settings → the auth engine: its ports made, its schemas checked, its routes served."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auth_engine.core.clock import SystemClock
from auth_engine.core.ports import ClaimsSource, Clock
from auth_engine.core.rules import default_roles, redirect_rules
from auth_engine.core.settings import Settings
from auth_engine.factors.passwords import Passwords
from auth_engine.factors.pwned import Pwned
from auth_engine.flows.kit import Kit
from auth_engine.http.edge import Edge
from auth_engine.limits.limits import Limits
from auth_engine.net.outside import Outside
from auth_engine.post.post import Post
from auth_engine.store.boot import boot
from auth_engine.store.runner import open_pool
from auth_engine.store.store import Store
from auth_engine.tokens.access import AccessTokens
from auth_engine.tokens.claims import CustomClaims
from auth_engine.tokens.seals import DERIVED_WARNING, Seals
from auth_engine.tokens.secret import read_keys
from auth_engine.tokens.tickets import TicketMaker

if TYPE_CHECKING:
    from starlette.types import ASGIApp

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuthEngine:
    """An auth engine that was opened. `app` serves its routes; `close` ends what runs beside them."""

    kit: Kit
    app: ASGIApp

    @classmethod
    async def open(
        cls,
        settings: Settings,
        database_url: str,
        *,
        claims: ClaimsSource | None = None,
        clock: Clock | None = None,
    ) -> AuthEngine:
        """Raises BadSetting or BootRefused, and what connecting raises."""
        keys = read_keys(settings.jwt_secret, settings.jwt_secrets)
        if not settings.encryption_keys:
            logger.warning(DERIVED_WARNING)
        seals = Seals(settings.encryption_keys or (settings.jwt_secret or settings.jwt_secrets or "",))
        await boot(settings.migrations_url or database_url, default_roles(settings))
        pool = await open_pool(database_url, settings.pool_size)
        store = Store(pool)
        clock = clock or SystemClock()
        kit = Kit(
            settings=settings,
            redirects=redirect_rules(settings),
            store=store,
            access=AccessTokens(keys, settings.access_token_seconds, clock),
            claims=CustomClaims(settings.custom_claims, settings.custom_claims_defaults, claims),
            seals=seals,
            tickets=TicketMaker(seals, compatible=settings.peer_compatible_writes),
            passwords=Passwords(settings.password_threads, settings.password_queue),
            pwned=Pwned(settings.password_hibp_enabled, settings.hibp_url),
            limits=Limits(settings, store),
            post=Post(store, seals),
            sms=None,
            outside=Outside(),
            clock=clock,
        )
        await kit.limits.start()
        await kit.post.start()
        return cls(kit, Edge(kit))

    async def close(self) -> None:
        await self.kit.post.stop()
        await self.kit.limits.stop()
        await self.kit.outside.close()
        self.kit.passwords.close()
        await self.kit.store.close()
