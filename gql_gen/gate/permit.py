"""Plan × RoleModel → Permitted: the only place where permission is decided."""

from __future__ import annotations

from gql_gen.gate import reads, writes
from gql_gen.gate.types import _KEY, P, Permitted
from gql_gen.model.types import RoleModel
from gql_gen.plan.nodes import Plan
from gql_gen.plan.writes import WritePlan


def permit(plan: Plan, role: RoleModel) -> Permitted[Plan]:
    """The same plan with the role's row rules and limits in place. Raises Rejected for what the role may not reach."""
    return _permitted(Plan(plan.kind, tuple(reads.root(root, role) for root in plan.roots)), role)


def permit_writes(plan: WritePlan, role: RoleModel) -> Permitted[WritePlan]:
    """The same writes with the role's row rules, checks and presets in place. Raises Rejected as `permit` does."""
    return _permitted(WritePlan(tuple(writes.root(root, role) for root in plan.roots)), role)


def _permitted(plan: P, role: RoleModel) -> Permitted[P]:
    return Permitted(plan, role.role, key=_KEY)
