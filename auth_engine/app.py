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
from auth_engine.mail.sms import sms_of
from auth_engine.net.outside import Outside
from auth_engine.oauth.registry import Providers
from auth_engine.post.post import Post
from auth_engine.store.boot import boot
from auth_engine.store.runner import open_pool
from auth_engine.store.store import Store
from auth_engine.store.sweep import Sweeper
from auth_engine.tokens.access import AccessTokens
from auth_engine.tokens.claims import CustomClaims
from auth_engine.tokens.graphql_claims import GraphQLClaims
from auth_engine.tokens.seals import DERIVED_WARNING, Seals
from auth_engine.tokens.secret import JwtKey, canonical, read_keys
from auth_engine.tokens.tickets import TicketMaker

if TYPE_CHECKING:
    from starlette.types import ASGIApp

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuthEngine:
    """An auth engine that was opened. `app` serves its routes; `close` ends what runs beside them."""

    kit: Kit
    app: ASGIApp
    sweeper: Sweeper

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
        seals = _seals(settings)
        outside = Outside()
        custom = CustomClaims(
            settings.custom_claims, settings.custom_claims_defaults, _claims_source(settings, outside) or claims
        )
        await boot(settings.migrations_url or database_url, default_roles(settings), database_url)
        pool = await open_pool(database_url, settings.pool_size)
        kit = _kit(settings, keys, seals, custom, Store(pool), outside, clock or SystemClock())
        await kit.limits.start()
        await kit.post.start()
        sweeper = Sweeper(pool)
        await sweeper.start()
        return cls(kit, Edge(kit), sweeper)

    async def close(self) -> None:
        await self.sweeper.stop()
        await self.kit.post.stop()
        await self.kit.limits.stop()
        await self.kit.outside.close()
        self.kit.passwords.close()
        await self.kit.store.close()


def _kit(
    settings: Settings,
    keys: tuple[JwtKey, ...],
    seals: Seals,
    claims: CustomClaims,
    store: Store,
    outside: Outside,
    clock: Clock,
) -> Kit:
    compatible = settings.peer_compatible_writes
    return Kit(
        settings=settings,
        redirects=redirect_rules(settings),
        store=store,
        access=AccessTokens(keys, settings.access_token_seconds, clock),
        claims=claims,
        seals=seals,
        tickets=TicketMaker(seals, compatible=compatible),
        passwords=Passwords(settings.password_threads, settings.password_queue, compatible=compatible),
        pwned=Pwned(settings.password_hibp_enabled, settings.hibp_url, outside),
        limits=Limits(settings, store, clock),
        post=Post(store, seals, settings, outside, clock),
        sms=sms_of(settings, outside),
        outside=outside,
        providers=Providers(settings, outside, clock),
        clock=clock,
    )


def _seals(settings: Settings) -> Seals:
    if settings.encryption_keys:
        return Seals(settings.encryption_keys)
    logger.warning(DERIVED_WARNING)
    return Seals((canonical(settings.jwt_secret or settings.jwt_secrets or ""),))


def _claims_source(settings: Settings, outside: Outside) -> ClaimsSource | None:
    """The GraphQL server that the settings name; it goes before whatever the caller of `open` offers."""
    if settings.graphql_url is None:
        return None
    return GraphQLClaims(settings.graphql_url, settings.admin_secret, outside)
