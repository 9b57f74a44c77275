"""What the gate lets through."""

from __future__ import annotations

from gql_gen.plan.nodes import Plan

_KEY = object()


class Permitted:
    """A plan in which every row rule of the role is in place. Only gql_gen.gate.permit holds the key that makes one."""

    __slots__ = ("plan", "role")

    def __init__(self, plan: Plan, role: str, *, key: object) -> None:
        if key is not _KEY:
            raise TypeError("only gql_gen.gate.permit makes a Permitted")
        self.plan = plan
        self.role = role
