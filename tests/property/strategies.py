"""Worlds as Hypothesis draws them, and the loop that draws them.

A world is drawn choice by choice; the questions come from a generator whose seed is drawn, since thousands of choices
are more than one example holds. What fails is made smaller by `reduce`, which knows which question it was: that takes
seconds where replaying every question for every smaller world would take many minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from property.choices import Choices
from property.make_world import make_world
from property.world import World

Visit = Callable[[World, Choices], Awaitable[None]]
MakeWorld = Callable[[Choices], World]


@st.composite
def worlds(draw: st.DrawFn, make: MakeWorld) -> World:
    """Any world that the tests know how to make."""
    return make(Choices(lambda bound: draw(st.integers(0, bound - 1))))


def choices_of(number: int) -> Choices:
    """Choices by a seeded generator."""
    return Choices(Random(number).randrange)


def visit_worlds(visit: Visit, number: int, *, seeded_by: int | None, make: MakeWorld = make_world) -> None:
    """Calls `visit` for so many worlds: the same ones each time for a seed, others at every run for None."""

    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=tuple(HealthCheck),
    )
    @given(world=worlds(make), questions=st.integers(0, 2**32 - 1))
    def example(world: World, questions: int) -> None:
        asyncio.run(_visited(visit, world, questions))

    run: Any = example if seeded_by is None else seed(seeded_by)(example)
    run()


async def _visited(visit: Visit, world: World, questions: int) -> None:
    await visit(world, choices_of(questions))
