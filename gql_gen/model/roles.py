"""Model × rules of one role → RoleModel: what the role may see and do, row rules resolved.

Nothing here widens. A select rule with a fault takes the table away from the role, and with it every relationship that
leads there; a write rule with a fault is left out alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gql_gen.catalog.types import Ident, UniqueIndex, UniqueKey
from gql_gen.model.build import in_order
from gql_gen.model.predicates import TRUE, Pred
from gql_gen.model.resolve import resolve
from gql_gen.model.types import Entity, Field, Link, Model, RoleEntity, RoleModel
from gql_gen.model.writes import Writes, admin_writes, listed_columns, role_writes
from gql_gen.rules.faults import Faults
from gql_gen.rules.types import QueryRoot, Rules, SubscriptionRoot, TablePermissions
from gql_gen.session import ADMIN

_QUERY_ROOTS: frozenset[QueryRoot] = frozenset({"select", "select_by_pk", "select_aggregate"})
_SUBSCRIPTION_ROOTS: frozenset[SubscriptionRoot] = frozenset({*_QUERY_ROOTS, "select_stream"})


def role_model(model: Model, rules: Rules, role: str) -> RoleModel:
    """Everything one role may see and do. A role that the rules do not name sees nothing."""
    return _role_model(model, rules, role, Faults())


def check_all_roles(model: Model, rules: Rules) -> Model:
    """The same model with the faults of every role's rules among its own."""
    faults = Faults(list(model.faults))
    for role in sorted(model.roles - {ADMIN}):
        _role_model(model, rules, role, faults)
    return replace(model, faults=in_order(faults))


def _role_model(model: Model, rules: Rules, role: str, faults: Faults) -> RoleModel:
    seen: dict[Ident, RoleEntity] = {}
    for ident, entity in model.entities.items():
        grant = _admin_grant(entity) if role == ADMIN else _grant(entity, model, rules, role, faults)
        if grant is not None:
            seen[ident] = _role_entity(entity, grant)
    linked = {ident: replace(entity, links=_links(entity.entity, seen)) for ident, entity in seen.items()}
    return RoleModel(role, role == ADMIN, MappingProxyType(linked), model)


def _links(entity: Entity, seen: Mapping[Ident, RoleEntity]) -> Mapping[str, Link]:
    return MappingProxyType({name: link for name, link in entity.links.items() if link.target in seen})


# ---------------------------------------------------------------- what is granted on one table


@dataclass(frozen=True, slots=True)
class _Grant:
    """A select rule with its names and its filter resolved, and the write rules beside it."""

    fields: Mapping[str, Field]
    rule: Pred
    limit: int | None
    allow_aggregations: bool
    query_roots: frozenset[QueryRoot]
    subscription_roots: frozenset[SubscriptionRoot]
    writes: Writes


def _admin_grant(entity: Entity) -> _Grant:
    return _Grant(entity.fields, TRUE, None, True, _QUERY_ROOTS, _SUBSCRIPTION_ROOTS, admin_writes(entity))


def _grant(entity: Entity, model: Model, rules: Rules, role: str, faults: Faults) -> _Grant | None:
    """None when the role may not select from the table, or when its select rule has a fault."""
    permissions = rules.tables[entity.ident].permissions.get(role)
    if permissions is None:
        return None
    writes = role_writes(permissions, entity, model, rules, faults)
    return _select_grant(permissions, entity, model, rules, writes, faults)


def _select_grant(
    permissions: TablePermissions, entity: Entity, model: Model, rules: Rules, writes: Writes, faults: Faults
) -> _Grant | None:
    select = permissions.select
    if select is None:
        return None
    columns = listed_columns(select.columns, entity, rules, faults)
    rule, wrong = resolve(select.filter, entity.ident, model, rules.named)
    faults.found.extend(wrong)
    if columns is None or rule is None:
        return None
    fields = {name: field for name, field in entity.fields.items() if field.sql in columns}
    return _Grant(
        MappingProxyType(fields),
        rule,
        select.limit,
        select.allow_aggregations,
        _QUERY_ROOTS if select.query_root_fields is None else select.query_root_fields,
        _SUBSCRIPTION_ROOTS if select.subscription_root_fields is None else select.subscription_root_fields,
        writes,
    )


def _role_entity(entity: Entity, grant: _Grant) -> RoleEntity:
    columns = frozenset(field.sql for field in grant.fields.values())
    by_primary_key = bool(entity.primary_key) and columns.issuperset(entity.primary_key)
    absent = {root for root in _SUBSCRIPTION_ROOTS if root not in entity.root_fields}
    absent |= set() if by_primary_key else {"select_by_pk"}
    absent |= set() if grant.allow_aggregations else {"select_aggregate"}
    return RoleEntity(
        entity=entity,
        fields=grant.fields,
        links=MappingProxyType({}),
        rule=grant.rule,
        limit=grant.limit,
        allow_aggregations=grant.allow_aggregations,
        query_roots=grant.query_roots - absent,
        subscription_roots=grant.subscription_roots - absent,
        columns=columns,
        by_primary_key=by_primary_key,
        unique_keys=_unique_keys(entity, columns),
        unique_indexes=_unique_indexes(entity, columns),
        insert=grant.writes.insert,
        update=grant.writes.update,
        delete=grant.writes.delete,
    )


def _unique_keys(entity: Entity, columns: frozenset[str]) -> tuple[UniqueKey, ...]:
    """The primary key and the unique constraints over readable columns, each once."""
    relation = entity.relation
    primary = () if relation.primary_key is None else (relation.primary_key,)
    return tuple(key for key in dict.fromkeys((*primary, *relation.unique_keys)) if columns.issuperset(key.columns))


def _unique_indexes(entity: Entity, columns: frozenset[str]) -> tuple[UniqueIndex, ...]:
    """Indexes over readable columns alone: what an expression reads is not known, so it counts as unreadable."""
    return tuple(
        index
        for index in entity.relation.unique_indexes
        if all(column is not None and column in columns for column in index.columns)
    )
