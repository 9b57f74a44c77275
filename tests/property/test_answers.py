"""Every answer is the right one: no row or cell too many, none missing, whatever the schema, rules and question.

The oracle in this folder computes answers from Python rows, by its own model of schema, rules and queries; it shares
no code with what it judges. A failure prints schema.sql, permissions.yaml, role, session, query, variables and both
answers, made as small as they get.
"""

from __future__ import annotations

import itertools

import pytest
from property.choices import Choices
from property.explore import Explorer
from property.forms import FORMS
from property.strategies import visit_worlds
from property.trial import Bench
from property.world import World

PARTS = 4
WORLDS = 11
OPERATIONS = 52
SOAK_PARTS = 8
SOAK_WORLDS = 50
SOAK_OPERATIONS = 100


def explore(bench: Bench, worlds: int, operations: int, *, seeded_by: int | None) -> Explorer:
    explorer = Explorer(bench)
    visited = itertools.count()

    async def visit(world: World, choices: Choices) -> None:
        next(visited)
        await explorer.explore(world, choices, operations)

    visit_worlds(visit, worlds, seeded_by=seeded_by)
    assert next(visited) >= worlds
    return explorer


def test_two_thousand_cases_are_promised() -> None:
    assert PARTS * WORLDS >= 40
    assert OPERATIONS >= 50


@pytest.mark.parametrize("part", range(PARTS))
def test_answers_are_those_of_the_oracle(bench: Bench, part: int) -> None:
    explorer = explore(bench, WORLDS, OPERATIONS, seeded_by=part)
    # So that the number of cases cannot shrink unseen.
    assert explorer.cases["answers"] >= WORLDS * OPERATIONS
    assert explorer.cases["denials"] >= WORLDS * OPERATIONS // 6
    assert explorer.cases["nulls"] >= WORLDS
    assert explorer.cases["rows"] >= WORLDS * OPERATIONS
    few = {form: explorer.cases[form] for form in FORMS}
    assert min(few.values()) >= WORLDS * OPERATIONS // 200, few


@pytest.mark.soak
@pytest.mark.parametrize("part", range(SOAK_PARTS))
def test_answers_hold_in_many_more_worlds(bench: Bench, part: int) -> None:
    explorer = explore(bench, SOAK_WORLDS, SOAK_OPERATIONS, seeded_by=None)
    assert explorer.cases["answers"] >= SOAK_WORLDS * SOAK_OPERATIONS
