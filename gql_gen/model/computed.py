"""Computed fields: functions of a row, found in the catalogue and named.

What cannot be carried is a fault, and is left out. Single values are a role's when its select rule lists them; rows are
whoever's may select from the table they are of, under that table's own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gql_gen.catalog.types import Catalog, Function, Ident
from gql_gen.model.drafts import Draft, Sources
from gql_gen.model.functions import Unfit, check_scalar, function_of, row_place, session_place
from gql_gen.model.owners import TypeOwners
from gql_gen.model.parameters import parameters_of
from gql_gen.model.scalars import Names, scalar_of
from gql_gen.model.types import ComputedField, Entity, Link, Routine, Scalar
from gql_gen.names import (
    RESERVED_FIELDS,
    aggregate_field_name,
    is_graphql_name,
    table_base_name,
    with_affixes,
)
from gql_gen.rules.faults import Faults, nearest
from gql_gen.rules.types import ComputedFieldRules, Rules, SelectRule, TableRules


def computed_fields(
    draft: Draft, links: Mapping[str, Link], drafts: Mapping[Ident, Draft], types: TypeOwners, sources: Sources
) -> dict[str, ComputedField]:
    """The computed fields of one table by name."""
    taken = {*draft.fields, *links}
    naming = sources.rules.naming
    taken |= {aggregate_field_name(link.name, naming) for link in links.values() if link.kind == "array"}
    found: dict[str, ComputedField] = {}
    for rules in draft.rules.computed_fields:
        try:
            found[rules.name] = _field(rules, draft, drafts, types, sources, taken)
        except Unfit as unfit:
            message = f'the computed field "{rules.name}" of {draft.ident} is left out: {unfit.message}'
            sources.faults.add(rules.at, message, unfit.hint)
    return found


def granted_computed(
    select: SelectRule, entity: Entity, table: TableRules, faults: Faults
) -> Mapping[str, ComputedField]:
    """What a select rule grants: the single values it lists, and all that return rows."""
    known = {field.name for field in table.computed_fields}
    for name in select.computed_fields:
        field = entity.computed.get(name)
        if name not in known:
            faults.add(select.at, f'{entity.ident} has no computed field "{name}"', nearest(name, known))
        elif field is not None and isinstance(field.returns, Ident):
            message = f'the computed field "{name}" of {entity.ident} returns rows of {field.returns}'
            faults.add(select.at, message, f"it is there for whoever may select from {field.returns}: do not list it")
    return MappingProxyType(
        {
            name: field
            for name, field in entity.computed.items()
            if isinstance(field.returns, Ident) or name in select.computed_fields
        }
    )


# ---------------------------------------------------------------- one field


def _field(
    rules: ComputedFieldRules,
    draft: Draft,
    drafts: Mapping[Ident, Draft],
    types: TypeOwners,
    sources: Sources,
    taken: set[str],
) -> ComputedField:
    _check_name(rules.name, taken)
    function = function_of(rules, draft.ident, sources.catalog)
    row = row_place(function, rules)
    session = session_place(function, rules.session_argument, row, sources.catalog)
    parameters = parameters_of(function, row, session, types.scalars, sources.catalog)
    returns = _returns(function, drafts, types.scalars, sources.catalog)
    if function.volatility == "volatile":
        raise Unfit(f"{function.ident} is volatile, and may write: a query must not", "declare it stable")
    name = _arguments_type(rules, draft, sources.rules)
    if any(parameter.filled_by == "caller" for parameter in parameters):
        owner = types.claim(name, f"that of the computed field {draft.ident}.{rules.name}")
        if owner is not None:
            raise Unfit(f'the type of its arguments, "{name}", would clash with {owner}', "choose another name")
    comment = function.comment if rules.comment is None else rules.comment
    routine = Routine(function.ident, parameters, draft.ident, tuple(draft.relation.columns))
    return ComputedField(rules.name, routine, returns, name, comment)


def _check_name(name: str, taken: set[str]) -> None:
    if not is_graphql_name(name) or name in RESERVED_FIELDS:
        raise Unfit("GraphQL does not allow the name", "choose another name")
    if name in taken:
        raise Unfit("a column or relationship is called the same", "choose another name")


def _arguments_type(rules: ComputedFieldRules, draft: Draft, all_rules: Rules) -> str:
    """In snake case whatever the naming, as Hasura has it."""
    table, custom = draft.ident, all_rules.customization
    base = table_base_name(table.schema, table.name, draft.rules.name, "hasura")
    name = f"{rules.name}_{base}_args"
    return with_affixes(name, custom.type_names_prefix, custom.type_names_suffix, all_rules.naming)


def _returns(function: Function, drafts: Mapping[Ident, Draft], scalars: Names, catalog: Catalog) -> Scalar | Ident:
    relation = function.returns_relation
    if function.returns_set and relation is not None:
        if relation not in drafts:
            raise Unfit(f"{function.ident} returns rows of {relation}, which is not tracked", f"list {relation}")
        return relation
    if function.returns_set:
        raise Unfit(f"{function.ident} returns a set of {function.returns.name}, not rows of a tracked table")
    if relation is not None:
        raise Unfit(f"{function.ident} returns one row of {relation}", f"declare it `returns setof {relation.name}`")
    check_scalar(function, function.returns, "returns", catalog)
    return scalar_of(function.returns, catalog, scalars)
