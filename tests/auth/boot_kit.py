"""Databases as the auth engine's start may find them, and what they look like afterwards."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg

from usher.postgres import EmbeddedPostgres

SCHEMA: Final = Path("auth_engine/store/schema/auth.sql").resolve()
_NUMBERS: Final = itertools.count(1)


def new_database(postgres: EmbeddedPostgres, template: str | None = None) -> str:
    """The name of a database that nobody had before."""
    name = f"boot_{next(_NUMBERS)}"
    postgres.create_database(name, template)
    return name


def url_as(url: str, role: str) -> str:
    """The same database, reached as another role."""
    return url.replace("postgresql://postgres@", f"postgresql://{role}@")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def role_of_its_own(url: str) -> AsyncIterator[str]:
    """A role that may sign in and nothing else; whatever it owns in this database goes with it."""
    name = f"role_{next(_NUMBERS)}"
    async with connected(url) as admin:
        await admin.execute(f"create role {name} login nosuperuser")
        yield name
        await admin.execute(f"drop owned by {name} cascade; drop role {name}")


PEER: Final = """
create extension citext schema public;
create function public.gen_random_uuid() returns uuid language sql as 'select pg_catalog.gen_random_uuid()';
create schema auth;
"""
PEER_18: Final = """
alter table auth.users alter column id set default public.gen_random_uuid();
alter table auth.users add column nickname_of_the_application text default 'foreign';
alter table auth.users enable row level security;
create policy application on auth.users using (true);
create function public.foreign_trigger() returns trigger language plpgsql as 'begin return new; end';
create trigger application before insert on auth.users for each row execute function public.foreign_trigger();
create table auth.schema_migrations (version bigint not null primary key, dirty boolean not null);
insert into auth.schema_migrations values (18, false);
"""
"""What an application may have added, and where Hasura Auth keeps its version."""

DOWN: Final = {
    17: "delete from auth.providers where id = 'entraid'",
    16: """
        alter table auth.user_providers
          add constraint user_providers_user_id_provider_id_key unique (user_id, provider_id)
        """,
    15: "drop index auth.refresh_tokens_refresh_token_hash_expires_at_user_id_idx",
    14: """
        alter table auth.refresh_tokens alter column id drop default, drop column refresh_token_hash;
        alter table auth.refresh_tokens rename column id to refresh_token;
        alter table auth.refresh_tokens add column refresh_token_hash varchar(255)
          generated always as (sha256(refresh_token::text::bytea)) stored;
        comment on column auth.refresh_tokens.refresh_token is 'goes some day'
        """,
    13: """
        alter table auth.refresh_tokens alter column type drop default;
        alter table auth.refresh_tokens drop constraint refresh_tokens_types_fkey;
        drop table auth.refresh_token_types;
        create type public.refresh_token_type as enum ('regular', 'pat');
        alter table auth.refresh_tokens alter column type type public.refresh_token_type
          using type::public.refresh_token_type;
        alter table auth.refresh_tokens alter column type set default 'regular'
        """,
    12: "alter table auth.refresh_tokens drop column type; drop type public.refresh_token_type",
    11: "alter table auth.refresh_tokens drop column metadata",
    10: "alter table auth.refresh_tokens drop column refresh_token_hash",
}
"""How to get from the version after it to a version."""


async def make_peer(url: str, version: int = 18) -> None:
    """A database as Hasura Auth of this version leaves it, an application's additions included."""
    async with connected(url) as connection:
        await connection.execute(PEER)
        await connection.execute(SCHEMA.read_text(encoding="utf-8"))
        await connection.execute(PEER_18)
        for number in range(17, version - 1, -1):
            await connection.execute(DOWN[number])
        await connection.execute("update auth.schema_migrations set version = $1", version)


_SHAPE: Final = """
select 'column', c.relname, row_number() over (partition by c.relname order by a.attnum)::text || ' ' || a.attname
  || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
  || coalesce(' default ' || replace(pg_get_expr(d.adbin, d.adrelid), 'public.', ''), '') || a.attgenerated::text
from pg_attribute a join pg_class c on c.oid = a.attrelid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relnamespace = 'auth'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
union all
select 'constraint', conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
where connamespace = 'auth'::regnamespace and contype <> 'n'
union all
select 'index', tablename, indexdef from pg_indexes where schemaname = 'auth'
union all
select 'trigger', tgrelid::regclass::text, pg_get_triggerdef(oid) from pg_trigger
where not tgisinternal and tgrelid in (select oid from pg_class where relnamespace = 'auth'::regnamespace)
union all
select 'policy', tablename, policyname from pg_policies where schemaname = 'auth'
union all
select 'type', typname, coalesce(format_type(typbasetype, -1), '') from pg_type
where typnamespace = 'auth'::regnamespace and typtype in ('d', 'e')
union all
select 'provider', '', id from auth.providers
union all
select 'token type', value, comment from auth.refresh_token_types
union all
select 'version', version::text, dirty::text from auth.schema_migrations
"""


async def shape(connection: asyncpg.Connection) -> set[tuple[Any, ...]]:
    """Everything about the schema `auth` that Hasura Auth and its users can see."""
    return {tuple(record) for record in await connection.fetch(_SHAPE)}
