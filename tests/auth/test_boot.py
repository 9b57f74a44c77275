"""The first start on an empty database, starts on one that is there, many at once, and what roles may do."""

from __future__ import annotations

import asyncio
import logging
import sys
import time

import asyncpg
import pytest
from boot_kit import connected, new_database, role_of_its_own, shape, url_as

from auth_engine.core.errors import BootRefused
from auth_engine.store.boot import boot
from usher.postgres import EmbeddedPostgres

ROLES = ("user", "me", "editor")
USERS = (
    "id uuid, created_at timestamptz, updated_at timestamptz, last_seen timestamptz, disabled bool, display_name text, "
    "avatar_url text, locale varchar(2), email auth.email, phone_number text, password_hash text, email_verified bool, "
    "phone_number_verified bool, new_email auth.email, otp_method_last_used text, otp_hash text, "
    "otp_hash_expires_at timestamptz, default_role text, is_anonymous bool, totp_secret text, active_mfa_type text, "
    "ticket text, ticket_expires_at timestamptz, metadata jsonb, webauthn_current_challenge text"
)
CONSTRAINTS = {
    "users": {"users_pkey", "users_email_key", "users_phone_number_key", "active_mfa_types_check", "fk_default_role"},
    "user_roles": {"user_roles_pkey", "user_roles_user_id_role_key", "fk_user", "fk_role"},
    "roles": {"roles_pkey"},
    "refresh_tokens": {"refresh_tokens_pkey", "fk_user", "refresh_tokens_types_fkey"},
    "refresh_token_types": {"refresh_token_types_pkey"},
    "user_providers": {
        "user_providers_pkey", "user_providers_provider_id_provider_user_id_key", "fk_user", "fk_provider",
    },
    "providers": {"providers_pkey"},
    "provider_requests": {"provider_requests_pkey"},
    "user_security_keys": {"user_security_keys_pkey", "user_security_key_credential_id_key", "fk_user"},
    "schema_migrations": {"schema_migrations_pkey"},
}  # fmt: skip


async def test_an_empty_database_gets_the_schema_of_version_18(postgres: EmbeddedPostgres) -> None:
    url = postgres.url(new_database(postgres))
    await boot(url, ROLES)
    async with connected(url) as connection:
        columns = await connection.fetch(
            "select attname || ' ' || format_type(atttypid, atttypmod) from pg_attribute "
            "where attrelid = 'auth.users'::regclass and attnum > 0 order by attnum"
        )
        wanted = USERS.replace("timestamptz", "timestamp with time zone").replace("bool", "boolean")
        assert ", ".join(row[0] for row in columns) == wanted.replace("varchar", "character varying")
        found: dict[str, set[str]] = {}
        for table, name in await connection.fetch(
            "select c.relname, o.conname from pg_constraint o join pg_class c on c.oid = o.conrelid "
            "where o.connamespace = 'auth'::regnamespace and o.contype <> 'n'"
        ):
            found.setdefault(table, set()).add(name)
        assert found == CONSTRAINTS
        assert not await connection.fetch(
            "select relname from pg_class where relnamespace in ('auth'::regnamespace, 'auth_engine'::regnamespace) "
            "and relkind = 'r' and obj_description(oid, 'pg_class') is null"
        )
        roles = await connection.fetchval("select array_agg(role order by role) from auth.roles")
        assert roles == ["anonymous", "editor", "me", "user"]
        assert await connection.fetchval("select count(*) from auth.providers") == 16
        assert await connection.fetch("select version, dirty from auth.schema_migrations") == [(18, False)]
        assert await connection.fetchval("select version from auth_engine.schema_version") == 1


async def test_a_start_with_nothing_to_do_is_quick_and_changes_nothing(fresh_auth_database: str) -> None:
    async with connected(fresh_auth_database) as connection:
        before = await shape(connection)
        written = "select max(xmin::text::bigint) from pg_class"
        newest = await connection.fetchval(written)
        begun = time.perf_counter()
        await boot(fresh_auth_database, ("user", "me"))
        assert time.perf_counter() - begun < 1
        assert await shape(connection) == before
        assert await connection.fetchval(written) == newest


