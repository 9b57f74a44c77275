"""What a role may see and do: never more than the rules say, and less where they are wrong."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from builders import catalog, fault_texts, ident, pg, rules, sound, table

from gql_gen.catalog.types import UniqueIndex
from gql_gen.model.build import build_model
from gql_gen.model.predicates import TRUE, Compare, Slot, ValueType
from gql_gen.model.roles import check_all_roles, role_model
from gql_gen.model.types import Model, PresetValue, RoleEntity, RoleModel
from gql_gen.rules.types import Rules

DB = catalog(
    table(
        "users",
        "id uuid!, name text!, email text, password text, made_at timestamptz!",
        unique=[["email"], ["password"]],
        indexes=[
            UniqueIndex("users_name_idx", ("name",), (None,), None),
            UniqueIndex("users_lower_idx", (None,), ("lower(password)",), None, ("password",)),
        ],
    ),
    table("notes", "id int4!, owner_id uuid!, body text, kept bool", foreign={"owner_id": "users.id"}),
    table("logs", "id int4!, note_id int4", foreign={"note_id": "notes.id"}),
)

OWN = "{ id: { _eq: X-Hasura-User-Id } }"
RULES = f"""
roles: {{ user: {{}}, writer: {{}} }}
tables:
  users:
    hide: [password]
    permissions:
      user:
        select: {{ columns: [id, name], filter: {OWN}, limit: 10 }}
        update:
          columns: [name, email]
          filter: {OWN}
          check: {OWN}
          set: {{ email: X-Hasura-Email, password: none, made_at: {{ sql: now() }} }}
          message: only your own
  notes:
    permissions:
      user: {{ select: {{ columns: "*", filter: {{ owner_id: X-Hasura-User-Id }}, allow_aggregations: true }} }}
      writer: {{ select: {{ columns: [body], filter: {{}}, query_root_fields: [select_aggregate, select] }} }}
  logs: {{}}
