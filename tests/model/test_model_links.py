"""Relationships: inferred ones and their names, listed ones and what can be wrong with them."""

from __future__ import annotations

import pytest
from builders import catalog, entity, fault_texts, ident, model, rules, sound, table, tracked

from gql_gen.catalog.types import Relation, UniqueIndex
from gql_gen.model.types import Link, Model

USERS = table("auth.users", "id uuid!, default_role text!", foreign={"default_role": "auth.roles.role"})
ROLES = table("auth.roles", "role text!", key=["role"])
USER_ROLES = table(
    "auth.user_roles",
    "id uuid!, user_id uuid!, role text!",
    unique=[["user_id", "role"]],
    foreign={"user_id": "auth.users.id", "role": "auth.roles.role"},
)
NOTES = table(
    "notes",
    "id int4!, owner_id uuid!, reviewer_id uuid, created_by uuid, body text",
    foreign={"owner_id": "auth.users.id", "reviewer_id": "auth.users.id", "created_by": "auth.users.id"},
)


def links(built: Model, name: str) -> dict[str, tuple[str, str, tuple[tuple[str, str], ...]]]:
    return {link.name: (link.kind, str(link.target), link.on) for link in entity(built, name).links.values()}


def link(built: Model, table: str, name: str) -> Link:
    return entity(built, table).links[name]


def two(child: Relation) -> Model:
    return sound(catalog(table("users", "id int4!"), child), tracked("users", child.ident.name))


def test_a_key_gives_an_object_there_and_an_array_back() -> None:
    built = two(table("notes", "id int4!, owner_id int4!", foreign={"owner_id": "users.id"}))
    assert links(built, "notes") == {"owner": ("object", "public.users", (("owner_id", "id"),))}
    assert links(built, "users") == {"notes": ("array", "public.notes", (("id", "owner_id"),))}


def test_an_object_may_be_null_as_its_key_may() -> None:
    built = two(
        table("notes", "id int4!, a_id int4!, b_id int4", foreign={"a_id": "users.id", "b_id": "users.id"}),
    )
    assert not link(built, "notes", "a").nullable
    assert link(built, "notes", "b").nullable


def test_several_keys_to_one_table_keep_apart() -> None:
    built = sound(catalog(USERS, ROLES, NOTES), rules("tables: {auth.users: {name: users}, notes: {}}"))
    assert links(built, "notes").keys() == {"owner", "reviewer", "user"}
    assert {name: on for name, (_, _, on) in links(built, "auth.users").items()} == {
        "notes": (("id", "owner_id"),),
        "notesByReviewerId": (("id", "reviewer_id"),),
        "notesByCreatedBy": (("id", "created_by"),),
    }


def test_names_of_the_other_namings() -> None:
    built = sound(catalog(USERS, ROLES, NOTES), tracked("auth.users", "notes", naming="hasura"))
    assert links(built, "auth.users").keys() == {"notes", "notes_by_reviewer_id", "notes_by_created_by"}
    assert links(built, "notes").keys() == {"owner", "reviewer", "auth_user"}


def test_a_schema_does_not_repeat_itself_and_a_column_keeps_its_name() -> None:
    built = sound(catalog(USERS, ROLES, USER_ROLES), tracked("auth.users", "auth.roles", "auth.user_roles"))
    assert links(built, "auth.users").keys() == {"role", "userRoles"}
    assert links(built, "auth.user_roles").keys() == {"user", "roleByRole"}
    assert links(built, "auth.roles").keys() == {"users", "userRoles"}


def test_a_unique_key_makes_the_way_back_an_object() -> None:
    built = two(table("profiles", "user_id int4!, bio text", key=["user_id"], foreign={"user_id": "users.id"}))
    assert links(built, "users") == {"profile": ("object", "public.profiles", (("id", "user_id"),))}
    assert link(built, "users", "profile").nullable


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (UniqueIndex("i", ("user_id",), (None,), None), "profile"),
        (UniqueIndex("i", ("user_id",), (None,), "not deleted"), "profiles"),
        (UniqueIndex("i", (None,), ("lower(bio)",), None), "profiles"),
        (UniqueIndex("i", ("user_id", "bio"), (None, None), None), "profiles"),
    ],
)
def test_a_unique_index_counts_when_it_is_whole(index: UniqueIndex, name: str) -> None:
    child = table("profiles", "id int4!, user_id int4!, bio text", foreign={"user_id": "users.id"}, indexes=[index])
    assert links(two(child), "users").keys() == {name}


def test_a_tree_has_both_ends() -> None:
    tree = table("categories", "id int4!, parent_id int4", foreign={"parent_id": "categories.id"})
    assert links(sound(catalog(tree), tracked("categories")), "categories") == {
        "parent": ("object", "public.categories", (("parent_id", "id"),)),
        "categories": ("array", "public.categories", (("id", "parent_id"),)),
    }


