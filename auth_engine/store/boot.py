"""The first thing at a start: the schemas `auth` and `auth_engine` are there afterwards, or the start is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import asyncpg

SCHEMA: Final = Path(__file__).parent / "schema"
_LOCK: Final = 6_014_917_235_408_117_201
"""Any number that nobody else takes."""


async def boot(url: str, roles: tuple[str, ...]) -> None:
    """Create or check both schemas, one instance at a time. Raises BootRefused with what to do."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
            if not await connection.fetchval("select to_regclass('auth.users') is not null"):
                await connection.execute((SCHEMA / "auth.sql").read_text(encoding="utf-8"))
            await connection.execute((SCHEMA / "engine.sql").read_text(encoding="utf-8"))
            await connection.execute(
                "insert into auth.roles (role) select unnest($1::text[]) on conflict do nothing", list(roles)
            )
    finally:
        await connection.close()
