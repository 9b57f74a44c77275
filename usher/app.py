"""Settings → the one ASGI app: the GraphQL engine's routes, the console and the auth engine beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from usher.auth import AUTH_MOUNT
from usher.settings import Settings
from usher.static import console_app

if TYPE_CHECKING:
    from gql_gen.engine.answer import Engine
    from gql_gen.engine.settings import EngineSettings
    from gql_gen.http.types import AuthSettings, HttpSettings
    from usher.auth import OpenedAuth


def build_front_door(engine: Engine, settings: Settings, auth: OpenedAuth | None = None) -> ASGIApp:
    """Everything that one port serves. Users whom the auth engine, when there is one, has disabled or deleted are
    refused by the GraphQL engine too."""
    from gql_gen.http.app import build_app

    console = console_app()
    return build_app(
        engine,
        auth_settings(settings),
        http_settings(settings),
        routes={"/": console},
        mounts={"/console": console} if auth is None else {AUTH_MOUNT: auth.app, "/console": console},
        revoked=None if auth is None else auth.revoked.since,
    )


def engine_settings(settings: Settings, database_url: str) -> EngineSettings:
    """What the engine has to know of the settings."""
    from gql_gen.engine.settings import EngineSettings

    return EngineSettings(
        database_url=database_url,
        pool_size=settings.pool_size,
        stringify_numeric_types=settings.stringify_numeric_types,
        development=settings.development,
        use_prepared_statements=settings.use_prepared_statements,
        statement_timeout_ms=settings.statement_timeout_ms,
        max_depth=settings.max_depth,
        max_tokens=settings.max_tokens,
        max_query_bytes=settings.max_query_bytes,
        max_fields=settings.max_fields,
        plan_cache_bytes=settings.plan_cache_bytes,
        allow_list=settings.enable_allow_list,
        infer_function_permissions=settings.infer_function_permissions,
    )


def auth_settings(settings: Settings) -> AuthSettings:
    """Who may be whom."""
    from gql_gen.http.secret import parse_jwt_secrets
    from gql_gen.http.types import AuthSettings

    return AuthSettings(
        admin_secret=settings.admin_secret,
        jwt_secrets=parse_jwt_secrets(settings.tokens_secret) if settings.tokens_secret is not None else (),
        unauthorized_role=settings.unauthorized_role,
    )


def http_settings(settings: Settings) -> HttpSettings:
    """The limits of one request."""
    from commons.addresses import parse_networks
    from gql_gen.http.cors import parse_cors_domain
    from gql_gen.http.types import HttpSettings

    return HttpSettings(
        max_body=settings.max_body_bytes,
        max_query=settings.max_query_bytes,
        max_depth=settings.max_depth,
        cors=parse_cors_domain(settings.cors_domain, disabled=settings.disable_cors),
        persisted_query_bytes=settings.persisted_query_bytes,
        rate_storage=settings.rate_storage,
        trusted_proxies=parse_networks(settings.trusted_proxies or ""),
    )
