"""Tracked tables on their way into the model: found in the catalogue, named, their columns turned into fields.

Here every table and column name of the rules is checked. What cannot be carried is a fault, and is left out: a table
whose `hide:` names a column that is not there goes as a whole, since what was to be hidden may now be called otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gql_gen.catalog.types import Catalog, Column, Ident, Relation
from gql_gen.model.enums import EnumRows, enum_columns, enum_fault
from gql_gen.model.functions import called_types
from gql_gen.model.scalars import Names, scalar_names, scalar_of
from gql_gen.model.types import Field, Scalar
from gql_gen.names import (
    RESERVED_FIELDS,
    RESERVED_TYPES,
    TABLE_SUFFIXES,
    column_field_name,
    is_graphql_name,
    table_base_name,
    type_name,
    with_affixes,
)
from gql_gen.rules.faults import Faults, nearest
from gql_gen.rules.types import Rules, TableRules


@dataclass(frozen=True, slots=True)
class Draft:
    """A tracked table, named. `fields` is keyed by GraphQL name."""

    rules: TableRules
    relation: Relation
    base_name: str
    type_name: str
    enum_type: str | None = None
    enum_values: EnumRows | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)

    @property
    def ident(self) -> Ident:
        return self.relation.ident


@dataclass(frozen=True, slots=True)
class Sources:
    """What a model is built from, and where its faults are gathered."""

    catalog: Catalog
    rules: Rules
    enum_values: Mapping[Ident, EnumRows]
    faults: Faults


def draft_tables(sources: Sources) -> tuple[dict[Ident, Draft], Names]:
    """Every table that can be served, in the order of the rules, and what the types in use are called."""
    found = [
        (table, sources.catalog.relations[table.ident])
        for table in sources.rules.tables.values()
        if _is_sound_table(table, sources)
    ]
    columns = (column.type for _, relation in found for column in relation.columns.values())
    computed = (field.function for table, _ in found for field in table.computed_fields)
    called = called_types((*computed, *sources.rules.functions), sources.catalog)
    scalars = scalar_names(sources.catalog, (*columns, *called))
    named = _named_tables([_name_table(table, relation, sources) for table, relation in found], scalars, sources)
    drafts = {ident: replace(draft, fields=_fields(draft, named, scalars, sources)) for ident, draft in named.items()}
    return drafts, scalars


# ---------------------------------------------------------------- the tables themselves


def _is_sound_table(table: TableRules, sources: Sources) -> bool:
    relation = sources.catalog.relations.get(table.ident)
    if relation is None:
        hint = nearest(str(table.ident), map(str, sources.catalog.relations))
        sources.faults.add(table.at, f"the database has no table or view {table.ident}", hint)
        return False
    return _has_known_columns(table, relation, sources.faults) and _is_sound_enum(table, relation, sources)


def _has_known_columns(table: TableRules, relation: Relation, faults: Faults) -> bool:
    for name, setting in table.columns.items():
        if name not in relation.columns:
            faults.add(setting.at, f'{table.ident} has no column "{name}"', nearest(name, relation.columns))
    unknown = [(name, at) for name, at in table.hide if name not in relation.columns]
    for name, at in unknown:
        message = f'{table.ident} has no column "{name}" to hide; the table is left out'
        faults.add(at, message, nearest(name, relation.columns))
    return not unknown


def _is_sound_enum(table: TableRules, relation: Relation, sources: Sources) -> bool:
    if not table.is_enum:
        return True
    wrong = enum_fault(relation, sources.catalog, sources.enum_values.get(table.ident, ()))
    if wrong is not None:
        sources.faults.add(table.at, f"{table.ident} cannot be an enum: {wrong}; the table is left out")
    return wrong is None


# ---------------------------------------------------------------- type names


def _name_table(table: TableRules, relation: Relation, sources: Sources) -> Draft:
    rules = sources.rules
    base = table_base_name(table.ident.schema, table.ident.name, table.name, rules.naming)
    if not table.is_enum:
        return Draft(table, relation, base, _affixed(base, rules))
    enum_type = _affixed(type_name(base, "enum", rules.naming), rules)
    members = tuple(sorted(sources.enum_values[table.ident], key=lambda row: row[0]))
    return Draft(table, relation, base, _affixed(base, rules), enum_type, members)


def _named_tables(drafts: list[Draft], scalars: Names, sources: Sources) -> dict[Ident, Draft]:
    """The drafts whose type names are valid and free. Of two that clash the later one goes."""
    owners = dict.fromkeys(RESERVED_TYPES, "a type of GraphQL itself")
    owners |= {name: f"the type {ident}" for ident, name in scalars.items()}
    return {draft.ident: draft for draft in drafts if _claim_types(draft, owners, sources)}


def _claim_types(draft: Draft, owners: dict[str, str], sources: Sources) -> bool:
    ident, at = draft.ident, draft.rules.at
    if not is_graphql_name(draft.type_name):
        message = f'{ident} cannot be called "{draft.type_name}" in GraphQL, and is left out'
        sources.faults.add(at, message, "choose a name under `name:`")
        return False
    names = type_names(draft, sources.rules)
    clash = next((name for name in names if name in owners), None)
    if clash is not None:
        message = f'the type "{clash}" of {ident} clashes with {owners[clash]}; {ident} is left out'
        sources.faults.add(at, message, "choose another name under `name:`")
        return False
    owners |= dict.fromkeys(names, f"that of {ident}")
    return True


def type_names(draft: Draft, rules: Rules) -> list[str]:
    """Every type that comes with a table."""
    derived = (_affixed(type_name(draft.base_name, suffix, rules.naming), rules) for suffix in TABLE_SUFFIXES)
    return [draft.type_name, *derived, *([draft.enum_type] if draft.enum_type else [])]


def _affixed(name: str, rules: Rules) -> str:
    custom = rules.customization
    return with_affixes(name, custom.type_names_prefix, custom.type_names_suffix, rules.naming)


# ---------------------------------------------------------------- fields


def _fields(draft: Draft, named: Mapping[Ident, Draft], scalars: Names, sources: Sources) -> dict[str, Field]:
    hidden = {name for name, _ in draft.rules.hide}
    enums = enum_columns(draft.relation, sources.rules)
    fields: dict[str, Field] = {}
    for column in draft.relation.columns.values():
        if column.name in hidden:
            continue
        scalar = scalar_of(column.type, sources.catalog, scalars)
        if column.name in enums:
            target = named.get(enums[column.name])
            if target is None:
                _lost_enum(draft, column, enums[column.name], sources.faults)
                continue
            scalar = _enum_scalar(scalar, target)
        candidate = _field(draft.rules, column, scalar, sources.rules)
        if _is_sound_field(draft.rules, candidate, fields, sources.faults):
            fields[candidate.name] = candidate
    return fields


def _lost_enum(draft: Draft, column: Column, target: Ident, faults: Faults) -> None:
    message = f'column "{column.name}" of {draft.ident} is left out, as is its enum table {target}'
    faults.add(draft.rules.at, message)


def _enum_scalar(scalar: Scalar, enum: Draft) -> Scalar:
    return replace(scalar, name=enum.enum_type or scalar.name, values=enum.enum_values)


def _field(table: TableRules, column: Column, scalar: Scalar, rules: Rules) -> Field:
    setting = table.columns.get(column.name)
    name = setting.name if setting is not None else None
    comment = setting.comment if setting is not None and setting.comment is not None else column.comment
    return Field(name or column_field_name(column.name, rules.naming), column, scalar, comment or None)


def _is_sound_field(table: TableRules, candidate: Field, fields: Mapping[str, Field], faults: Faults) -> bool:
    setting = table.columns.get(candidate.sql)
    at = setting.at if setting is not None else table.at
    said = f'column "{candidate.sql}" of {table.ident}'
    rename = f'choose a name under `columns:`, or list "{candidate.sql}" under `hide:`'
    if not is_graphql_name(candidate.name) or candidate.name in RESERVED_FIELDS:
        faults.add(at, f'{said} cannot be called "{candidate.name}" in GraphQL, and is left out', rename)
        return False
    if candidate.name in fields:
        other = fields[candidate.name].sql
        message = f'{said} clashes with column "{other}": both are called "{candidate.name}"; it is left out'
        faults.add(at, message, rename)
        return False
    return True
