"""Which mutations a role gets, what it may give them, and what they answer with."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import pytest
from graphql import GraphQLObjectType
from mutation_kit import SCHEMA, Maker, core, fields, mutation_types, roots
from mutation_sdl import EXPECTED

from gql_gen.catalog.types import Ident
from gql_gen.dialects.document import ABSENT
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.dialects.hasura.typesystem import (
    DeleteByKeyRoot,
    FieldInput,
    InputObject,
    InsertRoot,
    NestedRowsInput,
    NonNull,
    Plain,
    named,
)
from gql_gen.dialects.hasura.write_types import argument_word
from gql_gen.introspect.read import read_catalog
from gql_gen.model.types import ConflictTarget
from gql_gen.names import Naming, argument_name
from usher.postgres import EmbeddedPostgres

RULES = """
naming: hasura
roles: { reader: {}, writer: {}, dropper: {}, clerk: {}, keyless: {}, stamper: {}, nobody: {} }
tables:
  author: {}
  note: {}
  stay:
    permissions:
      writer: { insert: { columns: [id], check: {} } }
      keyless: { insert: { columns: [id], check: {} } }
  busy_room:
    permissions:
      clerk:
        select: { columns: "*", filter: {} }
        insert: { columns: "*", check: {} }
        update: { columns: "*", filter: {} }
        delete: { filter: {} }
  booking:
    root_fields:
      insert: { name: book, comment: Takes rooms }
      delete: { name: cancel, comment: "" }
    permissions:
      reader:
        select: { columns: "*", filter: {} }
      writer:
        select: { columns: [id, room, meta], filter: {} }
        insert: { columns: [room, price], check: {} }
        update: { columns: [price, meta], filter: {} }
        delete: { filter: {} }
      dropper:
        insert: { columns: [room, number], check: {} }
        update: { columns: [room], filter: {} }
        delete: { filter: {} }
      clerk:
        insert: { columns: "*", check: {} }
      keyless:
        select: { columns: [room], filter: {} }
        update: { columns: [room], filter: {} }
        delete: { filter: {} }
      stamper:
        select: { columns: [id, room], filter: {} }
        insert: { columns: [], check: {}, set: { room: lobby } }
        update: { columns: [], filter: {}, set: { room: lobby } }
