"""schema.sql, demo.sql and permissions.yaml: what they promise, on a real Postgres."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from front.commands import ROOT

from gql_gen.ask import DocumentAsk
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.introspect.read import read_catalog
from gql_gen.names import camel
from gql_gen.rules.load import load_rules
from gql_gen.session import Caller
from usher.fmt import formatted
from usher.postgres import EmbeddedPostgres

USERS_COLUMNS = (
    "id created_at updated_at last_seen disabled display_name avatar_url locale email phone_number password_hash "
    "email_verified phone_number_verified new_email otp_method_last_used otp_hash otp_hash_expires_at default_role "
    "is_anonymous totp_secret active_mfa_type ticket ticket_expires_at metadata webauthn_current_challenge"
)
FORMAT_KEYS = (
    "version naming customization roles rules tables name comment is_enum hide columns root_fields relationships "
    "infer_relationships permissions object array on key table insert_before_parent select insert update delete "
    "filter check set limit allow_aggregations query_root_fields subscription_root_fields backend_only recheck "
    "message sql _and _or _not _exists _ceq connections limits depth nodes batch seconds rows rate per_minute by "
    "inherits introspection computed_fields function table_argument functions exposed_as session_argument "
    "function_aggregate infer_function_permissions query_collections allow_list"
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


# ---------------------------------------------------------------- a user changes their own profile

OWN, OTHER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
USERS = "select jsonb_object_agg(id, to_jsonb(users)) from auth.users"
CHANGEABLE = {"display_name", "locale", "metadata", "phone_number"}
PROFILE = """
mutation ($id: uuid!, $displayName: String!, $locale: String, $metadata: jsonb) {
  updateUser(pk_columns: {id: $id}, _set: {displayName: $displayName, locale: $locale, metadata: $metadata}) {
    id displayName locale metadata updatedAt
  }
}
"""
NEW = {"displayName": "Ada L.", "locale": "sv", "metadata": {"theme": "light"}}
SENSITIVE = {
    *(name for column in USERS_COLUMNS.split() if column not in CHANGEABLE for name in (column, camel(column))),
    *("currentChallenge", "password", "*", "display_name", "phone_number"),
}
"""By SQL's name and by GraphQL's, the hidden ones too; and the changeable ones by names that are not theirs."""
BY_VARIABLE = "mutation ($id: uuid!, $set: users_set_input) { updateUser(pk_columns: {id: $id}, _set: $set) { id } }"
FORMS = (
    'mutation {{ updateUser(pk_columns: {{id: "{own}"}}, _set: {{{name}: "x"}}) {{ id }} }}',
    'mutation {{ updateUsers(where: {{}}, _set: {{{name}: "x"}}) {{ affected_rows }} }}',
    'mutation {{ update_users_many(updates: [{{where: {{}}, _set: {{{name}: "x"}}}}]) {{ affected_rows }} }}',
)


class Profile:
    """The example as user 1 meets it, and its users as they are stored."""

    def __init__(self, engine: Engine, connection: asyncpg.Connection) -> None:
        self._engine = engine
        self._connection = connection

    async def ask(self, text: str, **variables: Any) -> Any:
        caller = Caller("user", {"x-hasura-user-id": OWN})
        return json.loads((await self._engine.answer(DocumentAsk(text, None, variables), caller)).body)

    async def users(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads(await self._connection.fetchval(USERS))
        return found


@pytest.fixture
async def profile(postgres: EmbeddedPostgres, example: str) -> AsyncIterator[Profile]:
    postgres.create_database("profile", "example")
    url = postgres.url("profile")
    engine = await Engine.open(EngineSettings(url, 1), load_rules(ROOT / "permissions.yaml"), strict=True)
    connection = await asyncpg.connect(url)
    yield Profile(engine, connection)
    await connection.close()
    await engine.close()
    postgres.drop_database("profile")


async def test_a_user_changes_their_own_profile_and_nothing_else(profile: Profile) -> None:
    before = await profile.users()
    answer = (await profile.ask(PROFILE, id=OWN, **NEW))["data"]["updateUser"]
    after = await profile.users()
    assert answer == {"id": OWN, **NEW, "updatedAt": after[OWN]["updated_at"]}
    changed = {column for column, value in after[OWN].items() if before[OWN][column] != value}
    assert changed == {"display_name", "locale", "metadata", "updated_at"}
    assert [key for key in after if after[key] != before[key]] == [OWN]


async def test_a_user_does_not_change_somebody_elses(profile: Profile) -> None:
    before = await profile.users()
    assert await profile.ask(PROFILE, id=OTHER, **NEW) == {"data": {"updateUser": None}}
    assert await profile.users() == before


async def test_nothing_sensitive_can_be_set_by_any_name(profile: Profile) -> None:
    before = await profile.users()
    for name in sorted(SENSITIVE):
        answers = [await profile.ask(BY_VARIABLE, id=OWN, set={name: "x"})]
        if name.isidentifier():
            answers += [await profile.ask(form.format(own=OWN, name=name)) for form in FORMS]
        for answer in answers:
            assert answer["errors"][0]["message"] == f"field '{name}' not found in type: 'users_set_input'"
    assert await profile.users() == before
