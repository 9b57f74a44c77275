"""The first thing at a start: the schemas `auth` and `auth_engine` are there afterwards, or the start is refused.

All of it is one transaction under one lock, so instances may start together, over PgBouncer too, and a refused start
has changed nothing. Our own schema has versions: a later one is a file more in `_STEPS`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import asyncpg

from auth_engine.core.errors import BootRefused
from auth_engine.store.queries import queries
from auth_engine.store.rights import ensure_rights, grant_engine, grants_for_creating, grants_for_tables
from auth_engine.store.takeover import Found, look, take_auth

logger = logging.getLogger(__name__)

_SQL: Final = queries("boot")
_TRIGGERS: Final = queries("triggers")
_SCHEMA: Final = Path(__file__).parent / "schema"
_STEPS: Final = ("engine.sql",)
"""File by file from one version of auth_engine to the next: the first makes version 1."""
_LOCK: Final = 6_014_917_235_408_117_201
"""Any number that nobody else takes."""


async def boot(url: str, roles: Sequence[str], service_url: str | None = None) -> None:
    """Create or check both schemas, one instance at a time. `service_url`: how requests will be served, where that is
    another role than the one that owns the schemas. Raises BootRefused with what to do, and what connecting raises."""
    service = None if service_url in (None, url) else await _role_of(service_url)
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        async with connection.transaction():
            await connection.execute(_SQL["lock"], _LOCK)
            await connection.execute(_SQL["search_path"])
            await _boot(connection, roles, service)
    except asyncpg.InsufficientPrivilegeError as error:
        raise BootRefused(
            f"the database refuses the start: {error}. Let its owner grant the right, or set "
            "POSTGRES_MIGRATIONS_CONNECTION to a role that has it"
        ) from None
    finally:
        await connection.close()


async def _role_of(url: str | None) -> str:
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        return str(await connection.fetchval(_SQL["who"]))
    finally:
        await connection.close()


async def _boot(connection: asyncpg.Connection, roles: Sequence[str], service: str | None) -> None:
    found = await look(connection)
    await take_auth(connection, found)
    await _take_engine(connection, found)
    await _make_triggers(connection, found.role)
    missing = [record["role"] for record in await connection.fetch(_SQL["missing_roles"], list(roles))]
    if missing:
        await connection.execute(_SQL["insert_roles"], missing)
    if service is not None and service != found.role:
        await grant_engine(connection, service)
    await ensure_rights(connection, found.database, service or found.role)


async def _take_engine(connection: asyncpg.Connection, found: Found) -> None:
    if found.engine_writable is None:
        if not found.may_create_schemas:
            raise BootRefused(grants_for_creating("auth_engine", found.database, found.role))
        await connection.execute(_SQL["create_engine"])
    version = 0
    if "auth_engine.schema_version" in found.tables:
        version = await connection.fetchval(_SQL["engine_version"])
    if version > len(_STEPS):
        logger.warning("the schema auth_engine is of a later version of this program: it is left as it is")
    steps = _STEPS[version:]
    if steps and found.engine_writable is False:
        raise BootRefused(grants_for_tables("auth_engine", found.role))
    for number, file in enumerate(steps, start=version + 1):
        await connection.execute((_SCHEMA / file).read_text(encoding="utf-8"))
        await connection.execute(_SQL["record_engine_version"], number)


async def _make_triggers(connection: asyncpg.Connection, role: str) -> None:
    """Without them a disabled user is noticed at the next use of a session, a changed number keeps its flag, and a link
    mailed to an address lives on when SQL changes the address."""
    present = {record[0] for record in await connection.fetch(_SQL["triggers"])}
    missing = [statement for name, statement in _TRIGGERS.items() if name not in present]
    if not missing:
        return
    await connection.execute(_SQL["note_disabled"])
    if await connection.fetchval(_SQL["may_make_triggers"]):
        for statement in missing:
            await connection.execute(statement)
        return
    script = ";\n".join(missing)
    logger.warning(
        'role "%s" may not make triggers on auth.users. Until it may (GRANT TRIGGER ON auth.users TO "%s"), or until a '
        "superuser has run what follows, a user who is disabled by SQL and enabled again keeps their sessions unless "
        "they were used meanwhile, a changed phone number stays verified, and links mailed to an address that SQL "
        "changes live on:\n%s;",
        role,
        role,
        script,
    )
