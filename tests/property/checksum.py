"""One number for all that a database holds. Sequences do not count: they go on whatever becomes of a request."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

_TABLES = """
select format('%I.%I', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
order by 1
"""


@dataclass(frozen=True, slots=True)
class Checksum:
    """The tables of one database, as they were when it was looked at first."""

    connection: asyncpg.Connection
    statement: str

    @staticmethod
    async def of(connection: asyncpg.Connection) -> Checksum:
        tables = [row[0] for row in await connection.fetch(_TABLES)]
        sums = [
            f"select '{name}' as name, md5(coalesce(string_agg(t::text, chr(10) order by t::text collate \"C\"), ''))"
            f" as sum from {name.replace(chr(39), chr(39) * 2)} as t"
            for name in tables
        ]
        together = " union all ".join(sums)
        return Checksum(
            connection, f"select md5(string_agg(name || sum, chr(10) order by name)) from ({together}) as s"
        )

    async def take(self) -> str:
        found = await self.connection.fetchval(self.statement)
        assert isinstance(found, str)
        return found
