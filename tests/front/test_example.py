"""schema.sql, demo.sql and permissions.yaml: what they promise, on a real Postgres."""

from __future__ import annotations

import re

import asyncpg
import pytest
from front.commands import ROOT

from gql_gen.introspect.read import read_catalog
from gql_gen.rules.load import load_rules
from usher.fmt import formatted

USERS_COLUMNS = (
    "id created_at updated_at last_seen disabled display_name avatar_url locale email phone_number password_hash "
    "email_verified phone_number_verified new_email otp_method_last_used otp_hash otp_hash_expires_at default_role "
    "is_anonymous totp_secret active_mfa_type ticket ticket_expires_at metadata webauthn_current_challenge"
)
FORMAT_KEYS = (
    "version naming customization roles rules tables name comment is_enum hide columns root_fields relationships "
    "infer_relationships permissions object array on key table insert_before_parent select insert update delete "
    "filter check set limit allow_aggregations query_root_fields subscription_root_fields backend_only recheck "
    "message sql _and _or _not _exists _ceq"
)
SECRETS = {
    "users": {"password_hash", "otp_hash", "totp_secret", "ticket", "webauthn_current_challenge"},
    "refresh_tokens": {"refresh_token_hash"},
    "user_providers": {"access_token", "refresh_token"},
    "user_security_keys": {"credential_public_key"},
}


async def test_the_users_table_has_the_columns_of_hasura_auth_in_their_order(example: str) -> None:
    connection = await asyncpg.connect(example)
    try:
        catalog = await read_catalog(connection)
    finally:
        await connection.close()
    users = next(relation for ident, relation in catalog.relations.items() if str(ident.name) == "users")
    assert " ".join(users.columns) == USERS_COLUMNS


async def test_every_table_and_view_has_a_comment(example: str) -> None:
    connection = await asyncpg.connect(example)
    try:
        catalog = await read_catalog(connection)
    finally:
        await connection.close()
    assert [ident.name for ident, relation in catalog.relations.items() if not relation.comment] == []


@pytest.mark.parametrize("address", ["ada@example.com", "a.b+c@sub.example.co", "x@localhost"])
async def test_an_address_of_a_browsers_form_is_an_email(example: str, address: str) -> None:
    connection = await asyncpg.connect(example)
    try:
        assert await connection.fetchval("select $1::text::auth.email::text", address) == address
    finally:
        await connection.close()


@pytest.mark.parametrize("address", ["ada", "ada@", "@example.com", "a b@example.com", "ada@-example.com", "a@b..c"])
async def test_anything_else_is_no_email(example: str, address: str) -> None:
    connection = await asyncpg.connect(example)
    try:
        with pytest.raises(asyncpg.CheckViolationError, match="email_check"):
            await connection.fetchval("select $1::text::auth.email::text", address)
    finally:
        await connection.close()


async def test_an_update_of_a_user_moves_updated_at(example: str) -> None:
    connection = await asyncpg.connect(example)
    transaction = connection.transaction()
    await transaction.start()
    try:
        before, after = await connection.fetchrow(
            "with old as (select min(updated_at) as at from auth.users), "
            "new as (update auth.users set locale = locale, updated_at = 'epoch' returning updated_at) "
            "select (select at from old), (select min(updated_at) from new)"
        )
    finally:
        await transaction.rollback()
        await connection.close()
    assert after >= before


async def test_deleting_a_user_takes_what_is_theirs_and_leaves_the_roles(example: str) -> None:
    connection = await asyncpg.connect(example)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("delete from auth.users where default_role = 'user'")
        left = await connection.fetchval("select count(*) from auth.user_roles")
        roles = await connection.fetchval("select count(*) from auth.roles")
    finally:
        await transaction.rollback()
        await connection.close()
    assert (left, roles) == (0, 4)


async def test_the_demo_has_enough_rows_to_play_with(example: str) -> None:
    connection = await asyncpg.connect(example)
    try:
        counts = await connection.fetchrow(
            "select (select count(*) from public.org), (select count(*) from auth.users), "
            "(select count(*) from public.task), (select max(places) from (select count(*) as places "
            'from public.member where "userId" is not null group by "userId") as of_a_user)'
        )
    finally:
        await connection.close()
    assert tuple(counts) == (4, 60, 480, 3)


def test_no_secret_is_within_anybodys_reach() -> None:
    rules = load_rules(ROOT / "permissions.yaml")
    hidden = {ident.name: {name for name, _ in table.hide} for ident, table in rules.tables.items() if table.hide}
    assert hidden == SECRETS


def test_the_rules_are_in_canonical_order() -> None:
    text = (ROOT / "permissions.yaml").read_text()
    assert formatted(text, "permissions.yaml") == text


def test_the_rules_show_every_key_of_the_format() -> None:
    text = (ROOT / "permissions.yaml").read_text()
    assert [key for key in FORMAT_KEYS.split(" ") if not re.search(rf"\b{key}:", text)] == []
