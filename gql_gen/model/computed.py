"""Computed fields: functions of a row, found in the catalogue and named.

What cannot be carried is a fault, and is left out. Single values are a role's when its select rule lists them; rows are
whoever's may select from the table they are of, under that table's own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gql_gen.catalog.types import Argument, Catalog, Function, Ident
from gql_gen.model.drafts import Draft, Sources, type_names
from gql_gen.model.functions import Unfit, check_scalar, function_of, row_place, session_place
from gql_gen.model.scalars import Names, scalar_of
from gql_gen.model.types import ComputedField, Entity, Link, Parameter, Scalar
from gql_gen.names import (
    RESERVED_FIELDS,
    RESERVED_TYPES,
    aggregate_field_name,
    is_graphql_name,
    table_base_name,
    with_affixes,
)
from gql_gen.rules.faults import Faults, nearest
from gql_gen.rules.types import ComputedFieldRules, Rules, SelectRule, TableRules


class TypeOwners:
    """The names of types that are taken, each with whose it is."""

    def __init__(self, drafts: Mapping[Ident, Draft], scalars: Names, rules: Rules) -> None:
        self.scalars = scalars
        self._owners = dict.fromkeys(RESERVED_TYPES, "a type of GraphQL itself")
        self._owners |= {name: f"the type {ident}" for ident, name in scalars.items()}
        for draft in drafts.values():
            self._owners |= dict.fromkeys(type_names(draft, rules), f"a type of {draft.ident}")

    def claim(self, name: str, owner: str) -> str | None:
        """Whose the name is already; None when it was free, and now is the owner's."""
        found = self._owners.get(name)
        if found is None:
            self._owners[name] = owner
        return found


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
    parameters = _parameters(function, rules, types.scalars, sources.catalog)
    returns = _returns(function, drafts, types.scalars, sources.catalog)
    name = _arguments_type(rules, draft, sources.rules)
    if any(parameter.filled_by == "caller" for parameter in parameters):
        owner = types.claim(name, f"that of the computed field {draft.ident}.{rules.name}")
        if owner is not None:
            raise Unfit(f'the type of its arguments, "{name}", would clash with {owner}', "choose another name")
    comment = function.comment if rules.comment is None else rules.comment
    row = tuple(draft.relation.columns)
    return ComputedField(rules.name, function.ident, draft.ident, row, parameters, returns, name, comment)


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


# ---------------------------------------------------------------- parameters


def _parameters(
    function: Function, rules: ComputedFieldRules, scalars: Names, catalog: Catalog
) -> tuple[Parameter, ...]:
    row, session = row_place(function, rules), session_place(function, rules, catalog)
    found: list[Parameter] = []
    nameless = 0
    for place, argument in enumerate(function.arguments):
        if place == row:
            parameter = Parameter("", argument.name or None, argument.type, None, "row", argument.has_default)
        else:
            nameless += not argument.name
            name = argument.name or f"arg_{nameless}"
            parameter = _given(function, name, argument, scalars, catalog, is_session=place == session)
        _check_place(function, parameter, found)
        found.append(parameter)
    return tuple(found)


def _given(
    function: Function, name: str, argument: Argument, scalars: Names, catalog: Catalog, *, is_session: bool
) -> Parameter:
    check_scalar(function, argument.type, f'takes "{name}" as', catalog)
    scalar = scalar_of(argument.type, catalog, scalars)
    return Parameter(
        name,
        argument.name or None,
        argument.type,
        scalar,
        "session" if is_session else "caller",
        argument.has_default,
    )


def _check_place(function: Function, parameter: Parameter, before: list[Parameter]) -> None:
    """What a caller names needs a name of its own; what always goes along needs a way to go along when something
    before it is left out."""
    if parameter.filled_by == "caller":
        if not is_graphql_name(parameter.name):
            raise Unfit(f'{function.ident} has the argument "{parameter.name}", which GraphQL cannot spell')
        if any(other.name == parameter.name for other in before):
            raise Unfit(f'{function.ident} has two arguments that are called "{parameter.name}"')
    elif parameter.sql is None and any(other.has_default and other.filled_by == "caller" for other in before):
        raise Unfit(f"{function.ident} takes the row after arguments with defaults: give that argument a name")
