"""Databases that Hasura Auth left: brought up without losing a user, or refused without a change."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import AsyncIterator

import asyncpg
import bcrypt
import pyotp
import pytest
import pytest_asyncio
from auth_kit import PASSWORD, Mailbox, Serve, opened, refused
from boot_kit import connected, make_peer, new_database, role_of_its_own, shape, url_as

from auth_engine.core.errors import BootRefused
from auth_engine.factors.hashes import argon2_hash
from auth_engine.store.boot import boot
from usher.postgres import EmbeddedPostgres

ROLES = ("user", "me")


@pytest_asyncio.fixture
async def peer(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a database as Hasura Auth leaves it."""
    name = new_database(postgres)
    await make_peer(postgres.url(name))
    yield postgres.url(name)
    postgres.drop_database(name)


def _hashed(token: str) -> str:
    return "\\x" + hashlib.sha256(token.encode()).hexdigest()


# ---------------------------------------------------------------- versions


@pytest.mark.parametrize("version", range(10, 18))
async def test_an_older_version_is_brought_up(version: int, peer: str, postgres: EmbeddedPostgres) -> None:
    url = postgres.url(new_database(postgres))
    await make_peer(url, version)
    token = str(uuid.uuid4())
    async with connected(url) as connection, connected(peer) as current:
        user = await connection.fetchval("insert into auth.users (locale) values ('en') returning id")
        column, value = ("refresh_token", token) if version < 15 else ("refresh_token_hash", _hashed(token))
        await connection.execute(
            f"insert into auth.refresh_tokens ({column}, user_id, expires_at) "
            f"values ($1{'::text::uuid' if version < 15 else ''}, $2, now() + interval '1 day')",
            value,
            user,
        )
        await boot(url, ROLES)
        await boot(peer, ROLES)
        assert await shape(connection) == await shape(current)
        row = await connection.fetchrow("select id::text, refresh_token_hash, type from auth.refresh_tokens")
        assert row[1:] == (_hashed(token), "regular")
        assert row[0] != token
        assert await connection.fetchval("select nickname_of_the_application from auth.users") == "foreign"


async def test_version_18_is_taken_as_it_is(peer: str) -> None:
    async with connected(peer) as connection:
        before = await shape(connection)
        await boot(peer, ROLES)
        ours = {row for row in await shape(connection) - before if "auth_engine" not in row[2]}
        assert ours == set()
        assert not before - await shape(connection)
        assert any("foreign_trigger" in row[2] for row in before)


async def test_the_table_of_the_node_version_is_read(peer: str) -> None:
    async with connected(peer) as connection:
        await connection.execute(
            "drop table auth.schema_migrations; delete from auth.providers where id = 'entraid'; "
            "create table auth.migrations (id integer primary key, name varchar(100) not null unique, "
            "hash varchar(40) not null, executed_at timestamp default current_timestamp); "
            "insert into auth.migrations (id, name, hash) select n, 'm' || n, 'x' from generate_series(0, 17) n"
        )
        await boot(peer, ROLES)
        assert await connection.fetch("select version, dirty from auth.schema_migrations") == [(18, False)]
        assert await connection.fetchval("select count(*) from auth.migrations") == 18
        assert await connection.fetchval("select count(*) from auth.providers") == 16


async def test_a_schema_that_nobody_gave_a_version_is_known_by_its_columns(peer: str) -> None:
    async with connected(peer) as connection:
        await connection.execute("drop table auth.schema_migrations")
        await boot(peer, ROLES)
        assert await connection.fetch("select version, dirty from auth.schema_migrations") == [(18, False)]


