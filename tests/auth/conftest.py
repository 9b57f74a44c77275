"""An auth engine over a database of its own, a real SMTP server, and a visitor who asks over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import asyncpg
import pytest
import pytest_asyncio
from auth_kit import AuthServer, Mailbox, Serve, asked, opened, opened_engine

from auth_engine.app import AuthEngine
from auth_engine.store.boot import boot
from usher.postgres import EmbeddedPostgres


@pytest_asyncio.fixture(scope="session")
async def auth_template(postgres: EmbeddedPostgres) -> str:
    """The name of a database that the engine's first start has been through."""
    postgres.create_database("auth_template")
    await boot(postgres.url("auth_template"), ("user", "me"))
    return "auth_template"


_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def auth_database(postgres: EmbeddedPostgres, auth_template: str) -> Iterator[str]:
    """The address of the module's own database."""
    name = f"auth_{next(_NUMBERS)}"
    postgres.create_database(name, auth_template)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def fresh_auth_database(postgres: EmbeddedPostgres, auth_template: str) -> Iterator[str]:
    """A database for one test alone."""
    name = f"auth_fresh_{next(_NUMBERS)}"
    postgres.create_database(name, auth_template)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def smtp() -> Iterator[Mailbox]:
    """The SMTP server of the run."""
    with Mailbox.open() as mailbox:
        yield mailbox


@pytest.fixture
def mailbox(smtp: Mailbox) -> Mailbox:
    """The SMTP server, with nothing in its box."""
    smtp.clear()
    return smtp


@pytest_asyncio.fixture
async def serve(auth_database: str, mailbox: Mailbox) -> AsyncIterator[Serve]:
    """Open an engine: `await serve(AUTH_MFA_ENABLED="true")`. Everything is closed at the end of the test."""
    async with AsyncExitStack() as stack:

        async def begin(database: str | None = None, **settings: str) -> AuthServer:
            return await stack.enter_async_context(opened(database or auth_database, mailbox, settings))

        yield begin


@pytest_asyncio.fixture(scope="module")
async def engine(auth_database: str, smtp: Mailbox) -> AsyncIterator[AuthEngine]:
    """An engine with the settings of `auth_kit.SETTINGS`, open as long as the module runs."""
    async with opened_engine(auth_database, smtp, {}) as engine:
        yield engine


@pytest_asyncio.fixture
async def server(engine: AuthEngine, mailbox: Mailbox) -> AsyncIterator[AuthServer]:
    """That engine, asked by somebody who never came before."""
    async with asked(engine, mailbox) as server:
        yield server


@pytest_asyncio.fixture
async def sql(auth_database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the module's database, to look behind the answers."""
    connection = await asyncpg.connect(auth_database)
    yield connection
    await connection.close()
