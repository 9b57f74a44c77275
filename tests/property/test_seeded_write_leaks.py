"""The leak test of writes can fail: with a fault put into the gate or into what errors tell, it finds a leak soon."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from property.leaks import Leak
from property.make_write_world import make_write_world
from property.strategies import choices_of
from property.trial import Bench
from property.write_leaks import WriteLeakHunter

from gql_gen.engine.refused import Refusals
from gql_gen.gate import writes
from gql_gen.model.predicates import TRUE

WORLDS = 60
MUTATIONS = 50


async def always(*_: Any) -> bool:
    return True


def given_to_all(original: Any) -> Any:
    """Rows left alone are answered, whoever may see them."""
    return lambda *arguments: replace(original(*arguments), visible=TRUE)


FAULTS: Mapping[str, tuple[int, Any, str, Any]] = MappingProxyType(
    {
        "every violated constraint is named": (40, Refusals, "_may_tell", always),
        "a write picks hidden rows by their values": (6, writes, "_reached", lambda rule, *_, **__: rule.filter),
        "all rows written are given back": (6, writes, "_given_back", lambda *_: TRUE),
        "a caller's filter walks through hidden rows": (29, writes, "_where", lambda where, *_: where),
        "an answer shows related rows that are hidden": (2, writes, "_shows", lambda shows, *_: shows),
        "existing rows are given back to all": (50, writes, "_insert", given_to_all(writes._insert)),
    }
)
"""The number is the world to begin with: so that no time goes by in worlds that are known to have nothing to tell."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_leak_in_writing_is_found(benches: tuple[Bench, Bench], monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    hunter = WriteLeakHunter(*benches)
    visited: list[int] = []

    async def hunt(numbers: Iterable[int]) -> None:
        for number in numbers:
            visited.append(number)
            choices = choices_of(number)
            await hunter.hunt(make_write_world(choices), choices, MUTATIONS)

    first, *patch = FAULTS[fault]
    monkeypatch.setattr(*patch)
    with pytest.raises(Leak):
        asyncio.run(hunt(range(first, first + WORLDS)))
    monkeypatch.undo()
    # It was the fault, and nothing else that is wrong with this world.
    asyncio.run(hunt(visited[-1:]))
