"""What is refused leaves everything as it was: a checksum of the whole database is taken before and after.

Rules, constraints, values and names refuse, alone and beside what is allowed. A forbidden name is answered to the
letter as one that does not exist; a key that only hidden rows have is answered as a failed check is.
"""

from __future__ import annotations

import pytest
from property.choices import Choices
from property.failures import CODES
from property.make_write_world import make_write_world
from property.strategies import visit_worlds
from property.trial import Bench
from property.world import World
from property.write_explore import WriteExplorer

PARTS = 2
WORLDS = 8
MUTATIONS = 40
SOAK_WORLDS = 60
SOAK_MUTATIONS = 60
DENIED = 2_000


def deny(bench: Bench, worlds: int, mutations: int, *, seeded_by: int | None) -> WriteExplorer:
    explorer = WriteExplorer(bench)

    async def visit(world: World, choices: Choices) -> None:
        await explorer.deny(world, choices, mutations)

    visit_worlds(visit, worlds, seeded_by=seeded_by, make=make_write_world)
    return explorer


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_denied_changes_nothing(bench: Bench, part: int) -> None:
    explorer = deny(bench, WORLDS, MUTATIONS, seeded_by=part)
    assert explorer.cases["denied"] >= WORLDS * MUTATIONS * 2 // 3
    assert explorer.cases["forbidden names"] >= explorer.cases["denied"]
    assert all(explorer.cases[f"because of {reason}"] for reason in CODES)


@pytest.mark.soak
def test_two_thousand_denials_change_nothing(bench: Bench) -> None:
    explorer = deny(bench, SOAK_WORLDS, SOAK_MUTATIONS, seeded_by=None)
    assert explorer.cases["denied"] >= DENIED
    assert explorer.cases["forbidden names"] >= DENIED
    assert all(explorer.cases[f"because of {reason}"] >= SOAK_WORLDS // 6 for reason in CODES)
