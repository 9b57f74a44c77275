"""The collections of queries and the allow list of Hasura's metadata."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from gql_gen.rules.faults import nearest
from gql_gen.rules.hasura_desk import Desk, step
from gql_gen.rules.operations import query_problem
from gql_gen.rules.types import AllowedCollection, CollectedQuery, Mark

ALLOW_LIST_NOTE: Final = (
    "binds every role but admin from now on; Hasura enforces it only with HASURA_GRAPHQL_ENABLE_ALLOWLIST=true"
)


def import_collections(value: Any, desk: Desk, path: str, at: Mark) -> dict[str, tuple[CollectedQuery, ...]]:
    """The queries of each collection, in the order of the metadata."""
    collections: dict[str, tuple[CollectedQuery, ...]] = {}
    for item, here in desk.items(value, path):
        found = desk.open("a collection of queries", item, here)
        name = desk.expect(str, found.get("name"), step(here, "name"), "")
        below = step(here, "definition")
        definition = desk.open("the definition of a collection", found.get("definition"), below)
        if name in collections:
            desk.refuse(here, f'two collections are named "{name}"')
        collections[name] = _queries(definition.get("queries"), desk, step(below, "queries"), at)
    return collections


def _queries(value: Any, desk: Desk, path: str, at: Mark) -> tuple[CollectedQuery, ...]:
    queries: dict[str, CollectedQuery] = {}
    for item, here in desk.items(value, path):
        found = desk.open("a collected query", item, here)
        name, query = (desk.expect(str, found.get(key), step(here, key), "") for key in ("name", "query"))
        problem = query_problem(query)
        if problem is not None:
            desk.refuse(step(here, "query"), f"it {problem}")
        if name in queries:
            desk.refuse(here, f'two queries of the collection are named "{name}"')
        queries[name] = CollectedQuery(name, query, at)
    return tuple(queries.values())


def import_allow_list(
    value: Any, collections: Collection[str], desk: Desk, path: str, at: Mark
) -> tuple[AllowedCollection, ...]:
    """The allowed collections, each for all roles or for some."""
    allowed: dict[str, AllowedCollection] = {}
    for item, here in desk.items(value, path):
        found = desk.open("an allowed collection", item, here)
        name = desk.expect(str, found.get("collection"), step(here, "collection"), "")
        if name not in collections:
            hint = nearest(name, collections)
            desk.refuse(step(here, "collection"), "there is no such collection" + (f"; {hint}" if hint else ""))
        if name in allowed:
            desk.refuse(here, f'the collection "{name}" stands here twice')
        allowed[name] = AllowedCollection(name, _scope(found.get("scope"), desk, step(here, "scope"), at), at)
    if allowed:
        desk.notes.append(f"{path}: {ALLOW_LIST_NOTE}")
    return tuple(allowed.values())


def _scope(value: Any, desk: Desk, path: str, at: Mark) -> tuple[tuple[str, Mark], ...] | None:
    """None for every role, which is also what no scope means."""
    if value is None:
        return None
    found: Mapping[str, Any] = desk.open("the scope of an allowed collection", value, path)
    is_global = desk.expect(bool, found.get("global"), step(path, "global"), True)
    here = step(path, "roles")
    roles = desk.roles(found.get("roles"), here, "admin may ask anything and cannot be listed")
    if is_global and roles:
        desk.refuse(here, "a global collection is allowed to every role and lists none")
    if not is_global and not roles:
        desk.refuse(here, "expected at least one role")
    return None if is_global else tuple((role, at) for role in roles)
