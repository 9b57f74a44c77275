"""Model × rules of one role → RoleModel: what the role may see and do, row rules resolved.

Nothing here widens. A select rule with a fault takes the table away from the role, whatever it may write there, and
with it every relationship that leads there; a write rule with a fault is left out alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gql_gen.catalog.types import Ident
from gql_gen.model.build import in_order
from gql_gen.model.computed import granted_computed
from gql_gen.model.constraints import conflict_targets, revealed_constraints, unique_indexes, unique_keys
from gql_gen.model.predicates import FALSE, TRUE, Pred
from gql_gen.model.resolve import resolve
from gql_gen.model.types import ComputedField, Entity, Field, Link, Model, RoleEntity, RoleModel, WriteKind, WriteRule
from gql_gen.model.writes import Writes, admin_writes, listed_columns, role_writes
from gql_gen.rules.faults import Faults
from gql_gen.rules.types import QueryRoot, Rules, SelectRule, SubscriptionRoot
from gql_gen.session import ADMIN

_QUERY_ROOTS: frozenset[QueryRoot] = frozenset({"select", "select_by_pk", "select_aggregate"})
_SUBSCRIPTION_ROOTS: frozenset[SubscriptionRoot] = frozenset({*_QUERY_ROOTS, "select_stream"})


def role_model(model: Model, rules: Rules, role: str, is_backend: bool = False) -> RoleModel:
    """Everything one role may see and do; what is marked backend_only only for `is_backend`. A role that the rules do
    not name sees nothing."""
    return _role_model(model, rules, role, is_backend, Faults())


def has_backend_rules(rules: Rules, role: str) -> bool:
    """Whether the role may do more when its caller shows the admin secret as well."""
    permissions = (table.permissions.get(role) for table in rules.tables.values())
    return any(
        rule.backend_only
        for found in permissions
        if found is not None
        for rule in (found.insert, found.update, found.delete)
        if rule is not None
    )


def check_all_roles(model: Model, rules: Rules) -> Model:
    """The same model with the faults of every role's rules among its own."""
    faults = Faults(list(model.faults))
    for role in sorted(model.roles - {ADMIN}):
        _role_model(model, rules, role, True, faults)
    return replace(model, faults=in_order(faults))


def without(model: RoleModel, tables: Collection[Ident], writes: Collection[tuple[Ident, WriteKind]]) -> RoleModel:
    """The role's model without these tables and without these ways to write, and without what leads there."""
    kept: dict[Ident, RoleEntity] = {}
    for ident, entity in model.entities.items():
        lost = {kind for at, kind in writes if at == ident}
        found = _only_writing(entity, _writes_of(entity).without(lost)) if lost else entity
        if ident not in tables and (found.is_selectable or _is_written(found)):
            kept[ident] = found
    return _linked(model, kept)


def _role_model(model: Model, rules: Rules, role: str, is_backend: bool, faults: Faults) -> RoleModel:
    seen: dict[Ident, RoleEntity] = {}
    for ident, entity in model.entities.items():
        grant = _admin_grant(entity) if role == ADMIN else _grant(entity, model, rules, role, faults)
        if grant is None:
            continue
        writes = grant.writes if is_backend else grant.writes.for_everyone()
        found = _only_writing(_role_entity(entity, grant), writes)
        if found.is_selectable or _is_written(found):
            seen[ident] = found
    return _linked(RoleModel(role, role == ADMIN, {}, model, is_backend), seen)


def _linked(model: RoleModel, seen: Mapping[Ident, RoleEntity]) -> RoleModel:
    """The model of these entities, each with the relationships that lead to one of them."""
    readable = {ident for ident, entity in seen.items() if entity.is_selectable}
    written = {ident for ident, entity in seen.items() if _is_written(entity)}
    linked = {
        ident: replace(
            entity,
            links=_links_to(entity.entity, readable if entity.is_selectable else ()),
            computed=_computed_from(entity, readable),
            amendable=_amendable(entity, model.model),
            write_links=_links_to(entity.entity, written),
        )
        for ident, entity in seen.items()
    }
    return replace(model, entities=MappingProxyType(linked))


def _amendable(entity: RoleEntity, model: Model) -> frozenset[str]:
    """Building on a value can tell it: by what fails, and by what a check lets through."""
    columns = frozenset(field.sql for field in entity.update_fields.values())
    return columns if model.writes_ignore_select else columns & entity.columns


def _links_to(entity: Entity, targets: Collection[Ident]) -> Mapping[str, Link]:
    return MappingProxyType({name: link for name, link in entity.links.items() if link.target in targets})


def _computed_from(entity: RoleEntity, targets: Collection[Ident]) -> Mapping[str, ComputedField]:
    """Without those that return rows of what the role cannot select from."""
    found = entity.computed.items()
    return MappingProxyType(
        {name: field for name, field in found if not isinstance(field.returns, Ident) or field.returns in targets}
    )


