"""The environment as frozen Settings: the one place that reads it.

Names are the field's own (HASURA_GRAPHQL_…), limits that only we have are USHER_…. A value that cannot be read stops
the start with a message that names its variable; a name that we do not know is a warning, for it may be a typo.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar

from usher.failures import StartRefused

T = TypeVar("T")

PREFIXES: Final = ("HASURA_GRAPHQL_", "USHER_")
TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE_WORDS: Final = frozenset({"false", "f", "no", "n", "off", "0"})


class _Unreadable(ValueError):
    """What a variable should have been; never what it was, which may be a secret."""


def _text(value: str) -> str:
    if not value.strip():
        raise _Unreadable("is set but empty")
    return value


def _switch(value: str) -> bool:
    word = value.strip().lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise _Unreadable("must be true or false")
    return word in TRUE_WORDS


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        text = value.strip()
        if not (text.isascii() and text.isdigit() and least <= int(text[:20]) <= most):
            raise _Unreadable(f"must be a whole number from {least:,} to {most:,}")
        return int(text)

    return read


def _variable(*names: str, read: Callable[[str], T], default: T | None = None, secret: bool = False) -> Any:
    """A field of Settings and the variables it comes from, the first that is set. Secrets stay out of `repr`."""
    return field(default=default, repr=not secret, metadata={"names": names, "read": read})


BILLION: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment said. None means that it said nothing."""

    admin_secret: str | None = _variable("HASURA_GRAPHQL_ADMIN_SECRET", read=_text, secret=True)
    jwt_secret: str | None = _variable("HASURA_GRAPHQL_JWT_SECRET", read=_text, secret=True)
    """JSON, as Hasura's documentation has it."""
    unauthorized_role: str | None = _variable("HASURA_GRAPHQL_UNAUTHORIZED_ROLE", read=_text)
    database_url: str | None = _variable("HASURA_GRAPHQL_DATABASE_URL", "DATABASE_URL", read=_text, secret=True)
    host: str | None = _variable("HASURA_GRAPHQL_SERVER_HOST", read=_text)
    port: int | None = _variable("HASURA_GRAPHQL_SERVER_PORT", read=_number(0, 65_535))
    pool_size: int = _variable("HASURA_GRAPHQL_PG_CONNECTIONS", read=_number(1, 10_000), default=50)
    use_prepared_statements: bool = _variable("HASURA_GRAPHQL_USE_PREPARED_STATEMENTS", read=_switch, default=True)
    stringify_numeric_types: bool = _variable("HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES", read=_switch, default=False)
    development: bool = _variable("HASURA_GRAPHQL_DEV_MODE", read=_switch, default=False)
    cors_domain: str = _variable("HASURA_GRAPHQL_CORS_DOMAIN", read=_text, default="*")
    disable_cors: bool = _variable("HASURA_GRAPHQL_DISABLE_CORS", read=_switch, default=False)
    enable_allow_list: bool | None = _variable("HASURA_GRAPHQL_ENABLE_ALLOWLIST", read=_switch)
    infer_function_permissions: bool | None = _variable("HASURA_GRAPHQL_INFER_FUNCTION_PERMISSIONS", read=_switch)
    rate_storage: str = _variable(
        "USHER_RATE_STORAGE", "HASURA_GRAPHQL_RATE_LIMIT_REDIS_URL", read=_text, default="memory://", secret=True
    )
    trusted_proxies: str | None = _variable("USHER_TRUSTED_PROXIES", read=_text)
    persisted_query_bytes: int = _variable(
        "USHER_PERSISTED_QUERY_BYTES", read=_number(0, 64 * BILLION), default=16 * 1024 * 1024
    )
    statement_timeout_ms: int = _variable("USHER_STATEMENT_TIMEOUT_MS", read=_number(1, BILLION), default=60_000)
    max_body_bytes: int = _variable("USHER_MAX_BODY_BYTES", read=_number(1_024, BILLION), default=10 * 1024 * 1024)
    max_query_bytes: int = _variable("USHER_MAX_QUERY_BYTES", read=_number(1_024, BILLION), default=256 * 1024)
    max_tokens: int = _variable("USHER_MAX_TOKENS", read=_number(100, BILLION), default=15_000)
    max_depth: int = _variable("USHER_MAX_DEPTH", read=_number(1, 1_000), default=100)
    max_fields: int = _variable("USHER_MAX_FIELDS", read=_number(1, 1_000_000), default=2_000)
    plan_cache_bytes: int = _variable("USHER_PLAN_CACHE_BYTES", read=_number(0, 64 * BILLION), default=64 * 1024 * 1024)

    @property
    def is_open(self) -> bool:
        """True when there is nothing to check a visitor against: everybody is admin, so only this machine may come."""
        return self.admin_secret is None and self.jwt_secret is None


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the process's environment, or from the one given. Raises StartRefused, naming the variable."""
    source = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        name = next((name for name in setting.metadata["names"] if name in source), None)
        if name is None:
            continue
        try:
            values[setting.name] = setting.metadata["read"](source[name])
        except _Unreadable as fault:
            raise StartRefused(f"{name} {fault}") from None
    return Settings(**values)


def unknown_names(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """A warning for each variable that looks like a setting and is none."""
    source = os.environ if environment is None else environment
    known = {name for setting in fields(Settings) for name in setting.metadata["names"]}
    unknown = sorted(name for name in source if name.startswith(PREFIXES) and name not in known)
    return tuple(_unknown(name, known) for name in unknown)


def _unknown(name: str, known: set[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    hint = f": did you mean {nearest[0]}?" if nearest else ""
    return f"{name} is not a setting of usher and changes nothing{hint}"


def ensure_coherent(settings: Settings, host: str) -> None:
    """Refuse what would leave a door open: tickets without an admin secret, or no secret at all off this machine."""
    if settings.jwt_secret is not None and settings.admin_secret is None:
        raise StartRefused("HASURA_GRAPHQL_JWT_SECRET needs HASURA_GRAPHQL_ADMIN_SECRET beside it")
    if settings.is_open and not is_loopback(host):
        raise StartRefused(
            f"without HASURA_GRAPHQL_ADMIN_SECRET everybody is admin, so --host {host} is refused: "
            "set a secret, or stay on 127.0.0.1"
        )
    _ensure_readable(settings)


def _ensure_readable(settings: Settings) -> None:
    from gql_gen.http.addresses import parse_networks
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
        name = "HASURA_GRAPHQL_JWT_SECRET"
        if settings.jwt_secret is not None:
            parse_jwt_secrets(settings.jwt_secret)
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
