"""Nothing hidden can be told from a mutation's answer: two databases that differ only in rows and cells that a role can
neither see nor reach answer alike, errors and counts included."""

from __future__ import annotations

from collections import Counter

import pytest
from property.choices import Choices
from property.make_write_world import make_write_world
from property.strategies import visit_worlds
from property.trial import Bench
from property.world import World
from property.write_leaks import WriteLeakHunter
from property.writes import UPDATE_OPERATORS, WRITE_KINDS

PARTS = 2
WORLDS = 20
MUTATIONS = 50
FORMS = (*WRITE_KINDS, *UPDATE_OPERATORS, "upsert", "do nothing", "nested", "several roots")
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
    assert_enough(hunter.cases, worlds, worlds * mutations)


def assert_enough(cases: Counter[str], worlds: int, mutations: int) -> None:
    """So that the number of cases cannot shrink unseen, and that of exceptions not grow."""
    assert cases["worlds that differ"] >= worlds * 3 // 4
    assert cases["changes"] >= worlds * 5
    assert cases["pairs"] >= mutations
    assert min(cases["allowed"], cases["refused"]) >= mutations // 4
    few = {form: cases[f"{form}, allowed"] + cases[f"{form}, refused"] for form in FORMS}
    assert min(few.values()) >= mutations // 500, few
    few = {form: cases[f"{form}, allowed"] for form in (*WRITE_KINDS, "upsert", "do nothing", "nested")}
    assert min(few.values()) >= mutations // 250, few
    # Constraints that hidden rows stand behind are really met.
    assert cases["hidden unique"] >= mutations // 25
    assert cases["hidden foreign key"] >= mutations // 100
    assert cases["hidden referenced"] >= mutations // 500
    few = {reason: cases[reason] for reason in ("excused: a rule looks at it", "open", "another order")}
    assert max(few.values()) <= mutations // 50, few
    assert cases["excused: in the way"] <= mutations // 25


def test_two_thousand_mutations_are_promised() -> None:
    assert PARTS * WORLDS >= 40
    assert MUTATIONS >= 50


@pytest.mark.parametrize("part", range(PARTS))
def test_hidden_values_change_no_mutation(hunter: WriteLeakHunter, part: int) -> None:
    hunt(hunter, WORLDS, MUTATIONS, seeded_by=part)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(SOAK_PARTS))
def test_hidden_values_change_no_mutation_in_many_more_worlds(hunter: WriteLeakHunter, part: int) -> None:
    hunt(hunter, SOAK_WORLDS, SOAK_MUTATIONS, seeded_by=None)
