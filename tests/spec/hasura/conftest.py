"""One street of engines for all black-box cases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from runner import Street

from usher.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
async def street(postgres: EmbeddedPostgres) -> AsyncIterator[Street]:
    made = Street(postgres)
    yield made
    await made.close()