# ---------------------------------------------------------------- what is granted on one table


@dataclass(frozen=True, slots=True)
class _Reads:
    """A select rule with its names and its filter resolved."""

    fields: Mapping[str, Field]
    rule: Pred
    limit: int | None
    allow_aggregations: bool
    query_roots: frozenset[QueryRoot]
    subscription_roots: frozenset[SubscriptionRoot]
    computed: Mapping[str, ComputedField]


_NOTHING = _Reads(MappingProxyType({}), FALSE, None, False, frozenset(), frozenset(), MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class _Grant:
    """`reads` None: the role may not select. `revealed` as in RoleEntity."""

    reads: _Reads | None
    writes: Writes
    revealed: frozenset[str] | None


def _admin_grant(entity: Entity) -> _Grant:
    reads = _Reads(entity.fields, TRUE, None, True, _QUERY_ROOTS, _SUBSCRIPTION_ROOTS, entity.computed)
    return _Grant(reads, admin_writes(entity), None)


def _grant(entity: Entity, model: Model, rules: Rules, role: str, faults: Faults) -> _Grant | None:
    """None when the role has no permission on the table, or when its select rule has a fault: a role that was to see
    some rows, and sees none, must not go on changing what it cannot look at."""
    table = rules.tables[entity.ident]
    permissions = table.permissions.get(role)
    if permissions is None:
        return None
    writes = role_writes(permissions, entity, model, rules, faults)
    select = permissions.select
    reads = None if select is None else _reads(select, entity, model, rules, faults)
    if select is not None and reads is None:
        return None
    return _Grant(reads, writes, revealed_constraints(table, rules))


def _reads(select: SelectRule, entity: Entity, model: Model, rules: Rules, faults: Faults) -> _Reads | None:
    columns = listed_columns(select.columns, entity, rules, faults)
    rule, wrong = resolve(select.filter, entity.ident, model, rules.named)
    faults.found.extend(wrong)
    if columns is None or rule is None:
        return None
    return _Reads(
        _fields_of(entity, columns),
        rule,
        select.limit,
        select.allow_aggregations,
        _QUERY_ROOTS if select.query_root_fields is None else select.query_root_fields,
        _SUBSCRIPTION_ROOTS if select.subscription_root_fields is None else select.subscription_root_fields,
        granted_computed(select, entity, rules.tables[entity.ident], faults),
    )


def _role_entity(entity: Entity, grant: _Grant) -> RoleEntity:
    """What the grant lets be read."""
    reads = grant.reads or _NOTHING
    columns = frozenset(field.sql for field in reads.fields.values())
    by_primary_key = bool(entity.primary_key) and columns.issuperset(entity.primary_key)
    absent = {root for root in _SUBSCRIPTION_ROOTS if root not in entity.root_fields}
    absent |= set() if by_primary_key else {"select_by_pk"}
    absent |= set() if reads.allow_aggregations else {"select_aggregate"}
    return RoleEntity(
        entity=entity,
        fields=reads.fields,
        links=MappingProxyType({}),
        rule=reads.rule,
        limit=reads.limit,
        allow_aggregations=reads.allow_aggregations,
        query_roots=reads.query_roots - absent,
        subscription_roots=reads.subscription_roots - absent,
        columns=columns,
        by_primary_key=by_primary_key,
        unique_keys=unique_keys(entity.relation, columns),
        unique_indexes=unique_indexes(entity.relation, columns) if columns else (),
        is_selectable=grant.reads is not None,
        computed=reads.computed,
        revealed_constraints=grant.revealed,
    )


# ---------------------------------------------------------------- what may be written


def _only_writing(seen: RoleEntity, writes: Writes) -> RoleEntity:
    """The same to read, and these rules to write by."""
    insert, update = writes.insert, writes.update
    given = frozenset[str]() if insert is None else insert.columns
    return replace(
        seen,
        insert=insert,
        update=update,
        delete=writes.delete,
        insert_fields=_fields_of(seen.entity, given),
        update_fields=_fields_of(seen.entity, frozenset() if update is None else update.columns),
        conflict_targets=() if insert is None else conflict_targets(seen.entity.relation, seen.columns | given),
    )


def _writes_of(seen: RoleEntity) -> Writes:
    return Writes(seen.insert, seen.update, seen.delete)


def _is_written(seen: RoleEntity) -> bool:
    rules: tuple[WriteRule | None, ...] = (seen.insert, seen.update, seen.delete)
    return any(rule is not None for rule in rules)


def _fields_of(entity: Entity, columns: frozenset[str]) -> Mapping[str, Field]:
    """The fields that show these columns, in the entity's order."""
    return MappingProxyType({name: field for name, field in entity.fields.items() if field.sql in columns})
