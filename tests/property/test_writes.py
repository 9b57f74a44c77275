"""Every mutation does what it must: the answer is the right one, and so is every row of the database afterwards; what
must be refused changes nothing.

The oracle in this folder keeps its own model of rows, constraints and rules, and shares no code with what it judges.
"""

from __future__ import annotations

import itertools

import pytest
from property.choices import Choices
from property.forms import WRITTEN
from property.make_write_world import make_write_world
from property.strategies import visit_worlds
from property.trial import Bench
from property.world import World
from property.write_explore import WriteExplorer
from property.writes import UPDATE_OPERATORS, WRITE_KINDS

PARTS = 4
WORLDS = 11
MUTATIONS = 52
SOAK_PARTS = 8
SOAK_WORLDS = 50
SOAK_MUTATIONS = 100
FORMS = (*WRITE_KINDS, *UPDATE_OPERATORS, "upsert", "do nothing", "nested", "several roots")


def explore(bench: Bench, worlds: int, mutations: int, *, seeded_by: int | None) -> WriteExplorer:
    explorer = WriteExplorer(bench)
    visited = itertools.count()

    async def visit(world: World, choices: Choices) -> None:
        next(visited)
        await explorer.explore(world, choices, mutations)

    visit_worlds(visit, worlds, seeded_by=seeded_by, make=make_write_world)
    assert next(visited) >= worlds
    return explorer


def test_two_thousand_mutations_are_promised() -> None:
    assert PARTS * WORLDS >= 40
    assert MUTATIONS >= 50


@pytest.mark.parametrize("part", range(PARTS))
def test_mutations_do_what_the_oracle_says(bench: Bench, part: int) -> None:
    explorer = explore(bench, WORLDS, MUTATIONS, seeded_by=part)
    assert_enough(explorer, WORLDS * MUTATIONS)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(SOAK_PARTS))
def test_mutations_hold_in_many_more_worlds(bench: Bench, part: int) -> None:
    explorer = explore(bench, SOAK_WORLDS, SOAK_MUTATIONS, seeded_by=None)
    assert_enough(explorer, SOAK_WORLDS * SOAK_MUTATIONS)


def assert_enough(explorer: WriteExplorer, mutations: int) -> None:
    """So that the number of cases cannot shrink unseen."""
    cases = explorer.cases
    assert cases["allowed"] + cases["denied"] + cases["ambiguous"] >= mutations
    assert cases["allowed"] >= mutations // 2
    assert cases["changed"] >= mutations // 6
    assert cases["rows"] >= mutations // 6
    assert cases["denied"] >= mutations // 10
    assert cases["ambiguous"] <= mutations // 50
    few = {f"{form}, allowed": cases[f"{form}, allowed"] for form in FORMS}
    assert min(few.values()) >= mutations // 300, few
    few = {form: cases[form] for form in WRITTEN}
    assert min(few.values()) >= mutations // 300, few
    few = {f"{kind}, denied": cases[f"{kind}, denied"] for kind in WRITE_KINDS}
    assert min(few.values()) >= mutations // 100, few
