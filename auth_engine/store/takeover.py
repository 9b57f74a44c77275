"""The schema `auth`: made where there is none, taken over where Hasura Auth left one. Auth contract §7 and §10, "Taking
over a Hasura Auth database".

Version 18 is taken as it is, 10 to 17 are brought up to it, whatever else is refused without a change. Foreign columns,
triggers, policies and defaults stay.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from auth_engine.core.errors import BootRefused
from auth_engine.store.queries import queries
from auth_engine.store.rights import (
    ensure_rights_to_take,
    grants_for_creating,
    grants_for_owning,
    grants_for_tables,
)

logger = logging.getLogger(__name__)

OLDEST: Final = 10
CURRENT: Final = 18
_SQL: Final = queries("boot")
_UPGRADES: Final = queries("upgrades")
_SCHEMA: Final = Path(__file__).parent / "schema" / "auth.sql"
_USERS: Final = "auth.users"
_VERSIONS: Final = "auth.schema_migrations"
_NODE_VERSIONS: Final = "auth.migrations"
_UPGRADED: Final = ("auth.refresh_tokens", "auth.user_providers", "auth.providers")
_COLUMNS: Final[Mapping[str, str]] = {
    "users": "id created_at updated_at last_seen disabled display_name avatar_url locale email phone_number "
    "password_hash email_verified phone_number_verified new_email otp_method_last_used otp_hash otp_hash_expires_at "
    "default_role is_anonymous totp_secret active_mfa_type ticket ticket_expires_at metadata",
    "user_roles": "id created_at user_id role",
    "roles": "role",
    "refresh_tokens": "id created_at expires_at user_id metadata type refresh_token_hash",
    "refresh_token_types": "value",
    "user_providers": "id created_at updated_at user_id access_token refresh_token provider_id provider_user_id",
    "providers": "id",
    "user_security_keys": "id user_id credential_id credential_public_key counter transports nickname",
}
"""What the statements of this package read and write."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is in the database, and what the role may do. `…_writable` is None where the schema is not there."""

    role: str
    database: str
    may_create_schemas: bool
    citext_schema: str | None
    auth_writable: bool | None
    engine_writable: bool | None
    tables: frozenset[str]
    owned: frozenset[str]


async def look(connection: asyncpg.Connection) -> Found:
    values = dict(await connection.fetchrow(_SQL["state"]))
    return Found(**{**values, "tables": frozenset(values["tables"]), "owned": frozenset(values["owned"])})


async def take_auth(connection: asyncpg.Connection, found: Found) -> None:
    """Leaves a schema `auth` that requests can be served with. Raises BootRefused."""
    if _USERS not in found.tables:
        await _create(connection, found)
        return
    if "auth_engine.schema_version" not in found.tables:
        await ensure_rights_to_take(connection, found.database, found.role)
    version = await _version(connection, found)
    if version is None:
        await _ensure_columns(connection, "it has no version that Hasura Auth would have written")
        await _record(connection, found)
    elif version < CURRENT:
        await _upgrade(connection, found, version)
    elif version > CURRENT:
        await _ensure_secrets(connection, version)
    await _ensure_columns(connection, f"its version says {version or CURRENT}")


async def _create(connection: asyncpg.Connection, found: Found) -> None:
    if found.tables & {_VERSIONS, _NODE_VERSIONS}:
        version, dirty = await _read_version(connection, found)
        if version is not None:
            raise BootRefused(
                _dirty(version) if dirty else f"the schema auth is of version {version}, yet has no users"
            )
    await _ensure_citext(connection, found)
    if found.auth_writable is None:
        if not found.may_create_schemas:
            raise BootRefused(grants_for_creating("auth", found.database, found.role))
        await connection.execute(_SQL["create_auth"])
    elif not found.auth_writable:
        raise BootRefused(grants_for_tables("auth", found.role))
    try:
        await connection.execute(_SCHEMA.read_text(encoding="utf-8"))
    except (asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError, asyncpg.DuplicateFunctionError) as error:
        raise BootRefused(
            f"the schema auth has no users, but is not empty either: {error}. Remove what is left of another "
            "installation, or name another database"
        ) from None
    await _record(connection, found)