REFUSED = {
    "version 9": ("update auth.schema_migrations set version = 9", "version 9"),
    "dirty": ("update auth.schema_migrations set dirty = true", "dirty"),
    "no column": ("alter table auth.users drop column ticket", r"auth\.users\.ticket missing"),
    "no table": ("drop table auth.user_security_keys", r"auth\.user_security_keys\.id"),
    "no version, no column": (
        "drop table auth.schema_migrations; alter table auth.users drop column ticket", "no version",
    ),
    "no users": ("drop table auth.users cascade", "has no users"),
    "another program's": (
        "drop table auth.schema_migrations; create table auth.schema_migrations (version varchar(255))",
        "another program",
    ),
    "what an upgrade trips over": (
        "update auth.schema_migrations set version = 13; create view public.v as select type from auth.refresh_tokens",
        "nothing was changed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_taken_over_is_refused_without_a_change(name: str, peer: str) -> None:
    change, reason = REFUSED[name]
    async with connected(peer) as connection:
        await connection.execute(change)
        before = await connection.fetch("select oid, relname from pg_class order by 1")
        with pytest.raises(BootRefused, match=reason):
            await boot(peer, ROLES)
        assert await connection.fetch("select oid, relname from pg_class order by 1") == before


async def test_a_later_version_is_left_alone_and_warned_of(peer: str, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(peer) as connection:
        await connection.execute(
            "update auth.schema_migrations set version = 24; create table auth.oauth2_clients (id text); "
            "alter table auth.users alter column locale type varchar(3), add column totp_attempts smallint default 0; "
            "insert into auth.users (locale, active_mfa_type, totp_secret) values ('en', 'totp', 'JBSWY3DPEHPK3PXP')"
        )
        with caplog.at_level(logging.WARNING):
            await boot(peer, ROLES)
        assert "version 24" in caplog.text
        assert await connection.fetch("select version, dirty from auth.schema_migrations") == [(24, False)]
        await connection.execute("update auth.users set totp_secret = 'v2|aes|nobody knows this form'")
        with pytest.raises(BootRefused, match="second factors"):
            await boot(peer, ROLES)
        await connection.execute("update auth.users set active_mfa_type = null")
        await boot(peer, ROLES)


async def test_an_upgrade_needs_the_owner_of_the_tables(peer: str) -> None:
    async with role_of_its_own(peer) as role, connected(peer) as admin:
        await admin.execute("update auth.schema_migrations set version = 17")
        await admin.execute(f"grant all on schema auth to {role}; grant all on all tables in schema auth to {role}")
        with pytest.raises(BootRefused, match=f'ALTER TABLE auth.refresh_tokens OWNER TO "{role}"'):
            await boot(url_as(peer, role), ROLES)
        assert await admin.fetchval("select version from auth.schema_migrations") == 17


# ---------------------------------------------------------------- users


USER = {
    "email": "Old.Friend@example.test",
    "email_verified": True,
    "password_hash": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode(),
    "phone_number": "+41790000000",
    "phone_number_verified": True,
    "otp_hash": bcrypt.hashpw(b"123456", bcrypt.gensalt(4, b"2a")).decode(),
    "otp_method_last_used": "sms",
    "ticket": "",
    "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW",
}


async def _old_friend(connection: asyncpg.Connection, **columns: object) -> str:
    """A user with everything that Hasura Auth keeps of one."""
    values = {**USER, **columns}
    names = ", ".join(values)
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    user = await connection.fetchval(
        f"insert into auth.users (locale, ticket_expires_at, otp_hash_expires_at, {names}) "
        f"values ('en', now() + interval '1 hour', now() + interval '5 minutes', {places}) returning id::text",
        *values.values(),
    )
    for statement in (
        "insert into auth.user_roles (user_id, role) values ($1::uuid, 'user'), ($1::uuid, 'me')",
        "insert into auth.user_providers (user_id, access_token, provider_id, provider_user_id) "
        "values ($1::uuid, 'unset', 'github', '583231')",
        "insert into auth.user_security_keys (user_id, credential_id, credential_public_key) "
        "values ($1::uuid, 'AQID', '\\xa5')",
    ):
        await connection.execute(statement, user)
    return str(user)


async def _token(connection: asyncpg.Connection, user: str, kind: str = "regular") -> str:
    token = str(uuid.uuid4())
    await connection.execute(
        "insert into auth.refresh_tokens (user_id, type, refresh_token_hash, expires_at) "
        "values ($1::uuid, $2, $3, now() + interval '1 day')",
        user,
        kind,
        _hashed(token),
    )
    return token


async def test_users_lose_nothing(peer: str, serve: Serve) -> None:
    async with connected(peer) as connection:
        user = await _old_friend(connection)
        before = await connection.fetchrow("select * from auth.users")
        token, pat = await _token(connection, user), await _token(connection, user, "pat")
        server = await serve(peer)
        assert await connection.fetchrow("select * from auth.users") == before
        assert await connection.fetchval("select count(*) from auth.user_security_keys") == 1
        assert await connection.fetchval("select provider_user_id from auth.user_providers") == "583231"
        session = (await server.post("/token", {"refreshToken": token})).json()
        assert session["user"]["id"] == user
        assert sorted(session["user"]["roles"]) == ["me", "user"]
        by_pat = await server.post("/signin/pat", {"personalAccessToken": pat})
        assert by_pat.json()["session"]["user"]["id"] == user
        refused(await server.sign_in("old.friend@example.test", "wrong"), 401, "invalid-email-password")
        answer = await server.sign_in("old.friend@example.test")
        assert answer.json()["session"]["user"]["id"] == user
        stored = await connection.fetchval("select password_hash from auth.users")
        assert stored.startswith("$argon2id$")
        assert (await server.sign_in("old.friend@example.test")).status_code == 200


async def test_a_mailed_link_still_works_and_once(peer: str, serve: Serve) -> None:
    async with connected(peer) as connection:
        ticket = f"verifyEmail:{uuid.uuid4()}"
        await _old_friend(connection, ticket=ticket, email_verified=False)
        server = await serve(peer)
        link = f"/verify?redirectTo=https%3A%2F%2Fapp.test&ticket={ticket}&type=emailVerify"
        assert "refreshToken=" in (await server.get(link)).headers["location"]
        assert await connection.fetchval("select email_verified from auth.users")
        assert "error=invalid-ticket" in (await server.get(link)).headers["location"]


async def test_codes_under_way_still_work(peer: str, serve: Serve) -> None:
    async with connected(peer) as connection:
        await _old_friend(connection, ticket="012345")
        server = await serve(peer, AUTH_OTP_EMAIL_ENABLED="true", AUTH_SMS_PASSWORDLESS_ENABLED="true",
                             AUTH_SMS_PROVIDER="dev")  # fmt: skip
        body = {"email": USER["email"], "otp": "012346"}
        refused(await server.post("/signin/otp/email/verify", body), 401, "invalid-ticket")
        answer = await server.post("/signin/otp/email/verify", {**body, "otp": "012345"})
        assert "session" in answer.json(), answer.text
        body = {"phoneNumber": USER["phone_number"], "otp": "123456"}
        answer = await server.post("/signin/passwordless/sms/otp", body)
        assert "session" in answer.json(), answer.text


async def test_what_is_written_for_hasura_auth_is_what_it_reads(peer: str, mailbox: Mailbox) -> None:
    settings = {"AUTH_PEER_COMPATIBLE_WRITES": "true", "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true"}
    async with connected(peer) as connection, opened(peer, mailbox, settings) as server:
        old = await _old_friend(connection)
        assert (await server.sign_in("old.friend@example.test")).status_code == 200
        kept = await connection.fetchval("select password_hash from auth.users where id = $1::uuid", old)
        assert kept == USER["password_hash"]
        await server.post("/signup/email-password", {"email": "new@example.test", "password": PASSWORD})
        row = await connection.fetchrow("select password_hash, ticket from auth.users where email = 'new@example.test'")
        assert row["password_hash"].startswith("$2a$10$")
        assert bcrypt.checkpw(PASSWORD.encode(), row["password_hash"].encode())
        assert uuid.UUID(row["ticket"].removeprefix("verifyEmail:")).version == 4


async def test_a_user_found_disabled_loses_their_sessions_without_triggers_too(peer: str, serve: Serve) -> None:
    async with connected(peer) as connection:
        user = await _old_friend(connection)
        token = await _token(connection, user)
        server = await serve(peer)
        await connection.execute("drop trigger auth_engine_user_disabled on auth.users")
        await connection.execute("update auth.users set disabled = true")
        refused(await server.post("/token", {"refreshToken": token}), 401, "disabled-user")
        await connection.execute("update auth.users set disabled = false")
        refused(await server.post("/token", {"refreshToken": token}), 401, "invalid-refresh-token")
        assert "session" in (await server.sign_in("old.friend@example.test")).json()


async def test_going_back_hashes_and_secrets_become_readable_for_hasura_auth_as_they_are_used(
    peer: str, serve: Serve
) -> None:
    secret = str(USER["totp_secret"])
    async with connected(peer) as connection:
        user = await _old_friend(connection, active_mfa_type="totp", password_hash=argon2_hash(PASSWORD))
        server = await serve(peer, AUTH_MFA_ENABLED="true", AUTH_PEER_COMPATIBLE_WRITES="true")
        sealed = server.engine.kit.seals.seal(secret, "totp", user)
        await connection.execute("update auth.users set totp_secret = $1", sealed)
        ticket = (await server.sign_in("old.friend@example.test")).json()["mfa"]["ticket"]
        body = {"ticket": ticket, "otp": pyotp.TOTP(secret).now()}
        assert "session" in (await server.post("/signin/mfa/totp", body)).json()
        row = await connection.fetchrow("select password_hash, totp_secret from auth.users")
        assert bcrypt.checkpw(PASSWORD.encode(), row["password_hash"].encode())
        assert row["totp_secret"] == secret
