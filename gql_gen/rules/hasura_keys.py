"""Every key of Hasura v2's metadata (version 3) for a Postgres source, and what an import does with it.

A key that is not in these tables is refused, so taking a line away makes the import refuse, never forget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Honoured:
    """Carried over. With a `kind`, it can be left out by name all the same."""

    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """Changes nothing about who may do what; the report names it."""

    note: str


@dataclass(frozen=True, slots=True)
class Leavable:
    """Not served yet. Leaving it out takes access away and gives none, so it may be left out by its kind's name."""

    kind: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Leaving it out would allow more than Hasura did."""

    reason: str


Treatment = Honoured | Noted | Leavable | Refused

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "functions": "functions as root fields",
        "computed_fields": "computed fields, with the permissions that mention them",
        "insert_permissions": "permissions to insert",
        "update_permissions": "permissions to update",
        "delete_permissions": "permissions to delete",
        "remote_schemas": "remote schemas",
        "remote_relationships": "relationships into remote schemas and other databases",
        "actions": "actions",
        "custom_types": "the types of actions",
        "event_triggers": "event triggers",
        "cron_triggers": "cron triggers",
        "rest_endpoints": "REST endpoints",
        "native_queries": "native queries",
        "logical_models": "logical models",
        "stored_procedures": "stored procedures",
        "inherited_roles": "inherited roles",
        "opentelemetry": "the export of traces and metrics",
        "apollo_federation": "Apollo federation",
    }
)
"""What `--without` may name: kinds whose absence narrows access, or does not touch it."""

NOT_LEAVABLE: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(
        ("allowlist", "api_limits", "graphql_schema_introspection", "select_permissions", "limit", "backend_only"),
        "leaving it out would allow more than Hasura did",
    )
)

_HONOURED: Final = Honoured()
_VALIDATION: Final = Refused("an HTTP validation of the input is not served, and without it more would be accepted")

KEYS: Final[Mapping[str, Mapping[str, Treatment]]] = MappingProxyType(
    {
        "metadata": {
            "version": _HONOURED,
            "sources": _HONOURED,
            "remote_schemas": Leavable("remote_schemas"),
            "actions": Leavable("actions"),
            "custom_types": Leavable("custom_types"),
            "cron_triggers": Leavable("cron_triggers"),
            "rest_endpoints": Leavable("rest_endpoints"),
            "inherited_roles": Honoured("inherited_roles"),
            "opentelemetry": Leavable("opentelemetry"),
            "query_collections": _HONOURED,
            "network": Noted("concerns calls that Hasura makes to other servers; usher makes none"),
            "metrics_config": Noted("concerns Hasura's own metrics"),
            "backend_configs": Noted("concerns databases other than Postgres"),
            "allowlist": _HONOURED,
            "api_limits": _HONOURED,
            "graphql_schema_introspection": _HONOURED,
        },
        "source": {
            "name": _HONOURED,
            "kind": _HONOURED,
            "tables": _HONOURED,
            "configuration": _HONOURED,
            "customization": _HONOURED,
            "functions": Honoured("functions"),
            "native_queries": Leavable("native_queries"),
            "logical_models": Leavable("logical_models"),
            "stored_procedures": Leavable("stored_procedures"),
            "query_tags": Noted("comments in SQL are usher's own"),
            "health_check": Noted("usher answers /readyz"),
        },
        "the configuration of the source": {
            "connection_info": _HONOURED,
            "read_replicas": Noted("replaced by --database-url: one database is read"),
            "extensions_schema": Noted("usher installs no extensions"),
            "connection_template": Refused(
                "choosing the database by session is not served; all callers would share one"
            ),
            "connection_set": Refused("choosing the database by session is not served; all callers would share one"),
        },
        "connection_info": {
            "database_url": _HONOURED,
            "isolation_level": _HONOURED,
            "use_prepared_statements": Noted("replaced by HASURA_GRAPHQL_USE_PREPARED_STATEMENTS"),
            "pool_settings": Noted("replaced by HASURA_GRAPHQL_PG_CONNECTIONS"),
            "ssl_configuration": Noted("replaced by the parameters of --database-url"),
        },
        "customization": {
            "root_fields": _HONOURED,
            "type_names": _HONOURED,
            "naming_convention": _HONOURED,
        },
        "the customization of root fields": {"namespace": _HONOURED, "prefix": _HONOURED, "suffix": _HONOURED},
        "the customization of type names": {"prefix": _HONOURED, "suffix": _HONOURED},
        "table": {
            "table": _HONOURED,
            "configuration": _HONOURED,
            "is_enum": _HONOURED,
            "object_relationships": _HONOURED,
            "array_relationships": _HONOURED,
            "select_permissions": _HONOURED,
            "insert_permissions": Honoured("insert_permissions"),
            "update_permissions": Honoured("update_permissions"),
            "delete_permissions": Honoured("delete_permissions"),
            "computed_fields": Honoured("computed_fields"),
            "remote_relationships": Leavable("remote_relationships"),
            "event_triggers": Leavable("event_triggers"),
            "apollo_federation_config": Leavable("apollo_federation"),
            "logical_model": Leavable("logical_models"),
        },
        "the name of a table": {"schema": _HONOURED, "name": _HONOURED},
        "the configuration of a table": {
            "custom_name": _HONOURED,
            "custom_root_fields": _HONOURED,
            "custom_column_names": _HONOURED,
            "column_config": _HONOURED,
            "comment": _HONOURED,
        },
        "the configuration of a column": {"custom_name": _HONOURED, "comment": _HONOURED},
        "custom_root_fields": {
            "select": _HONOURED,
            "select_by_pk": _HONOURED,
            "select_aggregate": _HONOURED,
            "select_stream": _HONOURED,
            "insert": _HONOURED,
            "insert_one": _HONOURED,
            "update": _HONOURED,
            "update_by_pk": _HONOURED,
            "update_many": _HONOURED,
            "delete": _HONOURED,
            "delete_by_pk": _HONOURED,
        },
        "a custom root field": {"name": _HONOURED, "comment": _HONOURED},
        "a relationship": {"name": _HONOURED, "using": _HONOURED, "comment": _HONOURED},
        "the definition of a relationship": {"foreign_key_constraint_on": _HONOURED, "manual_configuration": _HONOURED},
        "foreign_key_constraint_on": {"table": _HONOURED, "column": _HONOURED, "columns": _HONOURED},
        "manual_configuration": {
            "remote_table": _HONOURED,
            "column_mapping": _HONOURED,
            "insertion_order": _HONOURED,
        },
        "a computed field": {"name": _HONOURED, "definition": _HONOURED, "comment": _HONOURED},
        "the definition of a computed field": {
            "function": _HONOURED,
            "table_argument": _HONOURED,
            "session_argument": _HONOURED,
        },
        "the name of a function": {"schema": _HONOURED, "name": _HONOURED},
        "a function": {
            "function": _HONOURED,
            "configuration": _HONOURED,
            "permissions": _HONOURED,
            "comment": _HONOURED,
        },
        "the configuration of a function": {
            "custom_name": _HONOURED,
            "custom_root_fields": _HONOURED,
            "session_argument": _HONOURED,
            "exposed_as": _HONOURED,
            "response": _HONOURED,
        },
        "the root fields of a function": {"function": _HONOURED, "function_aggregate": _HONOURED},
        "the result of a function": {"type": _HONOURED, "table": _HONOURED},
        "a permission of a function": {"role": _HONOURED},
        "an inherited role": {"role_name": _HONOURED, "role_set": _HONOURED},
        "a collection of queries": {
            "name": _HONOURED,
            "definition": _HONOURED,
            "comment": Noted("comments of collections are not carried over"),
        },
        "the definition of a collection": {"queries": _HONOURED},
        "a collected query": {"name": _HONOURED, "query": _HONOURED},
        "an allowed collection": {"collection": _HONOURED, "scope": _HONOURED},
        "the scope of an allowed collection": {"global": _HONOURED, "roles": _HONOURED},
        "the API limits": {
            "disabled": _HONOURED,
            "depth_limit": _HONOURED,
            "node_limit": _HONOURED,
            "batch_limit": _HONOURED,
            "time_limit": _HONOURED,
            "rate_limit": _HONOURED,
        },
        "an API limit": {"global": _HONOURED, "per_role": _HONOURED, "state": _HONOURED},
        "a rate limit": {"max_reqs_per_min": _HONOURED, "unique_params": _HONOURED},
        "the introspection of the schema": {"disabled_for_roles": _HONOURED},
        "a permission": {
            "role": _HONOURED,
            "permission": _HONOURED,
            "comment": Noted("comments of permissions are not carried over"),
        },
        "a select permission": {
            "columns": _HONOURED,
            "filter": _HONOURED,
            "limit": _HONOURED,
            "allow_aggregations": _HONOURED,
            "computed_fields": _HONOURED,
            "query_root_fields": _HONOURED,
            "subscription_root_fields": _HONOURED,
        },
        "an insert permission": {
            "check": _HONOURED,
            "set": _HONOURED,
            "columns": _HONOURED,
            "backend_only": _HONOURED,
            "filter": Refused("an insert permission has a check and no filter: Hasura itself passes this over"),
            "validate_input": _VALIDATION,
        },
        "an update permission": {
            "columns": _HONOURED,
            "filter": _HONOURED,
            "check": _HONOURED,
            "set": _HONOURED,
            "backend_only": _HONOURED,
            "validate_input": _VALIDATION,
        },
        "a delete permission": {
            "filter": _HONOURED,
            "backend_only": _HONOURED,
            "validate_input": _VALIDATION,
        },
    }
)
"""Kind of object → its keys → what is done with each."""
