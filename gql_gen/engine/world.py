"""One moment of the database and the rules: model, roles, caches. Replaced whole, never edited."""

from __future__ import annotations

from collections.abc import Mapping

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.engine.cache import PlanCache
from gql_gen.engine.settings import EngineSettings
from gql_gen.model.build import build_model
from gql_gen.model.roles import check_all_roles, has_backend_rules, role_model, without
from gql_gen.model.types import Model, RoleModel, WriteKind
from gql_gen.rules.types import Fault, Rules

EnumRows = Mapping[Ident, tuple[tuple[str, str | None], ...]]
_ROLES = 512
"""Roles beyond those the rules name may be asked for by an admin; their empty models are not kept without end."""


class Role:
    """One role's model and GraphQL types. `is_backend`: what is marked backend_only is among them."""

    __slots__ = ("is_backend", "model", "name", "schema")

    def __init__(self, model: RoleModel, settings: EngineSettings) -> None:
        self.name = model.role
        self.is_backend = model.is_backend
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
        self._backend_roles = frozenset(role for role in self.model.roles if has_backend_rules(rules, role))
        self._roles: dict[tuple[str, bool], Role] = {}
        self._lost_tables: frozenset[tuple[str, Ident]] = frozenset()
        self._lost_writes: frozenset[tuple[str, Ident, WriteKind]] = frozenset()

    def role(self, name: str, is_backend: bool = False) -> Role:
        """The role as its caller has it. `is_backend` makes another one only where the role has backend_only rules."""
        key = (name, is_backend and name in self._backend_roles)
        found = self._roles.get(key)
        if found is None:
            found = Role(self._role_model(*key), self._settings)
            if len(self._roles) < _ROLES:
                self._roles[key] = found
        return found

    def _role_model(self, name: str, is_backend: bool) -> RoleModel:
        model = role_model(self.model, self.rules, name, is_backend)
        tables = [ident for role, ident in self._lost_tables if role == name]
        writes = [(ident, kind) for role, ident, kind in self._lost_writes if role == name]
        return without(model, tables, writes) if tables or writes else model

    def withdraw(self, role: str, relation: Ident, fault: Fault) -> None:
        """Takes a table away from a role. Only while the world is being built, before it answers anything."""
        self._lost_tables |= {(role, relation)}
        self._lose(role, fault)

    def withdraw_write(self, role: str, relation: Ident, kind: WriteKind, fault: Fault) -> None:
        """Takes one way of writing to a table away from a role, as `withdraw` takes the table."""
        self._lost_writes |= {(role, relation, kind)}
        self._lose(role, fault)

    def _lose(self, role: str, fault: Fault) -> None:
        self.faults = (*self.faults, fault)
        for is_backend in (False, True):
            self._roles.pop((role, is_backend), None)
