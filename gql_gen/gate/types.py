"""What the gate lets through."""

from __future__ import annotations

from typing import Generic, TypeVar

from gql_gen.plan.nodes import Plan
from gql_gen.plan.writes import WritePlan

_KEY = object()

P = TypeVar("P", Plan, WritePlan)


class Permitted(Generic[P]):
    """A plan in which every row rule of the role is in place. Only gql_gen.gate.permit holds the key that makes one."""

    __slots__ = ("plan", "role")

    def __init__(self, plan: P, role: str, *, key: object) -> None:
        if key is not _KEY:
            raise TypeError("only gql_gen.gate.permit makes a Permitted")
        self.plan: P = plan
        self.role = role
