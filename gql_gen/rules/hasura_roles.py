"""The roles of Hasura's metadata: who inherits, who may not see the schema, and the list of all that are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gql_gen.rules.hasura_desk import Desk, step
from gql_gen.rules.hasura_limits import ImportedLimits
from gql_gen.rules.types import NO_LIMITS, Mark, RoleRules

Heritage = Mapping[str, tuple[str, ...]]
"""A role → the roles it inherits from."""


def import_heritage(value: Any, desk: Desk, path: str) -> Heritage:
    """What `inherited_roles` says."""
    heritage: dict[str, tuple[str, ...]] = {}
    for item, here in desk.items(value, path):
        found = desk.open("an inherited role", item, here)
        why_not_admin = "admin may do everything and inherits from nobody"
        name = desk.role(found.get("role_name"), step(here, "role_name"), why_not_admin)
        roles = desk.roles(found.get("role_set"), step(here, "role_set"), "nobody can inherit what admin may do")
        if name in heritage:
            desk.refuse(here, f'two inherited roles are named "{name}"')
        if name is not None:
            heritage[name] = roles
    return heritage


def import_unseeing(value: Any, desk: Desk, path: str) -> tuple[str, ...]:
    """The roles that may not look at their own schema."""
    found = desk.open("the introspection of the schema", value or {}, path)
    why_not_admin = "admin may always look at the schema"
    return desk.roles(found.get("disabled_for_roles"), step(path, "disabled_for_roles"), why_not_admin)


def roles_of(
    named: Iterable[str], heritage: Heritage, unseeing: Iterable[str], limits: ImportedLimits, at: Mark
) -> dict[str, RoleRules]:
    """Every role that something names, by name."""
    parents = (parent for above in heritage.values() for parent in above)
    hidden = frozenset(unseeing)
    return {
        name: RoleRules(
            name=name,
            at=at,
            inherits=tuple((parent, at) for parent in heritage.get(name, ())),
            introspection=name not in hidden,
            limits=limits.by_role.get(name, NO_LIMITS),
        )
        for name in sorted({*named, *heritage, *parents, *hidden, *limits.by_role})
    }