async def test_ten_starts_at_once_over_several_processes(postgres: EmbeddedPostgres) -> None:
    url = postgres.url(new_database(postgres))
    program = (
        "import asyncio, sys\nfrom auth_engine.store.boot import boot\n"
        "async def main():\n    await asyncio.gather(*(boot(sys.argv[1], ('user',)) for _ in range(3)))\n"
        "asyncio.run(main())"
    )
    others = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, url) for _ in range(2)]
    await asyncio.gather(*(boot(url, ROLES) for _ in range(4)))
    assert [await other.wait() for other in others] == [0, 0]
    async with connected(url) as connection:
        assert await connection.fetchval("select count(*) from auth.schema_migrations") == 1
        assert await connection.fetchval("select count(*) from auth_engine.schema_version") == 1


async def test_an_owner_who_is_no_superuser(postgres: EmbeddedPostgres) -> None:
    url = postgres.url(new_database(postgres))
    async with role_of_its_own(url) as role, connected(url) as admin:
        with pytest.raises(BootRefused, match="citext is missing"):
            await boot(url_as(url, role), ROLES)
        await admin.execute("create extension citext schema public")
        with pytest.raises(BootRefused) as refusal:
            await boot(url_as(url, role), ROLES)
        assert not await admin.fetchval("select exists (select from pg_namespace where nspname like 'auth%')")
        grant = next(line for line in str(refusal.value).splitlines() if line.startswith("GRANT"))
        await admin.execute(grant)
        await boot(url_as(url, role), ROLES)
        owners = await admin.fetch(
            "select distinct pg_get_userbyid(relowner) from pg_class "
            "where relnamespace in ('auth'::regnamespace, 'auth_engine'::regnamespace) and relkind = 'r'"
        )
        assert owners == [(role,)]
        assert await admin.fetchval("select count(*) from pg_trigger where tgname like 'auth\\_engine%'") == 7


async def test_schemas_made_by_an_administrator_are_enough(postgres: EmbeddedPostgres) -> None:
    url = postgres.url(new_database(postgres))
    async with role_of_its_own(url) as role, connected(url) as admin:
        await admin.execute("create extension citext schema public")
        await admin.execute(f"create schema auth; grant all on schema auth to {role}")
        await admin.execute(f"create schema auth_engine authorization {role}")
        await boot(url_as(url, role), ROLES)
        assert await admin.fetchval("select count(*) from auth.roles") == 4


async def test_another_role_may_serve_what_the_owner_made(fresh_auth_database: str) -> None:
    async with role_of_its_own(fresh_auth_database) as role, connected(fresh_auth_database) as admin:
        service = url_as(fresh_auth_database, role)
        with pytest.raises(BootRefused) as refusal:
            await boot(fresh_auth_database, ROLES, service)
        assert 'GRANT USAGE ON SCHEMA auth TO "' in str(refusal.value)
        for line in str(refusal.value).splitlines()[1:]:
            await admin.execute(line)
        await boot(fresh_auth_database, ROLES, service)
        async with connected(service) as connection:
            await connection.execute("insert into auth.users (locale) values ('en')")
            await connection.execute("select * from auth_engine.sessions")
            await connection.execute("insert into auth_engine.audit (event) values ('test')")


async def test_citext_elsewhere_is_told(postgres: EmbeddedPostgres) -> None:
    url = postgres.url(new_database(postgres))
    async with connected(url) as admin:
        await admin.execute("create schema extensions; create extension citext schema extensions")
        with pytest.raises(BootRefused, match="ALTER EXTENSION citext SET SCHEMA public"):
            await boot(url, ROLES)
        assert not await admin.fetchval("select exists (select from pg_namespace where nspname like 'auth%')")


# ---------------------------------------------------------------- triggers


async def _new_user(connection: asyncpg.Connection, **columns: object) -> str:
    names = ", ".join(["locale", *columns])
    places = ", ".join(["'en'", *(f"${number}" for number in range(1, len(columns) + 1))])
    return str(
        await connection.fetchval(
            f"insert into auth.users ({names}) values ({places}) returning id::text", *columns.values()
        )
    )


