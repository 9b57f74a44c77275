"""Nothing hidden can be told from a mutation's answer: two databases that differ only in rows and cells that a role can
neither see nor reach answer alike, errors and counts included."""

from __future__ import annotations

import pytest
from property.choices import Choices
from property.make_write_world import make_write_world
from property.strategies import visit_worlds
from property.trial import Bench
from property.world import World
from property.write_leaks import WriteLeakHunter

PARTS = 2
WORLDS = 20
MUTATIONS = 50
SOAK_PARTS = 8
SOAK_WORLDS = 60
SOAK_MUTATIONS = 100


@pytest.fixture
def hunter(benches: tuple[Bench, Bench]) -> WriteLeakHunter:
    return WriteLeakHunter(*benches)


def hunt(hunter: WriteLeakHunter, worlds: int, mutations: int, *, seeded_by: int | None) -> None:
    async def visit(world: World, choices: Choices) -> None:
        await hunter.hunt(world, choices, mutations)

    visit_worlds(visit, worlds, seeded_by=seeded_by, make=make_write_world)
    print(sorted(hunter.cases.items()))


@pytest.mark.parametrize("part", range(PARTS))
def test_hidden_values_change_no_mutation(hunter: WriteLeakHunter, part: int) -> None:
    hunt(hunter, WORLDS, MUTATIONS, seeded_by=part)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(SOAK_PARTS))
def test_hidden_values_change_no_mutation_in_many_more_worlds(hunter: WriteLeakHunter, part: int) -> None:
    hunt(hunter, SOAK_WORLDS, SOAK_MUTATIONS, seeded_by=None)
