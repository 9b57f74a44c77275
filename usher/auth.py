"""The auth engine as usher serves it: beside the GraphQL engine, or alone; its settings from the same environment."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from usher.failures import StartRefused

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from auth_engine.core.ports import ClaimsSource
    from auth_engine.core.settings import Settings as AuthSettings
    from auth_engine.store.revoked import RevokedUsers

AUTH_MOUNT: Final = "/v1/auth"
MAIL_BOX: Final = "/dev/mail"
LOGGER: Final = "auth_engine"
NO_SERVER_URL: Final = (
    "AUTH_SERVER_URL is not set: mailed links and sign-in by providers need the address at which the auth engine is "
    "reached"
)
NO_CLIENT_URL: Final = (
    "AUTH_CLIENT_URL is not set: a mailed link leads nowhere unless the request that asks for it names an allowed "
    "options.redirectTo"
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class OpenedAuth:
    """An auth engine that serves, and who it says is refused by whoever else takes its tokens."""

    app: ASGIApp
    revoked: RevokedUsers


@dataclass(frozen=True, slots=True)
class AuthService:
    """The auth engine alone, at `/`."""

    settings: AuthSettings
    database_url: str
    is_quiet: bool = False

    @property
    def has_lifespan(self) -> bool:
        return False

    def quietly(self) -> AuthService:
        return AuthService(self.settings, self.database_url, is_quiet=True)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[ASGIApp]:
        from auth_engine.app import AuthEngine

        configure_auth_log(self.settings)
        with _explained(), _hushed(self.is_quiet):
            engine = await AuthEngine.open(self.settings, self.database_url)
        try:
            yield engine.app
        finally:
            await engine.close()


@contextlib.asynccontextmanager
async def opened_auth(
    settings: AuthSettings, database_url: str, *, claims: ClaimsSource, quiet: bool = False
) -> AsyncIterator[OpenedAuth]:
    """The auth engine to be mounted beside another engine, closed at the end. Raises BadSetting, BootRefused, or
    StartRefused when the database cannot be reached."""
    from auth_engine.app import AuthEngine
    from auth_engine.store.revoked import RevokedUsers

    configure_auth_log(settings)
    revoked = RevokedUsers(database_url, settings.access_token_seconds)
    with _explained(), _hushed(quiet):
        engine = await AuthEngine.open(settings, database_url, claims=claims)
    try:
        with _explained():
            await revoked.start()
        yield OpenedAuth(engine.app, revoked)
    finally:
        await revoked.stop()
        await engine.close()


def read_auth_settings(environment: Mapping[str, str], warn: Say) -> AuthSettings:
    """The settings of an environment; `warn` is told what is doubtful about it. Raises BadSetting."""
    from auth_engine.core.settings import read_settings, warnings

    settings = read_settings(environment)
    for warning in warnings(environment):
        warn(warning)
    if settings.server_url is None:
        warn(NO_SERVER_URL)
    if settings.client_url is None:
        warn(NO_CLIENT_URL)
    return settings


def configure_auth_log(settings: AuthSettings) -> None:
    """AUTH_DEBUG decides how much is said: refused requests with their reasons, or what somebody should look at."""
    logging.getLogger(LOGGER).setLevel(logging.DEBUG if settings.debug else logging.INFO)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """A database that cannot be reached is said in one line."""
    import asyncpg

    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise StartRefused(f"cannot reach the database: {error or type(error).__name__}") from error


@contextlib.contextmanager
def _hushed(quiet: bool) -> Iterator[None]:
    """What the first worker has said at its start need not be said by each."""
    logger = logging.getLogger(LOGGER)
    level = logger.level
    if quiet:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