async def test_disabling_enabling_and_deleting_are_told(fresh_auth_database: str) -> None:
    told: list[object] = []
    async with role_of_its_own(fresh_auth_database) as role, connected(fresh_auth_database) as admin:
        await admin.add_listener("auth_engine_users", lambda *said: told.append(said[-1]))
        user = await _new_user(admin)
        await admin.execute(
            f"grant usage on schema auth to {role}; grant select, update, delete on auth.users to {role}"
        )
        async with connected(url_as(fresh_auth_database, role)) as foreign:
            await foreign.execute("update auth.users set display_name = 'nothing to tell'")
            async with foreign.transaction():
                begun = await foreign.fetchval("select now()")
                await foreign.execute("update auth.users set disabled = true")
            first = await admin.fetchval(
                "select disabled_at from auth_engine.disablings where user_id = $1::uuid", user
            )
            assert first > begun
            await foreign.execute("update auth.users set disabled = true")
            await foreign.execute("update auth.users set disabled = false")
            assert await admin.fetchval("select disabled_at from auth_engine.disablings") == first
            await foreign.execute("update auth.users set disabled = true")
            assert await admin.fetchval("select disabled_at from auth_engine.disablings") > first
            await foreign.execute("delete from auth.users")
        assert await admin.fetchval("select count(*) from auth_engine.disablings") == 0
        assert await admin.fetchval("select user_id::text from auth_engine.deletions") == user
        assert told == [user] * 4


async def test_a_user_goes_with_everything_that_is_theirs(fresh_auth_database: str) -> None:
    async with connected(fresh_auth_database) as admin:
        user = await _new_user(admin, disabled=True)
        session = await admin.fetchval(
            "insert into auth.refresh_tokens (user_id, expires_at) values ($1::uuid, now()) returning id", user
        )
        await admin.execute("insert into auth_engine.sessions (id) values ($1)", session)
        await admin.execute(
            "insert into auth_engine.former_tokens (session_id, number, token_hash) values ($1, 1, 'x')", session
        )
        await admin.execute("insert into auth_engine.audit (user_id, event) values ($1::uuid, 'sign-in')", user)
        await admin.execute("delete from auth.users where id = $1::uuid", user)
        assert await admin.fetchval("select count(*) from auth_engine.former_tokens") == 0
        assert await admin.fetchval("select count(*) from auth_engine.audit") == 1


PHONES = {
    "another number": ("phone_number = '+4'", False),
    "no number": ("phone_number = null", False),
    "another number that is verified": ("phone_number = '+4', phone_number_verified = true", True),
    "another number that is not": ("phone_number = '+4', phone_number_verified = false", False),
    "the same number": ("phone_number = '+3'", True),
    "another column": ("display_name = 'x'", True),
}


@pytest.mark.parametrize("name", PHONES)
async def test_a_changed_phone_number_is_unverified(name: str, sql: asyncpg.Connection) -> None:
    change, verified = PHONES[name]
    async with sql.transaction():
        user = await _new_user(sql, phone_number="+3", phone_number_verified=True)
        await sql.execute(f"update auth.users set {change} where id = $1::uuid", user)
        flag = "select phone_number_verified from auth.users where id = $1::uuid"
        assert await sql.fetchval(flag, user) is verified
        await sql.execute("delete from auth.users where id = $1::uuid", user)


async def test_without_the_right_to_make_triggers_the_start_warns_and_goes_on(
    fresh_auth_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with role_of_its_own(fresh_auth_database) as role, connected(fresh_auth_database) as admin:
        await admin.execute("drop schema auth_engine cascade")
        user = await _new_user(admin, disabled=True)
        database = await admin.fetchval("select current_database()")
        await admin.execute(f"grant create on database {database} to {role}")
        mine = url_as(fresh_auth_database, role)
        with pytest.raises(BootRefused) as refusal:
            await boot(mine, ROLES)
        for line in str(refusal.value).splitlines()[1:]:
            await admin.execute(line)
        with caplog.at_level(logging.WARNING):
            await boot(mine, ROLES)
        assert "create trigger auth_engine_user_disabled after update on auth.users" in caplog.text
        assert f'GRANT TRIGGER ON auth.users TO "{role}"' in caplog.text
        assert await admin.fetchval("select user_id::text from auth_engine.disablings") == user
        await admin.execute("delete from auth.users")
        script = caplog.records[-1].getMessage().partition(":\n")[2]
        await admin.execute(script)
        caplog.clear()
        await boot(mine, ROLES)
        assert not caplog.records


async def test_the_schema_of_ours_can_be_dropped_and_made_anew(fresh_auth_database: str) -> None:
    async with connected(fresh_auth_database) as admin:
        user = await _new_user(admin)
        before = await shape(admin)
        await admin.execute("drop schema auth_engine cascade")
        await admin.execute("update auth.users set disabled = true, phone_number = '+1'")
        await boot(fresh_auth_database, ("user", "me"))
        assert await shape(admin) == before
        assert await admin.fetchval("select user_id::text from auth_engine.disablings") == user
        await admin.execute("delete from auth.users")
