"""Catalog × Rules → Model: every name of tables, columns and relationships is checked here, and nowhere later.

What the rules say of roles is resolved when a role is first asked for (`gql_gen.model.roles`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.model.computed import computed_fields
from gql_gen.model.constraints import check_revealed
from gql_gen.model.drafts import Draft, Sources, draft_tables
from gql_gen.model.enums import EnumRows
from gql_gen.model.links import links_of, referrers_of
from gql_gen.model.owners import RootOwners, TypeOwners
from gql_gen.model.tracked import tracked_functions
from gql_gen.model.types import Entity, Model, RootName
from gql_gen.names import is_graphql_name, root_field_names, with_affixes
from gql_gen.rules.faults import Faults
from gql_gen.rules.types import Fault, RootField, Rules
from gql_gen.session import ADMIN

ROOT_FIELDS: tuple[RootField, ...] = get_args(RootField)
_QUERIES: frozenset[RootField] = frozenset({"select", "select_by_pk", "select_aggregate", "select_stream"})
_BY_KEY: frozenset[RootField] = frozenset({"select_by_pk", "update_by_pk", "delete_by_pk"})


def build_model(catalog: Catalog, rules: Rules, enum_values: Mapping[Ident, EnumRows]) -> Model:
    """The tracked tables with their names and relationships. What cannot be carried is left out and listed in `faults`.

    `enum_values` holds the rows, as (value, comment), of every table that the rules call an enum."""
    sources = Sources(catalog, rules, enum_values, Faults())
    drafts, scalars = draft_tables(sources)
    referrers = referrers_of(drafts)
    owners: RootOwners = {}
    types = TypeOwners(drafts, scalars, rules)
    entities: dict[Ident, Entity] = {}
    for ident, draft in drafts.items():
        key = _primary_key(draft)
        links = links_of(draft, drafts, referrers, sources)
        entities[ident] = Entity(
            ident=ident,
            relation=draft.relation,
            type_name=draft.type_name,
            base_name=draft.base_name,
            fields=MappingProxyType(dict(draft.fields)),
            links=MappingProxyType(links),
            root_fields=MappingProxyType(_root_fields(draft, key, owners, sources)),
            primary_key=key,
            comment=draft.relation.comment if draft.rules.comment is None else draft.rules.comment,
            enum_values=draft.enum_values,
            computed=MappingProxyType(computed_fields(draft, links, drafts, types, sources)),
        )
        check_revealed(draft.rules, catalog, sources.faults)
    functions = tracked_functions(drafts, types, owners, sources)
    return Model(
        catalog,
        rules.naming,
        rules.customization,
        MappingProxyType(entities),
        _roles(rules),
        in_order(sources.faults),
        rules.writes_ignore_select,
        MappingProxyType(functions),
        rules.connections,
        rules.ids_show_keys,
    )


def in_order(faults: Faults) -> tuple[Fault, ...]:
    """Each fault once, in the order of the file."""
    unique = dict.fromkeys(faults.found)
    return tuple(sorted(unique, key=lambda fault: (fault.at.file, fault.at.line, fault.at.column)))


def _roles(rules: Rules) -> frozenset[str]:
    granted = [role for table in rules.tables.values() for role in table.permissions]
    return frozenset({ADMIN, *rules.roles, *granted})


def _primary_key(draft: Draft) -> tuple[str, ...]:
    key = draft.relation.primary_key
    shown = {field.sql for field in draft.fields.values()}
    return key.columns if key is not None and shown.issuperset(key.columns) else ()


# ---------------------------------------------------------------- root fields


def _root_fields(draft: Draft, key: tuple[str, ...], owners: RootOwners, sources: Sources) -> dict[RootField, RootName]:
    naming, custom = sources.rules.naming, sources.rules.customization
    usual = root_field_names(draft.base_name, naming, is_chosen=draft.rules.name is not None)
    roots: dict[RootField, RootName] = {}
    for root in ROOT_FIELDS:
        if not _exists(root, draft, key):
            continue
        chosen = draft.rules.root_fields.get(root)
        name = (chosen.name if chosen is not None else None) or usual[root]
        name = with_affixes(name, custom.root_fields_prefix, custom.root_fields_suffix, naming)
        if _claim_root(root, name, draft, owners, sources.faults):
            roots[root] = RootName(name, chosen.comment if chosen is not None else None)
    return roots


def _exists(root: RootField, draft: Draft, key: tuple[str, ...]) -> bool:
    """By-key roots need a key; writes need a relation that takes them."""
    if root in _BY_KEY and not key:
        return False
    relation = draft.relation
    verb = root.split("_")[0]
    return {"insert": relation.insertable, "update": relation.updatable, "delete": relation.deletable}.get(verb, True)


def _claim_root(root: RootField, name: str, draft: Draft, owners: RootOwners, faults: Faults) -> bool:
    chosen = draft.rules.root_fields.get(root)
    at = chosen.at if chosen is not None else draft.rules.at
    said = f'the root field "{name}" of {draft.ident} ({root})'
    if not is_graphql_name(name):
        faults.add(at, f"{said} is not a valid GraphQL name, and is left out", "choose one under `root_fields:`")
        return False
    place = (root not in _QUERIES, name)
    if place in owners:
        message = f"{said} clashes with that of {owners[place]}; it is left out"
        faults.add(at, message, "choose a name under `name:` or `root_fields:`")
        return False
    owners[place] = f"{draft.ident} ({root})"
    return True
