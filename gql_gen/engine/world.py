"""One moment of the database and the rules: model, roles, caches. Replaced whole, never edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gql_gen.ask import Dialect
from gql_gen.catalog.types import Catalog, Ident
from gql_gen.dialects.document import Limits, Operation
from gql_gen.dialects.hasura.relay_schema import RelaySchema
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.engine.allowed import read_allow_list
from gql_gen.engine.cache import PlanCache
from gql_gen.engine.limits import check_measures, limits_of, with_row_limit
from gql_gen.engine.settings import EngineSettings
from gql_gen.introspect.view_keys import with_joins
from gql_gen.model.build import build_model
from gql_gen.model.roles import checked_roles, has_backend_rules, role_model, without
from gql_gen.model.types import Model, RoleModel, WriteKind
from gql_gen.rules.types import Fault, LimitRules, Rules
from gql_gen.session import ADMIN

EnumRows = Mapping[Ident, tuple[tuple[str, str | None], ...]]
_ROLES = 512
"""Roles beyond those the rules name may be asked for by an admin; their empty models are not kept without end."""


class Role:
    """One role's model and GraphQL types, and what its documents are read within. `is_backend`: what is marked
    backend_only is among them."""

    __slots__ = ("_relay", "_settings", "is_backend", "model", "name", "reading", "schema")

    def __init__(self, model: RoleModel, settings: EngineSettings, reading: Limits) -> None:
        self.name = model.role
        self.reading = reading
        self.is_backend = model.is_backend
        self.model = model
        self.schema = RoleSchema(model, stringify_numeric_types=settings.stringify_numeric_types)
        self._settings = settings
        self._relay: RelaySchema | None = None

    def schema_of(self, dialect: Dialect) -> RoleSchema:
        """The types that a document of the dialect is read by."""
        if dialect == "hasura":
            return self.schema
        if self._relay is None:
            self._relay = RelaySchema(self.model, stringify_numeric_types=self._settings.stringify_numeric_types)
        return self._relay


class World:
    """The model with everything derived from it. Roles are made on first use."""

    def __init__(
        self, catalog: Catalog, rules: Rules, enum_rows: EnumRows, settings: EngineSettings, generation: int
    ) -> None:
        if settings.infer_function_permissions is not None:
            rules = replace(rules, infer_function_permissions=settings.infer_function_permissions)
        catalog = with_joins(catalog, rules.tables)
        self.catalog = catalog
        self.rules = rules
        self.enum_rows = enum_rows
        self.generation = generation
        self.model: Model = build_model(catalog, rules, enum_rows)
        checked, self._checked_roles = checked_roles(self.model, rules)
        self.faults: tuple[Fault, ...] = checked.faults
        self.cache = PlanCache(settings.plan_cache_bytes)
        self._allow_list = read_allow_list(rules, settings.allow_list, settings.limits)
        if self._allow_list is not None:
            self.faults += self._allow_list.faults
        self._limits = {role: limits_of(rules, role) for role in {ADMIN, *rules.roles, *self.model.roles}}
        self._other_limits = limits_of(rules, "")
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
            found = Role(self._role_model(*key), self._settings, self._reading(name))
            if len(self._roles) < _ROLES:
                self._roles[key] = found
        return found

    def limits(self, role: str) -> LimitRules:
        """What bounds the role's operations; None where nothing does."""
        return self._limits.get(role, self._other_limits)

    def admit(self, operation: Operation, role: str) -> None:
        """Refuses what the role may not ask, whatever it would be answered: once for each document and role."""
        if role == ADMIN:
            return
        if self._allow_list is not None:
            self._allow_list.check(operation, role)
        check_measures(operation, self.limits(role))

    def _reading(self, role: str) -> Limits:
        named = self.rules.roles.get(role)
        is_open = role == ADMIN or named is None or named.introspection
        return replace(self._settings.limits, introspection=is_open)

    def _role_model(self, name: str, is_backend: bool) -> RoleModel:
        model = self._checked_model(name, is_backend)
        tables = [ident for role, ident in self._lost_tables if role == name]
        writes = [(ident, kind) for role, ident, kind in self._lost_writes if role == name]
        model = without(model, tables, writes) if tables or writes else model
        return with_row_limit(model, self.limits(name).rows)

    def _checked_model(self, name: str, is_backend: bool) -> RoleModel:
        """What checking the rules has made already, where it is the same: without backend_only rules only the mark."""
        if name in self._checked_roles and (is_backend or name not in self._backend_roles):
            return replace(self._checked_roles[name], is_backend=is_backend)
        return role_model(self.model, self.rules, name, is_backend)

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
