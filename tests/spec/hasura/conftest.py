"""One street of engines for all black-box cases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from hostile_kit import SECRET, Client
from runner import House, Street

from gql_gen.http.app import build_app
from gql_gen.http.types import AuthSettings
from usher.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
async def street(postgres: EmbeddedPostgres) -> AsyncIterator[Street]:
    made = Street(postgres)
    yield made
    await made.close()


@pytest.fixture(scope="session")
async def client(street: Street) -> AsyncIterator[Client]:
    """The whole app over the shop, as one client sees it."""
    engine = await street.engine(House("shop", "shop", "hasura", "{}"))
    app = build_app(engine, AuthSettings(admin_secret=SECRET))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8080") as http:
        made = Client(http)
        yield made
    for line in made.slow:
        print(f"slow: {line}")  # for whoever runs with -s: a hint, since machines differ
