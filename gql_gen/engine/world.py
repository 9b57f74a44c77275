"""One moment of the database and the rules: model, roles, caches. Replaced whole, never edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.engine.cache import PlanCache
from gql_gen.engine.settings import EngineSettings
from gql_gen.model.build import build_model
from gql_gen.model.roles import check_all_roles, role_model
from gql_gen.model.types import Model, RoleModel
from gql_gen.rules.types import Fault, Rules

EnumRows = Mapping[Ident, tuple[tuple[str, str | None], ...]]
_ROLES = 512
"""Roles beyond those the rules name may be asked for by an admin; their empty models are not kept without end."""


class Role:
    """One role's model and GraphQL types."""

    __slots__ = ("model", "name", "schema")

    def __init__(self, model: RoleModel, settings: EngineSettings) -> None:
        self.name = model.role
        self.model = model
        self.schema = RoleSchema(model, stringify_numeric_types=settings.stringify_numeric_types)


class World:
    """The model with everything derived from it. Roles are made on first use."""

    def __init__(
        self, catalog: Catalog, rules: Rules, enum_rows: EnumRows, settings: EngineSettings, generation: int
    ) -> None:
        self.catalog = catalog
        self.rules = rules
        self.enum_rows = enum_rows
        self.generation = generation
        self.model: Model = build_model(catalog, rules, enum_rows)
        self.faults: tuple[Fault, ...] = check_all_roles(self.model, rules).faults
        self.cache = PlanCache(settings.plan_cache_bytes)
        self._settings = settings
        self._roles: dict[str, Role] = {}
        self._withdrawn: frozenset[tuple[str, Ident]] = frozenset()

    def role(self, name: str) -> Role:
        found = self._roles.get(name)
        if found is None:
            found = Role(_without(role_model(self.model, self.rules, name), self._withdrawn), self._settings)
            if len(self._roles) < _ROLES:
                self._roles[name] = found
        return found

    def withdraw(self, role: str, relation: Ident, fault: Fault) -> None:
        """Takes a table away from a role. Only while the world is being built, before it answers anything."""
        self._withdrawn |= {(role, relation)}
        self.faults = (*self.faults, fault)
        self._roles.pop(role, None)


def _without(model: RoleModel, withdrawn: frozenset[tuple[str, Ident]]) -> RoleModel:
    """The role's model without the tables withdrawn from it, and without the relationships that lead there."""
    kept = {ident: entity for ident, entity in model.entities.items() if (model.role, ident) not in withdrawn}
    if len(kept) == len(model.entities):
        return model
    linked = {
        ident: replace(entity, links={name: link for name, link in entity.links.items() if link.target in kept})
        for ident, entity in kept.items()
    }
    return replace(model, entities=linked)
