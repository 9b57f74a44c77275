"""What a role needs in the database, and what has to be granted where it lacks something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from auth_engine.core.errors import BootRefused
from auth_engine.store.queries import queries

_SQL: Final = queries("boot")
_ALL: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
_SERVING: Final[Mapping[str, Sequence[str]]] = {
    "auth": ("USAGE",),
    "auth.users": _ALL,
    "auth.user_roles": _ALL,
    "auth.refresh_tokens": _ALL,
    "auth.user_providers": _ALL,
    "auth.user_security_keys": _ALL,
    "auth.roles": ("SELECT", "INSERT"),
    "auth.providers": ("SELECT", "INSERT"),
}
_VERSIONS: Final = "auth.schema_migrations"
_POINTED_AT: Final = ("auth.users", "auth.refresh_tokens", "auth.user_providers", "auth.user_security_keys")


async def ensure_rights(connection: asyncpg.Connection, database: str, role: str) -> None:
    """Raises BootRefused, with the GRANTs to run, when the role cannot serve requests."""
    await _ensure(connection, database, role, _SERVING)


async def ensure_rights_to_take(connection: asyncpg.Connection, database: str, role: str) -> None:
    """As `ensure_rights`, and that our tables may have foreign keys to Hasura Auth's."""
    wanted = {table: (*privileges, "REFERENCES") for table, privileges in _SERVING.items() if table in _POINTED_AT}
    await _ensure(connection, database, role, {**_SERVING, _VERSIONS: ("SELECT",), **wanted})


async def grant_engine(connection: asyncpg.Connection, role: str) -> None:
    """Let another role serve requests over our own schema. Raises what the database does when it is not ours."""
    if await connection.fetchval(_SQL["lacks_engine"], role):
        for statement in ("grant_engine_schema", "grant_engine_tables"):
            await connection.execute(_SQL[statement].replace(":role", quoted(role)))


async def _ensure(
    connection: asyncpg.Connection, database: str, role: str, wanted: Mapping[str, Sequence[str]]
) -> None:
    pairs = [(name, privilege) for name, privileges in wanted.items() for privilege in privileges]
    names, privileges = [name for name, _ in pairs], [privilege for _, privilege in pairs]
    lacking: dict[str, list[str]] = defaultdict(list)
    for record in await connection.fetch(_SQL["lacking"], role, names, privileges):
        lacking[record["name"]].append(record["privilege"])
    if lacking:
        grants = "\n".join(_grant(name, rights, role) for name, rights in lacking.items())
        raise BootRefused(f"role {quoted(role)} lacks rights in database {quoted(database)}. Run:\n{grants}")


def _grant(name: str, privileges: Sequence[str], role: str) -> str:
    what = f"TABLE {name}" if "." in name else f"SCHEMA {name}"
    return f"GRANT {', '.join(privileges)} ON {what} TO {quoted(role)};"


def grants_for_creating(schema: str, database: str, role: str) -> str:
    return (
        f"role {quoted(role)} may not create the schema {schema}. Run:\n"
        f"GRANT CREATE ON DATABASE {quoted(database)} TO {quoted(role)};\n"
        f"or CREATE SCHEMA {schema} AUTHORIZATION {quoted(role)};"
    )


def grants_for_tables(schema: str, role: str) -> str:
    return f"role {quoted(role)} may not create tables. Run:\nGRANT USAGE, CREATE ON SCHEMA {schema} TO {quoted(role)};"


def grants_for_owning(tables: Sequence[str], role: str) -> str:
    statements = "\n".join(f"ALTER TABLE {table} OWNER TO {quoted(role)};" for table in tables)
    return (
        f"bringing the schema auth up to version 18 needs a role that owns its tables, and {quoted(role)} does not. "
        f"Set POSTGRES_MIGRATIONS_CONNECTION to their owner for one start, or run:\n{statements}"
    )


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
