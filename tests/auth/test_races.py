"""Fifty redemptions of one single-use thing in the same moment, over two processes: exactly one succeeds. Features A4,
A5, A9 and A10; auth contract §8 and §10."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pyotp
import pytest
import pytest_asyncio
from auth_kit import ADMIN_SECRET, PASSWORD, Mailbox, link_of, new_address, ticket_of
from authenticator_kit import Authenticator, amid_a_period, upcoming, wrong
from provider_stub import ProviderStub
from race_kit import Answer, Ask, Pair, get, one_won, pair, won

from auth_engine.store.boot import boot
from usher.postgres import EmbeddedPostgres

ADMIN = {"x-hasura-admin-secret": ADMIN_SECRET}
BROWSER = {"Origin": "https://app.test"}
DATABASE = "races"


@pytest.fixture(scope="module")
def stub() -> Iterator[ProviderStub]:
    with ProviderStub.open() as stub:
        yield stub


def _settings(stub: ProviderStub) -> dict[str, str]:
    provider = {
        "ENABLED": "true",
        "CLIENT_ID": "client",
        "CLIENT_SECRET": "a secret",
        "AUTHORIZATION_URL": f"{stub.url}/authorize",
        "TOKEN_URL": f"{stub.url}/token",
        "USER_PROFILE_URL": f"{stub.url}/profile",
    }
    on = (
        "AUTH_EMAIL_PASSWORDLESS_ENABLED", "AUTH_OTP_EMAIL_ENABLED", "AUTH_SMS_PASSWORDLESS_ENABLED",
        "AUTH_MFA_ENABLED", "AUTH_WEBAUTHN_ENABLED", "AUTH_ANONYMOUS_USERS_ENABLED",
    )  # fmt: skip
    return {
        **{f"AUTH_PROVIDER_DISCORD_{name}": value for name, value in provider.items()},
        **dict.fromkeys(on, "true"),
        "AUTH_SMS_PROVIDER": "dev",
        "AUTH_PG_CONNECTIONS": "10",
    }


@pytest.fixture(scope="module")
def database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """Empty: the engines that race later race for its schemas first."""
    postgres.create_database(DATABASE)
    yield postgres.url(DATABASE)
    postgres.drop_database(DATABASE)


@pytest_asyncio.fixture(scope="module")
async def both(
    database: str, smtp: Mailbox, stub: ProviderStub, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    """Two processes, started together with eight more starts in this one."""
    with pair(database, smtp, _folder(tmp_path_factory), **_settings(stub)) as processes:
        yield processes


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("races")
