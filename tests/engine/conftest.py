"""An engine over the shop, closed at the end of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from engine_kit import RULES

from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import parse_rules

OpenEngine = Callable[..., Awaitable[Engine]]


@pytest.fixture
async def open_engine() -> AsyncIterator[OpenEngine]:
    engines: list[Engine] = []

    async def make(url: str, rules: str = RULES, *, strict: bool = False, **settings: object) -> Engine:
        engine = await Engine.open(
            EngineSettings(url, **settings),  # type: ignore[arg-type]
            parse_rules(rules, "permissions.yaml"),
            strict=strict,
        )
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        await engine.close()
