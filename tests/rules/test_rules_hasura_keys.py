"""Every key of Hasura's metadata, one by one: carried over, noted, left out as told, or refused with its path."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import pytest
from hasura_kit import COMPLETE, Import, at, importer, places, refusals

from gql_gen.catalog.types import Ident
from gql_gen.rules.dump import dump_rules
from gql_gen.rules.hasura_keys import KEYS, KINDS, Honoured, Leavable, Noted, Refused
from gql_gen.rules.hasura_v2 import Imported, ImportRefused

TABLE: Final = "$.sources[0].tables[0]"
FUNCTION: Final = "$.sources[0].functions[0]"
WHERE: Final[dict[str, tuple[str, ...]]] = {
    "metadata": ("$",),
    "source": ("$.sources[0]",),
    "the configuration of the source": ("$.sources[0].configuration",),
    "connection_info": ("$.sources[0].configuration.connection_info",),
    "customization": ("$.sources[0].customization",),
    "the customization of root fields": ("$.sources[0].customization.root_fields",),
    "the customization of type names": ("$.sources[0].customization.type_names",),
    "table": (TABLE,),
    "the name of a table": (f"{TABLE}.table",),
    "the configuration of a table": (f"{TABLE}.configuration",),
    "the configuration of a column": (f"{TABLE}.configuration.column_config.a",),
    "custom_root_fields": (f"{TABLE}.configuration.custom_root_fields",),
    "a custom root field": (f"{TABLE}.configuration.custom_root_fields.insert",),
    "a relationship": (f"{TABLE}.object_relationships[0]",),
    "the definition of a relationship": (
        f"{TABLE}.object_relationships[0].using",
        f"{TABLE}.object_relationships[3].using",
    ),
    "foreign_key_constraint_on": (
        f"{TABLE}.object_relationships[2].using.foreign_key_constraint_on",
        f"{TABLE}.array_relationships[0].using.foreign_key_constraint_on",
    ),
    "manual_configuration": (f"{TABLE}.object_relationships[3].using.manual_configuration",),
    "a computed field": (f"{TABLE}.computed_fields[0]",),
    "the definition of a computed field": (f"{TABLE}.computed_fields[0].definition",),
    "the name of a function": (f"{FUNCTION}.function",),
    "a function": (FUNCTION,),
    "the configuration of a function": (f"{FUNCTION}.configuration",),
    "the root fields of a function": (f"{FUNCTION}.configuration.custom_root_fields",),
    "the result of a function": (f"{FUNCTION}.configuration.response",),
    "a permission of a function": (f"{FUNCTION}.permissions[0]",),
    "an inherited role": ("$.inherited_roles[0]",),
    "a collection of queries": ("$.query_collections[0]",),
    "the definition of a collection": ("$.query_collections[0].definition",),
    "a collected query": ("$.query_collections[0].definition.queries[0]",),
    "an allowed collection": ("$.allowlist[0]",),
    "the scope of an allowed collection": ("$.allowlist[1].scope",),
    "the API limits": ("$.api_limits",),
    "an API limit": ("$.api_limits.depth_limit",),
    "a rate limit": ("$.api_limits.rate_limit.global",),
    "the introspection of the schema": ("$.graphql_schema_introspection",),
    "a permission": (f"{TABLE}.select_permissions[0]",),
    "a select permission": (f"{TABLE}.select_permissions[0].permission",),
    "an insert permission": (f"{TABLE}.insert_permissions[0].permission",),
    "an update permission": (f"{TABLE}.update_permissions[0].permission",),
    "a delete permission": (f"{TABLE}.delete_permissions[0].permission",),
}
"""Kind of object → where such ones stand in the complete metadata."""
WITHOUT_EFFECT: Final = {("source", "name")}
"""Honoured, and nothing depends on it."""
WRITES: Final = {"insert_permissions", "update_permissions", "delete_permissions"}


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    return importer(tmp_path)


def keys_with(*treatments: type) -> list[tuple[str, str, Any]]:
    every = [(kind, key, found) for kind, keys in KEYS.items() for key, found in keys.items()]
    return [(kind, key, found) for kind, key, found in every if isinstance(found, treatments)]


def outcome(found: Imported) -> tuple[str, tuple[str, ...]]:
    return dump_rules(found.rules), found.notes


def test_every_kind_of_object_stands_in_the_metadata_of_these_tests() -> None:
    assert WHERE.keys() == KEYS.keys()


@pytest.mark.parametrize(("kind", "key", "_treatment"), keys_with(Honoured))
def test_an_honoured_key_matters(imported: Import, kind: str, key: str, _treatment: Honoured) -> None:
    path = next(path for path in WHERE[kind] if key in at(COMPLETE, path))
    without, odd = copy.deepcopy(COMPLETE), copy.deepcopy(COMPLETE)
    del at(without, path)[key]
    at(odd, path)[key] = 17.5
    complete = outcome(imported(COMPLETE))
    differs = [matters(imported, metadata, complete) for metadata in (without, odd)]
    assert any(differs) or (kind, key) in WITHOUT_EFFECT


def matters(imported: Import, metadata: Any, complete: tuple[str, tuple[str, ...]]) -> bool:
    try:
        return outcome(imported(metadata)) != complete
    except ImportRefused:
        return True


@pytest.mark.parametrize("path", [path for path, _ in places(COMPLETE)])
def test_an_unknown_key_is_refused_wherever_it_stands(imported: Import, path: str) -> None:
    metadata = copy.deepcopy(COMPLETE)
    at(metadata, path)["brand_new"] = {"narrows": "access"}
    assert refusals(imported, metadata) == {f"{path}.brand_new": "this key is not known"}


@pytest.mark.parametrize(("kind", "key", "treatment"), keys_with(Noted, Leavable, Refused))
def test_another_key_is_refused_left_out_or_noted(imported: Import, kind: str, key: str, treatment: Any) -> None:
    path, metadata = with_key(kind, key, [{"something": 1}])
    match treatment:
        case Noted(note=note):
            assert f"{path}: {note}" in imported(metadata).notes
        case Refused(reason=reason):
            assert refusals(imported, metadata) == {path: reason}
            assert refusals(imported, metadata, *KINDS.keys() - WRITES) == {path: reason}
        case Leavable(kind=name):
            assert refusals(imported, metadata) == {path: f"not served yet; to import without it: --without {name}"}
            assert any(line.startswith(f"{path} (") for line in imported(metadata, name).left_out)
    assert outcome(imported(with_key(kind, key, [])[1])) == outcome(imported(COMPLETE))


def with_key(kind: str, key: str, value: Any) -> tuple[str, dict[str, Any]]:
    """The metadata with one more key in an object of the kind, and the key's path."""
    metadata = copy.deepcopy(COMPLETE)
    path = WHERE[kind][0]
    at(metadata, path)[key] = value
    return f"{path}.{key}", metadata


@pytest.mark.parametrize(
    ("kind", "key", "name"), [(kind, key, found.kind) for kind, key, found in keys_with(Honoured) if found.kind]
)
def test_an_honoured_key_can_be_left_out_where_that_takes_access_away(
    imported: Import, kind: str, key: str, name: str
) -> None:
    found = imported(COMPLETE, name)
    assert any(line.startswith(f"{WHERE[kind][0]}.{key} ({name}") for line in found.left_out)
    users = found.rules.tables[Ident("auth", "users")]
    match name:
        case "functions":
            assert (found.rules.functions, found.rules.infer_function_permissions) == ({}, False)
        case "inherited_roles":
            assert not any(role.inherits for role in found.rules.roles.values())
        case "computed_fields":
            assert users.computed_fields == ()
        case _:
            operation = name.removesuffix("_permissions")
            assert all(getattr(each, operation) is None for each in users.permissions.values())


def test_each_kind_that_can_be_named_is_the_kind_of_a_key() -> None:
    assert {found.kind for *_, found in keys_with(Honoured, Leavable) if found.kind} == KINDS.keys()