async def _ensure_citext(connection: asyncpg.Connection, found: Found) -> None:
    if found.citext_schema == "public":
        return
    if found.citext_schema is not None:
        raise BootRefused(
            f"the extension citext stands in the schema {found.citext_schema}; Hasura Auth's tables need it in public. "
            "Run:\nALTER EXTENSION citext SET SCHEMA public;"
        )
    try:
        await connection.execute(_SQL["create_citext"])
    except asyncpg.InsufficientPrivilegeError:
        raise BootRefused(
            "the extension citext is missing, and this role may not create it. Let a superuser run:\n"
            "CREATE EXTENSION citext SCHEMA public;"
        ) from None
    except (asyncpg.FeatureNotSupportedError, asyncpg.UndefinedFileError, asyncpg.InvalidSchemaNameError) as error:
        raise BootRefused(
            f"the extension citext cannot be created in the schema public: {error}. It comes with Postgres's contrib "
            "modules (Debian: in the server's package; Alpine: postgresql-contrib)"
        ) from None


async def _version(connection: asyncpg.Connection, found: Found) -> int | None:
    """The version that can be worked with; None where nobody wrote one. Raises BootRefused."""
    version, dirty = await _read_version(connection, found)
    if version is None:
        return None
    if dirty:
        raise BootRefused(_dirty(version))
    if version < OLDEST:
        raise BootRefused(
            f"the schema auth is of version {version}, and versions from {OLDEST} on can be taken over: start a Hasura "
            "Auth of 2025 once over this database, which brings it up, and then this program"
        )
    if version > CURRENT:
        logger.warning(
            "the schema auth is of version %d, later than %d: what came after is left as it is", version, CURRENT
        )
    return version


async def _read_version(connection: asyncpg.Connection, found: Found) -> tuple[int | None, bool]:
    if _VERSIONS in found.tables:
        try:
            record = await connection.fetchrow(_SQL["auth_version"])
        except (asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError, asyncpg.DatatypeMismatchError):
            raise BootRefused(
                "the schema auth belongs to another program: its table schema_migrations is not Hasura Auth's"
            ) from None
        if record["version"] is not None:
            return record["version"], record["dirty"]
    if _NODE_VERSIONS in found.tables:
        return await connection.fetchval(_SQL["node_version"]), False
    return None, False


def _dirty(version: int) -> str:
    return (
        f"a migration of the schema auth to version {version} failed half-way (dirty in auth.schema_migrations). "
        "Repair it, or go back to a backup, and set dirty to false"
    )


async def _upgrade(connection: asyncpg.Connection, found: Found, version: int) -> None:
    foreign = [table for table in _UPGRADED if table not in found.owned]
    if foreign:
        raise BootRefused(grants_for_owning(foreign, found.role))
    logger.info("the schema auth is brought from version %d to %d", version, CURRENT)
    for number in range(version + 1, CURRENT + 1):
        try:
            await connection.execute(_UPGRADES[f"to_{number}"])
        except asyncpg.InsufficientPrivilegeError:
            raise
        except asyncpg.PostgresError as error:
            raise BootRefused(
                f"the schema auth could not be brought from version {version} to {number}; nothing was changed: {error}"
            ) from None
    await _record(connection, found)


async def _record(connection: asyncpg.Connection, found: Found) -> None:
    if _VERSIONS not in found.tables:
        if found.auth_writable is False:
            raise BootRefused(grants_for_tables("auth", found.role))
        await connection.execute(_SQL["create_versions"])
    await connection.execute(_SQL["record_version"], CURRENT)


async def _ensure_secrets(connection: asyncpg.Connection, version: int) -> None:
    if await connection.fetchval(_SQL["unknown_secrets"]):
        raise BootRefused(
            f"the schema auth is of version {version}, and second factors are kept there in a form that is not known "
            "here: whoever uses one could not sign in any more"
        )


async def _ensure_columns(connection: asyncpg.Connection, why: str) -> None:
    present: dict[str, set[str]] = {}
    for record in await connection.fetch(_SQL["columns"]):
        present.setdefault(record["table"], set()).add(record["column"])
    missing = [
        f"auth.{table}.{column}"
        for table, columns in _COLUMNS.items()
        for column in columns.split()
        if column not in present.get(table, ())
    ]
    if missing:
        raise BootRefused(f"the schema auth is not Hasura Auth's of version 18 ({why}): {', '.join(missing)} missing")