"""
ROLES = ("admin", "reader", "writer", "dropper", "clerk", "keyless", "stamper", "nobody")
BOOKING = Ident("public", "booking")


@pytest.fixture(scope="module")
async def maker(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    script = tmp_path_factory.mktemp("schema") / "schema.sql"
    script.write_text(SCHEMA, encoding="utf-8")
    postgres.create_database("mutation_types")
    postgres.apply("mutation_types", script)
    connection = await asyncpg.connect(postgres.url("mutation_types"))
    try:
        return Maker(await read_catalog(connection))
    finally:
        await connection.close()


# ---------------------------------------------------------------- all of it


@pytest.mark.parametrize("naming", EXPECTED)
def test_the_types_of_mutations_are_hasuras_own(maker: Maker, naming: Naming) -> None:
    schema = maker.schema(f"naming: {naming}\ntables: {{ author: {{}}, note: {{}} }}")
    assert mutation_types(schema) == EXPECTED[naming]


@pytest.mark.parametrize("naming", EXPECTED)
def test_arguments_are_known_by_their_words(naming: Naming) -> None:
    words = (
        *("objects", "object", "on_conflict", "where", "updates", "pk_columns", "_set", "_inc", "_append", "_prepend"),
        *("_delete_key", "_delete_elem", "_delete_at_path"),
    )
    assert tuple(argument_word(argument_name(word, naming)) for word in words) == words
    assert argument_word("authorId") == "authorId"


@pytest.mark.parametrize("role", ROLES)
def test_every_roles_types_are_sound_and_made_when_looked_at(maker: Maker, role: str) -> None:
    schema = maker.schema(RULES, role)
    assert (schema.mutation_root is None) == (role in ("reader", "nobody"))
    assert not schema._types
    built = core(schema)
    assert (built.mutation_type is None) == (schema.mutation_root is None)


# ---------------------------------------------------------------- which mutations there are


def test_a_role_gets_the_mutations_it_has_rules_for(maker: Maker) -> None:
    assert roots(core(maker.schema(RULES, "writer"))) == {
        "book": ["objects", "on_conflict"],
        "cancel": ["where"],
        "delete_booking_by_pk": ["id"],
        "insert_booking_one": ["object", "on_conflict"],
        "insert_stay": ["objects", "on_conflict"],
        "update_booking": [*("_append", "_delete_at_path", "_delete_elem", "_delete_key", "_prepend", "_set", "where")],
        "update_booking_by_pk": [
            *("_append", "_delete_at_path", "_delete_elem", "_delete_key", "_prepend", "_set"),
            "pk_columns",
        ],
        "update_booking_many": ["updates"],
    }


def test_who_may_not_select_may_only_insert_and_count(maker: Maker) -> None:
    built = core(maker.schema(RULES, "dropper"))
    assert roots(built) == {"book": ["objects", "on_conflict"]}
    assert fields(built, "booking_mutation_response") == {"affected_rows": "Int!"}
    assert list(fields(built, "booking_on_conflict")) == ["constraint", "update_columns"]
    assert "booking" not in built.type_map


def test_without_the_key_nothing_is_changed_by_key(maker: Maker) -> None:
    assert list(roots(core(maker.schema(RULES, "keyless")))) == [
        *("cancel", "insert_stay", "update_booking", "update_booking_many"),
    ]


def test_an_update_of_presets_alone_takes_nothing_to_set(maker: Maker) -> None:
    built = core(maker.schema(RULES, "stamper"))
    assert roots(built)["update_booking"] == ["where"]
    assert roots(built)["update_booking_by_pk"] == ["pk_columns"]
    assert fields(built, "booking_updates") == {"where": "booking_bool_exp!"}
    assert fields(built, "booking_insert_input") == {"_placeholder": "Boolean"}


@pytest.mark.parametrize("role", ["admin", "clerk"])
def test_a_view_that_postgres_cannot_write_has_no_mutations(maker: Maker, role: str) -> None:
    assert not [name for name in roots(core(maker.schema(RULES, role))) if "busy_room" in name]


def test_a_mutation_without_a_root_name_is_not_served(maker: Maker) -> None:
    model = maker.model(RULES, "keyless")
    entity = model.entities[BOOKING]
    names = dict(entity.entity.root_fields)
    del names["update_many"]
    nameless = replace(entity, entity=replace(entity.entity, root_fields=names))
    schema = RoleSchema(replace(model, entities={**model.entities, BOOKING: nameless}))
    assert list(roots(core(schema))) == ["cancel", "insert_stay", "update_booking"]


def test_a_namespace_holds_the_mutations(maker: Maker) -> None:
    rules = RULES.replace("naming: hasura", "naming: hasura\ncustomization: { root_fields: { namespace: inn } }")
    built = core(maker.schema(rules, "dropper"))
    assert fields(built, "mutation_root") == {"inn": "inn_mutation_frontend!"}
    assert list(fields(built, "inn_mutation_frontend")) == ["book"]
    backend = RoleSchema(replace(maker.model(rules, "dropper"), is_backend=True))
    assert fields(core(backend), "mutation_root") == {"inn": "inn_mutation_backend!"}


# ---------------------------------------------------------------- what may be given


def test_what_postgres_writes_itself_cannot_be_given(maker: Maker) -> None:
    built = core(maker.schema(RULES))
    given = {"during", "meta", "number", "price", "room", "sizes"}
    assert set(fields(built, "booking_insert_input")) == given | {"stays"}
    assert set(fields(built, "booking_set_input")) == set(fields(built, "booking_update_column")) == given
    assert fields(built, "booking_inc_input") == {"number": "Int", "price": "money"}
    assert fields(built, "booking_append_input") == {"meta": "jsonb"}
    assert fields(built, "booking_pk_columns_input") == {"id": "bigint!"}


def test_only_the_columns_of_the_rule_can_be_given(maker: Maker) -> None:
    built = core(maker.schema(RULES, "writer"))
    assert fields(built, "booking_set_input") == {"meta": "jsonb", "price": "money"}
    assert list(fields(built, "booking_update_column")) == ["meta", "price"]
    assert "booking_inc_input" not in built.type_map  # the price cannot be read
    assert set(fields(built, "booking_insert_input")) == {"price", "room", "stays"}


def test_related_rows_are_inserted_where_the_role_may_insert_them(maker: Maker) -> None:
    writer = core(maker.schema(RULES, "writer"))
    assert fields(writer, "booking_insert_input")["stays"] == "stay_arr_rel_insert_input"
    assert fields(writer, "stay_arr_rel_insert_input") == {
        "data": "[stay_insert_input!]!",
        "on_conflict": "stay_on_conflict",
    }
    assert fields(writer, "stay_insert_input") == {"booking": "booking_obj_rel_insert_input", "id": "Int"}
    assert fields(core(maker.schema(RULES, "keyless")), "stay_insert_input") == {"id": "Int"}


# ---------------------------------------------------------------- conflicts


def test_every_key_can_be_named_in_a_conflict(maker: Maker) -> None:
    built = core(maker.schema(RULES))
    words = "unique or primary key constraint on columns"
    assert fields(built, "booking_constraint") == {
        "booking_free": f'{words} "room", for some rows only',
        "booking_open": 'unique index on an expression, "number", for some rows only',
        "booking_pkey": f'{words} "id"',
        "booking_room_number_key": f'{words} "room", "number"',
        "no_overlap": "exclusion constraint; a row in conflict can only be left out",
    }


def test_who_may_not_update_finds_a_placeholder_among_the_columns(maker: Maker) -> None:
    built = core(maker.schema(RULES, "clerk"))
    assert fields(built, "booking_update_column") == {"_PLACEHOLDER": "placeholder (do not use)"}
    assert fields(built, "booking_on_conflict")["update_columns"] == "[booking_update_column!]!"


def test_constraints_get_names_that_an_enum_can_have(maker: Maker) -> None:
    model = maker.model(RULES, "admin")
    names = ("a-b", "a_b", "null", "1st", "__x")
    targets = tuple(ConflictTarget(name, ("id",), (None,)) for name in names)
    schema = RoleSchema(
        replace(model, entities={**model.entities, BOOKING: replace(model.entities[BOOKING], conflict_targets=targets)})
    )
    members = schema.constraint(schema.role.entities[BOOKING]).members
    assert {name: member.meaning for name, member in members.items()} == {
        name: targets[names.index(constraint)]
        for name, constraint in (("a_b", "a_b"), ("_null", "null"), ("_1st", "1st"), ("_x", "__x"))
    }


def test_without_a_key_there_is_no_conflict(maker: Maker) -> None:
    model = maker.model(RULES, "admin")
    schema = RoleSchema(
        replace(model, entities={**model.entities, BOOKING: replace(model.entities[BOOKING], conflict_targets=())})
    )
    assert roots(core(schema))["book"] == ["objects"]


# ---------------------------------------------------------------- what a reader is told


def test_fields_say_what_they_mean(maker: Maker) -> None:
    schema = maker.schema(RULES)
    assert schema.mutation_root is not None
    found = schema.mutation_root.fields
    assert found["book"].meaning == InsertRoot(BOOKING, one=False)
    assert found["insert_booking_one"].meaning == InsertRoot(BOOKING, one=True)
    by_key = found["delete_booking_by_pk"].meaning
    assert isinstance(by_key, DeleteByKeyRoot)
    assert [part.sql for part in by_key.key] == ["id"]

    row = named(found["book"].arguments["objects"].type)
    assert isinstance(row, InputObject)
    assert isinstance(row.fields["room"].meaning, FieldInput)
    assert isinstance(row.fields["stays"].meaning, NestedRowsInput)
    assert row.fields["room"].default is ABSENT


def test_words_of_inputs_stay_in_snake_case(maker: Maker) -> None:
    schema = maker.schema("naming: graphql-default\ntables: { note: {} }")
    assert schema.mutation_root is not None
    conflict = named(schema.mutation_root.fields["insertNote"].arguments["onConflict"].type)
    updates = named(schema.mutation_root.fields["updateNoteMany"].arguments["updates"].type)
    assert isinstance(conflict, InputObject)
    assert isinstance(updates, InputObject)
    assert [field.meaning for field in conflict.fields.values()] == [
        *map(Plain, ("constraint", "update_columns", "where", "return_existing"))
    ]
    assert updates.fields["_deleteAtPath"].meaning == Plain("_delete_at_path")
    columns = conflict.fields["updateColumns"]
    assert columns.default == []
    assert isinstance(columns.type, NonNull)


# ---------------------------------------------------------------- words


DESCRIPTIONS = {
    "mutation_root": "mutation root",
    "booking_mutation_response": 'response of any mutation on the table "booking"',
    "booking_insert_input": 'input type for inserting data into table "booking"',
    "stay_arr_rel_insert_input": 'input type for inserting array relation for remote table "stay"',
    "booking_on_conflict": 'on_conflict condition type for table "booking"',
    "booking_constraint": 'unique or primary key constraints on table "booking"',
    "booking_update_column": 'update columns of table "booking"',
    "booking_set_input": 'input type for updating data in table "booking"',
    "booking_inc_input": 'input type for incrementing numeric columns in table "booking"',
    "booking_pk_columns_input": "primary key columns input for table: booking",
}


def test_descriptions_are_hasuras_or_chosen(maker: Maker) -> None:
    built = core(maker.schema(RULES))
    assert built.mutation_type is not None
    words = {name: field.description for name, field in built.mutation_type.fields.items() if "book" in name}
    assert words | {"cancel": built.mutation_type.fields["cancel"].description} == {
        "book": "Takes rooms",
        "cancel": None,
        "delete_booking_by_pk": 'delete single row from the table: "booking"',
        "insert_booking_one": 'insert a single row into the table: "booking"',
        "update_booking": 'update data of the table: "booking"',
        "update_booking_by_pk": 'update single row of the table: "booking"',
        "update_booking_many": 'update multiples rows of table: "booking"',
    }
    assert {name: built.type_map[name].description for name in DESCRIPTIONS} == DESCRIPTIONS
    response = built.type_map["booking_mutation_response"]
    assert isinstance(response, GraphQLObjectType)
    assert [field.description for field in response.fields.values()] == [
        "number of rows affected by the mutation",
        "data from the rows affected by the mutation",
    ]