"""


def built(text: str = RULES) -> tuple[Model, Rules]:
    told = rules(text)
    return sound(DB, told), told


def role(name: str, text: str = RULES) -> RoleModel:
    return role_model(*built(text), name)


def seen(role: RoleModel, name: str) -> RoleEntity:
    return role.entities[ident(name)]


def test_admin_sees_all_that_is_tracked_but_what_is_hidden() -> None:
    admin = role("admin")
    assert admin.is_admin
    assert {str(each) for each in admin.entities} == {"public.users", "public.notes", "public.logs"}
    users = seen(admin, "users")
    assert users.columns == {"id", "name", "email", "made_at"}
    assert (users.rule, users.limit, users.allow_aggregations) == (TRUE, None, True)
    assert users.links.keys() == {"notes"}
    assert [key.name for key in users.unique_keys] == ["users_pkey", "users_email_key"]
    assert [index.name for index in users.unique_indexes] == ["users_name_idx"]
    assert users.query_roots == {"select", "select_by_pk", "select_aggregate"}
    assert users.subscription_roots == {"select", "select_by_pk", "select_aggregate", "select_stream"}
    assert users.insert is not None
    assert users.insert.columns == users.columns


def test_a_role_sees_what_its_rule_says() -> None:
    users = seen(role("user"), "users")
    assert (list(users.fields), users.limit) == (["id", "name"], 10)
    assert users.columns == {"id", "name"}
    me = Slot("session", ("x-hasura-user-id",), ValueType(pg("uuid"), "uuid"))
    assert isinstance(users.rule, Compare)
    assert users.rule.right == me
    assert users.query_roots == {"select", "select_by_pk"}
    assert [key.name for key in users.unique_keys] == ["users_pkey"]


def test_relationships_lead_only_where_the_role_may_select() -> None:
    user = role("user")
    assert seen(user, "users").links.keys() == {"notes"}
    assert seen(user, "notes").links.keys() == {"owner"}
    writer = role("writer")
    assert writer.entities.keys() == {ident("notes")}
    assert not seen(writer, "notes").links


def test_root_fields_are_those_listed_and_possible() -> None:
    notes = seen(role("writer"), "notes")
    assert notes.query_roots == {"select"}
    assert notes.subscription_roots == {"select", "select_stream"}
    assert not notes.by_primary_key
    assert seen(role("user"), "notes").query_roots == {"select", "select_by_pk", "select_aggregate"}


@pytest.mark.parametrize("name", ["nobody", "", "Admin"])
def test_a_role_that_is_not_named_sees_nothing(name: str) -> None:
    stranger = role(name)
    assert not stranger.entities
    assert not stranger.is_admin


def test_write_rules_are_kept() -> None:
    update = seen(role("user"), "users").update
    assert update is not None
    assert update.columns == {"name"}
    assert update.filter == update.check == seen(role("user"), "users").rule
    assert update.message == "only your own"
    text = ValueType(pg("text"), "String")
    assert set(update.presets) == {
        PresetValue("email", Slot("session", ("x-hasura-email",), text), None),
        PresetValue("password", Slot("literal", (), text, "none"), None),
        PresetValue("made_at", None, "now()"),
    }
    assert seen(role("user"), "users").insert is None


def broken(permission: str) -> tuple[RoleModel, list[str]]:
    """A role with this permission on notes beside a sound one on users, and the faults of all roles."""
    model, told = built(
        "roles: {user: {}}\n"
        "tables:\n"
        "  users: { hide: [password], permissions: { user: { select: { columns: '*', filter: {} } } } }\n"
        f"  notes: {{ permissions: {{ user: {{ {permission} }} }} }}\n"
    )
    return role_model(model, told, "user"), fault_texts(check_all_roles(model, told))


@pytest.mark.parametrize(
    ("select", "words"),
    [
        ("columns: [id, boddy], filter: {}", 'public.notes has no column "boddy" (did you mean "body"?)'),
        ("columns: '*', filter: { nope: { _eq: 1 } }", 'no column or relationship "nope"'),
        ("columns: '*', filter: { id: { _eq: x } }", "expected a 32-bit integer"),
        ("columns: '*', filter: { _not: { nope: { _eq: 1 } } }", 'no column or relationship "nope"'),
        ("columns: '*', filter: { _or: [{}, { nope: { _eq: 1 } }] }", 'no column or relationship "nope"'),
    ],
)
def test_a_select_rule_with_a_fault_takes_the_table_away(select: str, words: str) -> None:
    user, faults = broken(f"select: {{ {select} }}")
    assert user.entities.keys() == {ident("users")}
    assert not seen(user, "users").links
    assert len(faults) == 1
    assert words in faults[0]


def test_listing_a_hidden_column_is_a_fault() -> None:
    told = rules(
        "roles: {user: {}}\n"
        "tables: { users: { hide: [password], permissions:"
        " { user: { select: { columns: [id, password], filter: {} } } } } }"
    )
    model = sound(DB, told)
    assert not role_model(model, told, "user").entities
    (text,) = fault_texts(check_all_roles(model, told))
    assert 'column "password" of public.users is hidden from everyone' in text


@pytest.mark.parametrize(
    "write",
    [
        "insert: { columns: [nope], check: {} }",
        "insert: { columns: '*', check: { nope: { _eq: 1 } } }",
        "insert: { columns: '*', check: {}, set: { nope: 1 } }",
        "update: { columns: '*', filter: { nope: { _eq: 1 } } }",
        "update: { columns: '*', filter: {}, set: { kept: maybe } }",
        "delete: { filter: { nope: { _eq: 1 } } }",
    ],
)
def test_a_write_rule_with_a_fault_is_left_out_alone(write: str) -> None:
    user, faults = broken(f"select: {{ columns: '*', filter: {{}} }}, {write}")
    notes = seen(user, "notes")
    assert (notes.insert, notes.update, notes.delete) == (None, None, None)
    assert len(faults) == 1


def test_writing_without_reading_shows_nothing_but_is_checked() -> None:
    user, faults = broken("insert: { columns: [nope], check: {} }")
    assert user.entities.keys() == {ident("users")}
    assert len(faults) == 1


def test_generated_columns_are_not_writable() -> None:
    told = rules("roles: {user: {}}\ntables: {t: {permissions: {user: {select: {columns: '*', filter: {}}}}}}")
    plain = table("t", "id int4!, total int4")
    columns = dict(plain.columns)
    columns["total"] = replace(columns["total"], generated=True, updatable=False)
    model = build_model(catalog(replace(plain, columns=columns)), told, {})
    insert = role_model(model, told, "admin").entities[ident("t")].insert
    assert insert is not None
    assert insert.columns == {"id"}


def test_a_null_preset_is_null() -> None:
    user, faults = broken(
        "select: { columns: '*', filter: {} }, insert: { columns: [id], check: {}, set: { body: null } }"
    )
    assert not faults
    insert = seen(user, "notes").insert
    assert insert is not None
    assert insert.presets == (PresetValue("body", None, "null"),)


def test_five_hundred_tables_and_twelve_roles_are_ready_in_time() -> None:
    columns = "id int4!, a text, b text, c int4, d date, e jsonb, parent int4, owner_id int4!"
    relations = [
        table(f"t{n}", columns, foreign={"owner_id": f"t{max(n - 1, 0)}.id", "parent": f"t{n}.id"}) for n in range(500)
    ]
    filter = "{ owner: { a: { _eq: X-Hasura-A } }, c: { _gt: 1 } }"
    permissions = "".join(f"      r{n}: {{ select: {{ columns: '*', filter: {filter} }} }}\n" for n in range(12))
    one = rules(
        f"roles: {{{', '.join(f'r{n}: {{}}' for n in range(12))}}}\ntables:\n  t0:\n    permissions:\n{permissions}"
    )
    template = one.tables[ident("t0")]
    told = replace(one, tables={each.ident: replace(template, ident=each.ident) for each in relations})
    db = catalog(*relations)
    started = time.process_time()
    model = check_all_roles(build_model(db, told, {}), told)
    spent = time.process_time() - started
    assert not model.faults
    assert spent < 3, "twice what a quiet machine needs"
