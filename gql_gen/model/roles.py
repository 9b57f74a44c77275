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
from gql_gen.model.constraints import conflict_targets, revealed_constraints, unique_indexes, unique_keys
from gql_gen.model.grants import NOTHING, SUBSCRIPTION_ROOTS, Reads, all_reads, fields_of, reads_of
from gql_gen.model.inheritance import family, select_grants
from gql_gen.model.tracked import granted_functions
from gql_gen.model.types import ComputedField, Entity, Link, Model, RoleEntity, RoleModel, WriteKind, WriteRule
from gql_gen.model.writes import Writes, admin_writes, inherited_writes
from gql_gen.rules.faults import Faults
from gql_gen.rules.types import Rules
from gql_gen.session import ADMIN


def role_model(model: Model, rules: Rules, role: str, is_backend: bool = False) -> RoleModel:
    """Everything one role may see and do; what is marked backend_only only for `is_backend`. A role that the rules do
    not name sees nothing."""
    return _role_model(model, rules, role, is_backend, Faults())


def has_backend_rules(rules: Rules, role: str) -> bool:
    """Whether the role may do more when its caller shows the admin secret as well."""
    names = tuple(family(role, rules))
    permissions = (table.permissions.get(name) for table in rules.tables.values() for name in names)
    return any(
        rule.backend_only
        for found in permissions
        if found is not None
        for rule in (found.insert, found.update, found.delete)
        if rule is not None
    )


def check_all_roles(model: Model, rules: Rules) -> Model:
    """The same model with the faults of every role's rules among its own."""
    return checked_roles(model, rules)[0]


def checked_roles(model: Model, rules: Rules) -> tuple[Model, Mapping[str, RoleModel]]:
    """As `check_all_roles`, with the models that it made on the way: every role's but the admin's, as a backend's
    caller has it."""
    faults = Faults(list(model.faults))
    made = {role: _role_model(model, rules, role, True, faults) for role in sorted(model.roles - {ADMIN})}
    return replace(model, faults=in_order(faults)), made


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
    functions = granted_functions(model, rules, role)
    return _linked(RoleModel(role, role == ADMIN, {}, model, is_backend, functions), seen)


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
    functions = {
        ident: function
        for ident, function in model.functions.items()
        if not isinstance(function.returns, Ident) or function.returns in readable
    }
    return replace(model, entities=MappingProxyType(linked), functions=MappingProxyType(functions))


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
class _Grant:
    """`reads` None: the role may not select. `revealed` as in RoleEntity."""

    reads: Reads | None
    writes: Writes
    revealed: frozenset[str] | None


def _admin_grant(entity: Entity) -> _Grant:
    return _Grant(all_reads(entity), admin_writes(entity), None)


def _grant(entity: Entity, model: Model, rules: Rules, role: str, faults: Faults) -> _Grant | None:
    """None when the role has no permission on the table, or when its select rule has a fault: a role that was to see
    some rows, and sees none, must not go on changing what it cannot look at."""
    table = rules.tables[entity.ident]
    if not any(name in table.permissions for name in family(role, rules)):
        return None
    writes = inherited_writes(role, entity, model, rules, faults)
    grants = select_grants(table, role, rules)
    reads = reads_of(grants, entity, model, rules, faults) if grants else None
    if grants and reads is None:
        return None
    return _Grant(reads, writes, revealed_constraints(table, rules))


def _role_entity(entity: Entity, grant: _Grant) -> RoleEntity:
    """What the grant lets be read."""
    reads = grant.reads or NOTHING
    columns = frozenset(field.sql for field in reads.fields.values())
    always = columns - reads.guards.keys()
    by_primary_key = bool(entity.primary_key) and columns.issuperset(entity.primary_key)
    absent = {root for root in SUBSCRIPTION_ROOTS if root not in entity.root_fields}
    absent |= set() if by_primary_key else {"select_by_pk"}
    absent |= set() if reads.aggregate_rule is not None else {"select_aggregate"}
    return RoleEntity(
        entity=entity,
        fields=reads.fields,
        links=MappingProxyType({}),
        rule=reads.rule,
        limit=reads.limit,
        aggregate_rule=reads.aggregate_rule,
        query_roots=reads.query_roots - absent,
        subscription_roots=reads.subscription_roots - absent,
        columns=columns,
        by_primary_key=by_primary_key,
        unique_keys=unique_keys(entity.relation, always),
        unique_indexes=unique_indexes(entity.relation, always) if always else (),
        is_selectable=grant.reads is not None,
        computed=reads.computed,
        guards=reads.guards,
        computed_guards=reads.computed_guards,
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
        insert_fields=fields_of(seen.entity, given),
        update_fields=fields_of(seen.entity, frozenset() if update is None else update.columns),
        conflict_targets=() if insert is None else conflict_targets(seen.entity.relation, seen.always_readable | given),
    )


def _writes_of(seen: RoleEntity) -> Writes:
    return Writes(seen.insert, seen.update, seen.delete)


def _is_written(seen: RoleEntity) -> bool:
    rules: tuple[WriteRule | None, ...] = (seen.insert, seen.update, seen.delete)
    return any(rule is not None for rule in rules)
