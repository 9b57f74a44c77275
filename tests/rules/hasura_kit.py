"""Metadata of Hasura in which every honoured key says something, and how tests import it and take it apart."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from gql_gen.rules.hasura_v2 import Imported, ImportRefused, import_metadata
from gql_gen.rules.types import RootField

Import = Callable[..., Imported]

COMPLETE: dict[str, Any] = {
    "version": 3,
    "sources": [
        {
            "name": "default",
            "kind": "postgres",
            "configuration": {
                "connection_info": {"database_url": {"from_env": "URL"}, "isolation_level": "read-committed"},
            },
            "customization": {
                "naming_convention": "graphql-default",
                "root_fields": {"namespace": "app", "prefix": "a_", "suffix": "_z"},
                "type_names": {"prefix": "T", "suffix": "_t"},
            },
            "functions": [
                {
                    "function": {"schema": "lib", "name": "find.users"},
                    "configuration": {
                        "custom_name": "findPeople",
                        "custom_root_fields": {"function": "foundPeople", "function_aggregate": "foundPeopleAll"},
                        "session_argument": "session",
                        "exposed_as": "query",
                        "response": {"type": "table", "table": {"schema": "auth", "name": "users"}},
                    },
                    "permissions": [{"role": "user"}],
                    "comment": "by name",
                }
            ],
            "tables": [
                {
                    "table": {"schema": "auth", "name": "users"},
                    "is_enum": True,
                    "configuration": {
                        "custom_name": "Person",
                        "comment": "someone",
                        "custom_column_names": {"a": "old", "b": "kept"},
                        "column_config": {"a": {"custom_name": "new", "comment": "hello"}, "c": {"comment": "quiet"}},
                        "custom_root_fields": {
                            "select": "people",
                            "insert": {"name": "addPeople", "comment": "several"},
                            **{root: f"my_{root}" for root in get_args(RootField) if root not in ("select", "insert")},
                        },
                    },
                    "object_relationships": [
                        {"name": "org", "using": {"foreign_key_constraint_on": "org_id"}, "comment": "employer"},
                        {"name": "two", "using": {"foreign_key_constraint_on": ["x", "y"]}},
                        {
                            "name": "profile",
                            "using": {"foreign_key_constraint_on": {"table": "profile", "column": "user_id"}},
                        },
                        {
                            "name": "boss",
                            "using": {
                                "manual_configuration": {
                                    "remote_table": {"schema": "hr", "name": "boss"},
                                    "column_mapping": {"boss_id": "id"},
                                    "insertion_order": "after_parent",
                                }
                            },
                        },
                    ],
                    "array_relationships": [
                        {
                            "name": "posts",
                            "using": {
                                "foreign_key_constraint_on": {
                                    "table": {"schema": "blog", "name": "post.old"},
                                    "columns": ["author_id"],
                                }
                            },
                        }
                    ],
                    "computed_fields": [
                        {
                            "name": "score",
                            "definition": {
                                "function": {"schema": "auth", "name": "score.of"},
                                "table_argument": "users_row",
                                "session_argument": "session",
                            },
                            "comment": "how far",
                        },
                        {"name": "initials", "definition": {"function": "initials"}},
                    ],
                    "select_permissions": [
                        {
                            "role": "user",
                            "permission": {
                                "columns": ["id", "a"],
                                "filter": {
                                    "$and": [{"id": "X-HASURA-User-Id"}, {"_exists": {"_table": "x.y", "_where": {}}}]
                                },
                                "limit": 5,
                                "allow_aggregations": True,
                                "computed_fields": ["score"],
                                "query_root_fields": ["select_by_pk"],
                                "subscription_root_fields": [],
                            },
                        }
                    ],
                    "insert_permissions": [
                        {
                            "role": "user",
                            "permission": {
                                "check": {"a": {"_ne": 1}},
                                "columns": ["a"],
                                "set": {"b": "now()", "c": {"sql": "x"}},
                                "backend_only": True,
                            },
                        }
                    ],
                    "update_permissions": [
                        {
                            "role": "clerk",
                            "permission": {
                                "columns": "*",
                                "filter": {},
                                "check": {"a": 1},
                                "set": {"b": None},
                                "backend_only": True,
                            },
                        }
                    ],
                    "delete_permissions": [{"role": "clerk", "permission": {"filter": {"a": 2}, "backend_only": True}}],
                }
            ],
        }
    ],
    "inherited_roles": [{"role_name": "chief", "role_set": ["user", "clerk"]}],
    "query_collections": [
        {
            "name": "frontend",
            "definition": {
                "queries": [{"name": "People", "query": "query People {\n  people { id }\n}\n"}],
            },
        },
        {"name": "desk", "definition": {"queries": [{"name": "One", "query": "{ people { id } }"}]}},
    ],
    "allowlist": [
        {"collection": "frontend", "scope": {"global": True}},
        {"collection": "desk", "scope": {"global": False, "roles": ["clerk"]}},
    ],
    "api_limits": {
        "disabled": False,
        "depth_limit": {"global": 8, "per_role": {"guest": 4}, "state": "enabled"},
        "node_limit": {"global": 100, "per_role": {}},
        "batch_limit": {"global": 5},
        "time_limit": {"global": 2.5, "per_role": {"guest": 1}},
        "rate_limit": {
            "global": {"max_reqs_per_min": 600, "unique_params": "IP"},
            "per_role": {"guest": {"max_reqs_per_min": 6, "unique_params": ["X-Hasura-User-Id", "x-hasura-org"]}},
        },
    },
    "graphql_schema_introspection": {"disabled_for_roles": ["guest"]},
}
"""Metadata in which every honoured key says something."""


def importer(folder: Path) -> Import:
    """Imports metadata by way of a file in the folder."""

    def run(metadata: Any, *without: str, **options: Any) -> Imported:
        path = folder / "metadata.json"
        path.write_text(json.dumps(metadata))
        return import_metadata(path, without=frozenset(without), **options)

    return run


def refusals(run: Import, metadata: Any, *without: str) -> dict[str, str]:
    with pytest.raises(ImportRefused) as caught:
        run(metadata, *without)
    return dict(caught.value.refusals)


def with_table(**keys: Any) -> dict[str, Any]:
    metadata = copy.deepcopy(COMPLETE)
    metadata["sources"][0]["tables"].append({"table": "t", **keys})
    return metadata


def selecting(filter_: Any, **keys: Any) -> dict[str, Any]:
    return with_table(**keys, select_permissions=[{"role": "r", "permission": {"columns": "*", "filter": filter_}}])


def places(value: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the metadata in which the format chooses the keys."""
    free = ("custom_column_names", "column_mapping", "set", "filter", "check", "database_url")
    named = ("column_config", "per_role")
    if isinstance(value, dict):
        yield path, value
        for key, below in value.items():
            if key in named:
                for name, found in below.items():
                    yield from places(found, f"{path}.{key}.{name}")
            elif key not in free:
                yield from places(below, f"{path}.{key}")
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from places(below, f"{path}[{index}]")


def at(metadata: Any, path: str) -> dict[str, Any]:
    """The object at a path, to be changed."""
    return dict(places(metadata))[path]