def test_a_composite_key() -> None:
    child = table("lines", "id int4!, a int4!, b int4!", foreign={"a,b": "orders.x,y"})
    built = sound(catalog(table("orders", "x int4!, y int4!", key=["x", "y"]), child), tracked("orders", "lines"))
    assert links(built, "lines") == {"order": ("object", "public.orders", (("a", "x"), ("b", "y")))}
    assert links(built, "orders") == {"lines": ("array", "public.lines", (("x", "a"), ("y", "b")))}


def test_hidden_columns_may_carry_a_relationship() -> None:
    child = table("notes", "id int4!, owner_id int4!", foreign={"owner_id": "users.id"})
    built = sound(catalog(table("users", "id int4!"), child), rules("tables: {users: {}, notes: {hide: [owner_id]}}"))
    assert links(built, "notes").keys() == {"owner"}


def test_nothing_leads_to_tables_that_are_not_tracked() -> None:
    assert links(sound(catalog(USERS, ROLES, NOTES), tracked("notes")), "notes") == {}


def test_nothing_is_inferred_when_told_not_to() -> None:
    child = table("notes", "id int4!, owner_id int4!", foreign={"owner_id": "users.id"})
    told = rules("tables: {users: {}, notes: {infer_relationships: false}}")
    built = sound(catalog(table("users", "id int4!"), child), told)
    assert links(built, "notes") == {}
    assert links(built, "users").keys() == {"notes"}


def test_a_column_named_as_an_aggregate_keeps_the_array_away() -> None:
    users = table("users", "id int4!, notes_aggregate int4")
    child = table("notes", "id int4!, owner_id int4!", foreign={"owner_id": "users.id"})
    built = sound(catalog(users, child), tracked("users", "notes", naming="hasura"))
    assert links(built, "users").keys() == {"notes_by_owner_id"}


LISTED = """
    tables:
      auth.users:
        name: users
        relationships:
          defaultRoleByRole: { object: { key: default_role } }
          drafts: { array: { table: notes, key: owner_id }, comment: not yet shown }
          members: { array: member, on: { id: userId } }
      auth.roles: {}
      notes: {}
      member: {}
"""
MEMBER = table("member", "id int4!, userId uuid, note text")


def test_listed_relationships_take_the_place_of_inferred_ones_over_the_same_columns() -> None:
    built = sound(catalog(USERS, ROLES, NOTES, MEMBER), rules(LISTED))
    assert links(built, "auth.users") == {
        "defaultRoleByRole": ("object", "auth.roles", (("default_role", "role"),)),
        "drafts": ("array", "public.notes", (("id", "owner_id"),)),
        "members": ("array", "public.member", (("id", "userId"),)),
        "notes": ("array", "public.notes", (("id", "reviewer_id"),)),
        "notesByCreatedBy": ("array", "public.notes", (("id", "created_by"),)),
    }
    assert not link(built, "auth.users", "defaultRoleByRole").nullable
    assert link(built, "auth.users", "members").nullable
    assert link(built, "auth.users", "drafts").comment == "not yet shown"


@pytest.mark.parametrize(
    ("relationship", "words"),
    [
        ("x: { object: auth.rolls, on: { default_role: role } }", ["auth.rolls", 'did you mean "auth.roles"?']),
        ("x: { array: untracked, on: { id: id } }", ["public.untracked, which is not tracked", "`tables:`"]),
        ("x: { array: member, on: { id: user_id } }", ['column "user_id"', 'did you mean "userId"?']),
        ("x: { array: member, on: { id: note } }", ["uuid and text cannot be compared"]),
        ("x: { object: { key: id } }", ["needs a foreign key"]),
        (
            "x: { array: { table: member, key: userId } }",
            ["needs a foreign key from public.member (userId) to auth.users"],
        ),
        ("id: { array: member, on: { id: userId } }", ['clashes with column "id"']),
        ("_and: { array: member, on: { id: userId } }", ["not a valid GraphQL name"]),
    ],
)
def test_a_listed_relationship_that_cannot_be(relationship: str, words: list[str]) -> None:
    db = catalog(USERS, ROLES, MEMBER, table("untracked", "id uuid!"))
    told = rules(
        "tables:\n"
        "  auth.users:\n"
        "    infer_relationships: false\n"
        f"    relationships: {{ {relationship} }}\n"
        "  auth.roles: {}\n"
        "  member: {}\n"
    )
    built = model(db, told)
    assert len(built.faults) == 1, fault_texts(built)
    assert all(word in str(built.faults[0]) for word in words), fault_texts(built)
    assert not entity(built, "auth.users").links


def test_a_relationship_to_a_table_left_out_goes_with_it() -> None:
    db = catalog(table("a", "id int4!"), table("b-c", "id int4!"))
    built = model(db, rules("tables: {a: {relationships: {bs: {array: b-c, on: {id: id}}}}, b-c: {}}"))
    assert list(built.entities) == [ident("a")]
    assert not entity(built, "a").links
    assert "which is left out" in str(built.faults[0])
