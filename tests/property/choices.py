"""The one source of randomness: every world and every question is made by picking numbers below a bound.

Hypothesis is one hand that picks, a seeded generator another; what is made from equal picks is equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Choices:
    """`pick(n)` answers a whole number from 0 to n - 1; 0 is the plainest."""

    pick: Callable[[int], int]

    def between(self, least: int, most: int) -> int:
        return least + (self.pick(most - least + 1) if most > least else 0)

    def chance(self, times: int, out_of: int) -> bool:
        """True `times` out of `out_of`."""
        return self.pick(out_of) >= out_of - times

    def one(self, items: Sequence[Item]) -> Item:
        return items[self.pick(len(items)) if len(items) > 1 else 0]

    def some(self, items: Sequence[Item], least: int, most: int) -> tuple[Item, ...]:
        """Different items in any order, as many as there are at most."""
        left = list(items)
        number = self.between(min(least, len(left)), min(most, len(left)))
        return tuple(left.pop(self.pick(len(left)) if len(left) > 1 else 0) for _ in range(number))
