"""Nothing hidden can be told from an answer: two databases that differ only in hidden rows and cells answer alike, also
when the question is malformed."""

from __future__ import annotations

import pytest
from property.choices import Choices
from property.forms import FORMS
from property.leaks import LeakHunter
from property.strategies import visit_worlds
from property.trial import Bench
from property.world import World

PARTS = 2
WORLDS = 20
OPERATIONS = 50
SOAK_PARTS = 8
SOAK_WORLDS = 40
SOAK_OPERATIONS = 80


@pytest.fixture
def hunter(benches: tuple[Bench, Bench]) -> LeakHunter:
    return LeakHunter(*benches)


def hunt(hunter: LeakHunter, worlds: int, operations: int, *, seeded_by: int | None) -> None:
    async def visit(world: World, choices: Choices) -> None:
        await hunter.hunt(world, choices, operations)

    visit_worlds(visit, worlds, seeded_by=seeded_by)
    assert hunter.cases["pairs"] >= worlds * operations
    assert hunter.cases["changes"] >= worlds
    assert hunter.cases["refusals"] >= worlds
    assert hunter.cases["changed cells of visible rows"] >= worlds // 2
    few = {form: hunter.cases[form] for form in FORMS}
    assert min(few.values()) >= worlds * operations // 1_000, few


def test_two_thousand_pairs_are_promised() -> None:
    assert PARTS * WORLDS >= 40
    assert OPERATIONS >= 50


@pytest.mark.parametrize("part", range(PARTS))
def test_hidden_values_change_no_answer(hunter: LeakHunter, part: int) -> None:
    hunt(hunter, WORLDS, OPERATIONS, seeded_by=part)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(SOAK_PARTS))
def test_hidden_values_change_no_answer_in_many_more_worlds(hunter: LeakHunter, part: int) -> None:
    hunt(hunter, SOAK_WORLDS, SOAK_OPERATIONS, seeded_by=None)
