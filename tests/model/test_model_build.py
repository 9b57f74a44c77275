"""Tracked tables, their names, and what is left out with a fault."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from builders import catalog, domain, entity, enum, fault_texts, ident, model, pg, rules, sound, table, tracked

from gql_gen.model.types import Model

USERS = table(
    "auth.users",
    "id uuid!, display_name text! how they are called, email auth.email, password_hash text",
    unique=[["email"]],
    comment="People who sign in.",
)
EMAIL = [domain("auth.email", ident("ext.citext"))]


def only_fault(built: Model, *words: str) -> None:
    """Exactly one fault, which says all of this."""
    assert len(built.faults) == 1, fault_texts(built)
    for word in words:
        assert word in str(built.faults[0])


def test_a_table_under_the_default_naming() -> None:
    built = sound(
        catalog(USERS, types=EMAIL),
        rules(
            """
            tables:
              auth.users:
                name: users
                hide: [password_hash]
                columns: { email: { name: mail, comment: "" } }
            """
        ),
    )
    users = entity(built, "auth.users")
    assert (users.type_name, users.base_name, users.primary_key) == ("users", "users", ("id",))
    assert list(users.fields) == ["id", "displayName", "mail"]
    assert users.comment == "People who sign in."
    assert users.fields["displayName"].comment == "how they are called"
    assert users.fields["mail"].scalar.name == "citext"
    assert users.fields["mail"].comment is None
    assert users.root_fields["select_by_pk"].name == "user"
    assert users.field_of("password_hash") is None


def test_the_same_table_under_the_other_namings() -> None:
    db = catalog(USERS, types=EMAIL)
    plain = entity(sound(db, tracked("auth.users", naming="hasura")), "auth.users")
    assert (plain.type_name, list(plain.fields)[1]) == ("auth_users", "display_name")
    assert plain.root_fields["insert_one"].name == "insert_auth_users_one"
    camel = entity(sound(db, tracked("auth.users", naming="graphql-default")), "auth.users")
    assert (camel.type_name, list(camel.fields)[1]) == ("AuthUsers", "displayName")
    assert camel.root_fields["insert_one"].name == "insertAuthUsersOne"


def test_source_prefixes_and_suffixes_wrap_types_and_roots_chosen_ones_too() -> None:
    built = sound(
        catalog(table("author", "id int4!")),
        rules(
            """
            naming: hasura
            customization:
              root_fields: { prefix: p_, suffix: _s }
              type_names: { prefix: T_, suffix: _t }
            tables:
              author: { root_fields: { select: { name: writers, comment: all of them } } }
            """
        ),
    )
    author = entity(built, "author")
    assert (author.type_name, author.base_name) == ("T_author_t", "author")
    assert author.root_fields["select"].name == "p_writers_s"
    assert author.root_fields["select"].comment == "all of them"
    assert author.root_fields["select_by_pk"].name == "p_author_by_pk_s"


def test_by_key_roots_need_a_visible_key_and_writes_a_relation_that_takes_them() -> None:
    view = table("v", "id int4, n text", key=None, kind="view", writable=False)
    built = sound(catalog(view, table("t", "id int4!, n text")), rules("tables: {v: {}, t: {hide: [id]}}"))
    assert set(entity(built, "v").root_fields) == {"select", "select_aggregate", "select_stream"}
    assert entity(built, "t").primary_key == ()
    assert "update_by_pk" not in entity(built, "t").root_fields
    assert "update" in entity(built, "t").root_fields


def test_an_unknown_table_is_a_fault_with_the_nearest_one() -> None:
    built = model(catalog(USERS, types=EMAIL), tracked("auth.user"))
    assert not built.entities
    only_fault(built, "rules.yaml:4:", "auth.user", 'did you mean "auth.users"?')


def test_hiding_an_unknown_column_leaves_out_the_table() -> None:
    built = model(catalog(USERS, types=EMAIL), rules("tables: {auth.users: {hide: [pasword_hash]}}"))
    assert not built.entities
    only_fault(built, 'no column "pasword_hash" to hide', 'did you mean "password_hash"?')


def test_a_setting_for_an_unknown_column_is_a_fault() -> None:
    built = model(catalog(USERS, types=EMAIL), rules("tables: {auth.users: {columns: {mail: {name: x}}}}"))
    only_fault(built, 'no column "mail"', 'did you mean "email"?')
    assert ident("auth.users") in built.entities


def test_of_two_types_with_one_name_the_later_table_goes() -> None:
    db = catalog(table("auth.users", "id int4!"), table("users", "id int4!"))
    built = model(db, rules("tables: {auth.users: {name: users}, users: {}}"))
    assert list(built.entities) == [ident("auth.users")]
    only_fault(built, 'the type "users" of public.users clashes with that of auth.users')


@pytest.mark.parametrize("name", ["users_bool_exp", "users_avg_fields", "users_aggregate", "users_set_input"])
def test_a_table_named_as_another_ones_helper_type_clashes(name: str) -> None:
    built = model(catalog(table("users", "id int4!"), table(name, "id int4!")), tracked("users", name, naming="hasura"))
    assert list(built.entities) == [ident("users")]
    only_fault(built, name, "clashes with that of public.users")


@pytest.mark.parametrize("name", ["Int", "query_root", "order_by", "date"])
def test_a_table_cannot_be_called_as_a_scalar_or_a_type_of_graphql(name: str) -> None:
    db = catalog(table("t", f'id int4!, day date, "{name}" int4'.replace('"', "")), table(name, "id int4!"))
    built = model(db, tracked("t", name, naming="hasura"))
    assert list(built.entities) == [ident("t")]
    only_fault(built, f'"{name}"', "clashes with")


def test_of_two_root_fields_with_one_name_the_later_goes() -> None:
    db = catalog(table("member", "id int4!"), table("members", "id int4!"))
    built = model(db, tracked("member", "members"))
    kept = {str(ident): set(each.root_fields) for ident, each in built.entities.items()}
    assert len(kept["public.member"]) == 11
    assert "select" not in kept["public.members"]
    assert 'root field "members" of public.members (select) clashes with that of public.member (select)' in "".join(
        fault_texts(built)
    )


def test_queries_and_mutations_are_apart() -> None:
    db = catalog(table("insert_x", "id int4!"), table("x", "id int4!"))
    assert len(entity(sound(db, tracked("insert_x", "x", naming="hasura")), "x").root_fields) == 11


def test_names_that_graphql_cannot_spell_are_faults_until_renamed_or_hidden() -> None:
    odd = table("t", "id int4!, naïve text, _and int4")
    built = model(catalog(odd, table("my-table", "id int4!")), rules("tables: {t: {}, my-table: {}}"))
    assert list(entity(built, "t").fields) == ["id"]
    assert len(built.faults) == 3
    assert all("GraphQL" in text for text in fault_texts(built))
    mended = rules("tables: {t: {hide: [_and], columns: {naïve: {name: naive}}}, my-table: {name: mine}}")
    assert list(entity(sound(catalog(odd, table("my-table", "id int4!")), mended), "t").fields) == ["id", "naive"]


def test_two_columns_of_one_name_are_a_fault() -> None:
    built = model(catalog(table("t", "id int4!, user_id int4, userId int4")), tracked("t"))
    assert entity(built, "t").fields["userId"].sql == "user_id"
    only_fault(built, 'column "userId" of public.t clashes with column "user_id"')


COLORS = table("colors", "value text!, comment text", key=["value"])
CARS = table("cars", "id int4!, color text!", foreign={"color": "colors.value"})
ENUM_RULES = "tables: {colors: {is_enum: true}, cars: {}}"


def test_columns_that_refer_to_an_enum_table_are_enums() -> None:
    built = sound(catalog(COLORS, CARS), rules(ENUM_RULES), {"colors": [("red", "hot"), ("blue", None)]})
    scalar = entity(built, "cars").fields["color"].scalar
    assert (scalar.name, scalar.pg) == ("colors_enum", pg("text"))
    assert scalar.values == (("blue", None), ("red", "hot"))
    assert entity(built, "colors").enum_values == scalar.values
    assert entity(built, "colors").fields["value"].scalar.name == "String"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [([], "no rows"), ([("dark blue", None)], "dark blue"), ([("true", None)], "true")],
)
def test_an_enum_that_cannot_be_is_dropped_and_never_widened(rows: Sequence[tuple[str, None]], reason: str) -> None:
    built = model(catalog(COLORS, CARS), rules(ENUM_RULES), {"colors": rows})
    assert list(built.entities) == [ident("cars")]
    assert list(entity(built, "cars").fields) == ["id"]
    assert len(built.faults) == 2
    assert reason in str(built.faults[0])


@pytest.mark.parametrize(
    "columns",
    ["value int4!, comment text", "value text!, comment text, more text", "value text!, comment jsonb"],
)
def test_a_table_of_another_shape_is_no_enum(columns: str) -> None:
    built = model(
        catalog(table("colors", columns, key=["value"])),
        rules("tables: {colors: {is_enum: true}}"),
        {"colors": [("red", None)]},
    )
    assert not built.entities
    only_fault(built, "cannot be an enum")


def test_faults_come_in_the_order_of_the_file() -> None:
    built = model(
        catalog(table("t", "id int4!"), enum_free := table("u", "id int4!")),
        rules(
            """
            tables:
              t: { relationships: { x: { object: public.gone, on: { id: id } } } }
              u: { columns: { nope: { name: y } } }
              gone: {}
            """
        ),
    )
    assert enum_free.ident in built.entities
    assert [fault.at.line for fault in built.faults] == sorted(fault.at.line for fault in built.faults)
    assert len(built.faults) == 3


def test_roles_are_all_that_the_rules_name_and_admin() -> None:
    built = sound(
        catalog(table("t", "id int4!")),
        rules("roles: {user: {}}\ntables: {t: {permissions: {user: {select: {columns: '*', filter: {}}}}}}"),
    )
    assert built.roles == {"admin", "user"}


def test_a_native_enum_is_one_type_for_all_its_columns() -> None:
    db = catalog(table("t", "id int4!, mood public.mood, others public._mood"), types=[enum("mood", "sad", "happy")])
    fields = entity(sound(db, tracked("t")), "t").fields
    assert fields["mood"].scalar == fields["others"].scalar.element
