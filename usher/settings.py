"""The environment as frozen Settings: the one place that reads it.

Names are the field's own (HASURA_GRAPHQL_…), limits that only we have are USHER_…. A value that cannot be read stops
the start with a message that names its variable; a name that we do not know is a warning, for it may be a typo.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from commons import environment as read_from
from commons.environment import Unreadable, number, switch, text, variable, variables
from usher.failures import StartRefused

PREFIXES: Final = ("HASURA_GRAPHQL_", "USHER_")
BILLION: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment said. None means that it said nothing."""

    admin_secret: str | None = variable("HASURA_GRAPHQL_ADMIN_SECRET", read=text, secret=True)
    jwt_secret: str | None = variable("HASURA_GRAPHQL_JWT_SECRET", read=text, secret=True)
    """JSON, as Hasura's documentation has it."""
    jwt_secrets: str | None = variable("HASURA_GRAPHQL_JWT_SECRETS", read=text, secret=True)
    """A list of such: all verify, and the auth engine signs with the first."""
    unauthorized_role: str | None = variable("HASURA_GRAPHQL_UNAUTHORIZED_ROLE", read=text)
    database_url: str | None = variable("HASURA_GRAPHQL_DATABASE_URL", "DATABASE_URL", read=text, secret=True)
    host: str | None = variable("HASURA_GRAPHQL_SERVER_HOST", read=text)
    port: int | None = variable("HASURA_GRAPHQL_SERVER_PORT", read=number(0, 65_535))
    pool_size: int = variable("HASURA_GRAPHQL_PG_CONNECTIONS", read=number(1, 10_000), default=50)
    use_prepared_statements: bool = variable("HASURA_GRAPHQL_USE_PREPARED_STATEMENTS", read=switch, default=True)
    stringify_numeric_types: bool = variable("HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES", read=switch, default=False)
    development: bool = variable("HASURA_GRAPHQL_DEV_MODE", read=switch, default=False)
    cors_domain: str = variable("HASURA_GRAPHQL_CORS_DOMAIN", read=text, default="*")
    disable_cors: bool = variable("HASURA_GRAPHQL_DISABLE_CORS", read=switch, default=False)
    enable_allow_list: bool | None = variable("HASURA_GRAPHQL_ENABLE_ALLOWLIST", read=switch)
    infer_function_permissions: bool | None = variable("HASURA_GRAPHQL_INFER_FUNCTION_PERMISSIONS", read=switch)
    rate_storage: str = variable(
        "USHER_RATE_STORAGE", "HASURA_GRAPHQL_RATE_LIMIT_REDIS_URL", read=text, default="memory://", secret=True
    )
    trusted_proxies: str | None = variable("USHER_TRUSTED_PROXIES", read=text)
    persisted_query_bytes: int = variable(
        "USHER_PERSISTED_QUERY_BYTES", read=number(0, 64 * BILLION), default=16 * 1024 * 1024
    )
    statement_timeout_ms: int = variable("USHER_STATEMENT_TIMEOUT_MS", read=number(1, BILLION), default=60_000)
    max_body_bytes: int = variable("USHER_MAX_BODY_BYTES", read=number(1_024, BILLION), default=10 * 1024 * 1024)
    max_query_bytes: int = variable("USHER_MAX_QUERY_BYTES", read=number(1_024, BILLION), default=256 * 1024)
    max_tokens: int = variable("USHER_MAX_TOKENS", read=number(100, BILLION), default=15_000)
    max_depth: int = variable("USHER_MAX_DEPTH", read=number(1, 1_000), default=100)
    max_fields: int = variable("USHER_MAX_FIELDS", read=number(1, 1_000_000), default=2_000)
    plan_cache_bytes: int = variable("USHER_PLAN_CACHE_BYTES", read=number(0, 64 * BILLION), default=64 * 1024 * 1024)

    @property
    def is_open(self) -> bool:
        """True when there is nothing to check a visitor against: everybody is admin, so only this machine may come."""
        return self.admin_secret is None and self.tokens_secret is None

    @property
    def tokens_secret(self) -> str | None:
        """How tokens are checked: the list, where there is one, and the single secret otherwise."""
        return self.jwt_secrets or self.jwt_secret


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the process's environment, or from the one given. Raises StartRefused, naming the variable."""
    try:
        return Settings(**read_from.values_of(Settings, _source(environment)))
    except Unreadable as fault:
        raise StartRefused(str(fault)) from None


def environment_of_process() -> Mapping[str, str]:
    """The environment itself, for whoever has settings of its own."""
    return dict(os.environ)


def unknown_names(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """A warning for each variable that looks like a setting and is none. Hasura's names that the auth engine reads are
    known, whether it is served or not."""
    from auth_engine.core.settings import Settings as AuthSettings

    known = {name for each in (Settings, AuthSettings) for one in variables(each) for name in one.metadata["names"]}
    return read_from.unknown_names(_source(environment), PREFIXES, known, "usher")


def _source(environment: Mapping[str, str] | None) -> Mapping[str, str]:
    return os.environ if environment is None else environment


def ensure_coherent(settings: Settings, host: str, *, with_auth: bool = False) -> None:
    """Refuse what would leave a door open: tickets without an admin secret, or no secret at all off this machine."""
    if settings.tokens_secret is not None and settings.admin_secret is None:
        name = "HASURA_GRAPHQL_JWT_SECRET" if settings.jwt_secrets is None else "HASURA_GRAPHQL_JWT_SECRETS"
        raise StartRefused(f"{name} needs HASURA_GRAPHQL_ADMIN_SECRET beside it")
    if with_auth and settings.admin_secret is None:
        raise StartRefused("--auth needs HASURA_GRAPHQL_ADMIN_SECRET")
    if with_auth and settings.tokens_secret is None:
        raise StartRefused("--auth needs HASURA_GRAPHQL_JWT_SECRET: the key that access tokens are signed with")
    if settings.is_open and not is_loopback(host):
        raise StartRefused(
            f"without HASURA_GRAPHQL_ADMIN_SECRET everybody is admin, so --host {host} is refused: "
            "set a secret, or stay on 127.0.0.1"
        )
    _ensure_readable(settings)


def _ensure_readable(settings: Settings) -> None:
    from commons.addresses import parse_networks
    from gql_gen.http.cors import parse_cors_domain
    from gql_gen.http.rates import is_storage
    from gql_gen.http.secret import parse_jwt_secrets

    if not is_storage(settings.rate_storage):
        # Never what it is: it may hold a password.
        raise StartRefused("USHER_RATE_STORAGE must be memory:// or an address that begins with redis:// or valkey://")
    name = "HASURA_GRAPHQL_CORS_DOMAIN"
    try:
        parse_cors_domain(settings.cors_domain)
        name = "USHER_TRUSTED_PROXIES"
        parse_networks(settings.trusted_proxies or "")
        name = "HASURA_GRAPHQL_JWT_SECRET" if settings.jwt_secrets is None else "HASURA_GRAPHQL_JWT_SECRETS"
        if settings.tokens_secret is not None:
            parse_jwt_secrets(settings.tokens_secret)
    except ValueError as fault:
        raise StartRefused(f"{name}: {fault}") from None


def is_loopback(host: str) -> bool:
    """Whether a host name can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
