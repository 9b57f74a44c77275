"""The types of Relay's endpoint, and of connections beside ordinary lists, in the three namings."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, build_schema, validate_schema
from relay_kit import RULES, Shelf, opened_shelf, untoken

from usher.postgres import EmbeddedPostgres

INTROSPECTION = """
{ __schema { types { name kind interfaces { name } possibleTypes { name } } }
  __type(name: "Node") { kind possibleTypes { name } fields { name } } }
"""


@pytest.fixture(scope="module")
async def shelf(postgres: EmbeddedPostgres) -> AsyncIterator[Shelf]:
    async with opened_shelf(postgres, "relay_schema") as found:
        yield found


def built(text: str) -> GraphQLSchema:
    schema = build_schema(text)
    assert validate_schema(schema) == []
    return schema


def fields(schema: GraphQLSchema, type_: str) -> set[str]:
    found = schema.type_map[type_]
    assert isinstance(found, GraphQLObjectType)
    return set(found.fields)


# ---------------------------------------------------------------- Relay's


@pytest.mark.parametrize("role", ["admin", "user", "few", "blind", "nobody"])
def test_the_schema_is_valid_for_every_role(shelf: Shelf, role: str) -> None:
    built(shelf.engine.sdl(role, "relay"))


def test_pages_stand_in_place_of_lists(shelf: Shelf) -> None:
    schema = built(shelf.engine.sdl("user", "relay"))
    assert fields(schema, "query_root") == {
        *("node", "item_connection", "owner_connection", "sized_connection"),
        *("item_by_pk", "owner_by_pk", "item_aggregate", "owner_aggregate", "sized_aggregate"),
    }
    assert {"items", "items_aggregate", "items_connection"} <= fields(schema, "owner")
    query = schema.query_type
    assert query is not None
    assert set(query.fields["item_connection"].args) == {
        *("where", "order_by", "distinct_on", "first", "last", "after", "before"),
    }
    assert set(query.fields["sized_connection"].args) > {"args"}
    assert str(query.fields["item_connection"].type) == "itemConnection!"
    assert str(query.fields["item_by_pk"].args["number"].type) == "Int!"


def test_rows_that_can_be_told_apart_are_nodes(shelf: Shelf) -> None:
    schema = built(shelf.engine.sdl("user", "relay"))
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {each.name for each in schema.get_possible_types(node)} == {"item", "owner"}
    owner = schema.type_map["owner"]
    assert isinstance(owner, GraphQLObjectType)
    assert str(owner.fields["id"].type) == "ID!"
    assert "id: Int_comparison_exp" in shelf.engine.sdl("user", "relay")
    assert "Node" not in built(shelf.engine.sdl("blind", "relay")).type_map


async def test_introspection_is_that_of_the_endpoint(shelf: Shelf) -> None:
    data = await shelf.data(INTROSPECTION)
    possible = [{"name": "item"}, {"name": "owner"}]
    assert data["__type"] == {"kind": "INTERFACE", "possibleTypes": possible, "fields": [{"name": "id"}]}
    owner = next(type_ for type_ in data["__schema"]["types"] if type_["name"] == "owner")
    assert owner["interfaces"] == [{"name": "Node"}]
    assert (await shelf.data(INTROSPECTION, dialect="hasura"))["__type"] is None


async def test_documents_of_the_two_endpoints_are_kept_apart(shelf: Shelf) -> None:
    text = "{ owner_by_pk(id: 1) { id } }"
    for _ in range(2):
        assert (await shelf.data(text, dialect="hasura"))["owner_by_pk"] == {"id": 1}
        assert untoken((await shelf.data(text))["owner_by_pk"]["id"]) == [1, "public", "owner", 1]


async def test_a_function_that_may_write_has_no_pages(postgres: EmbeddedPostgres) -> None:
    """A page might have to call it twice. Its list is there instead."""
    rules = RULES.replace("sized: { permissions: [user] }", "sized: { permissions: [user], exposed_as: query }")
    change = "alter function sized(integer) volatile"
    async with opened_shelf(postgres, "relay_volatile", rules, before=change) as shelf:
        found = fields(built(shelf.engine.sdl("user", "relay")), "query_root")
        assert "sized" in found
        assert "sized_connection" not in found


async def test_a_table_called_as_one_of_ours_keeps_its_name(postgres: EmbeddedPostgres) -> None:
    rules = RULES.replace("  owner:\n", "  owner:\n    name: Node\n").replace(
        "  plain: {", "  plain: { name: itemEdge,"
    )
    async with opened_shelf(postgres, "relay_names", rules) as shelf:
        schema = built(shelf.engine.sdl("user", "relay"))
        assert isinstance(schema.type_map["Node"], GraphQLObjectType)
        assert fields(schema, "query_root").isdisjoint({"node", "item_connection"})
        assert "Node_connection" in fields(schema, "query_root")


# ---------------------------------------------------------------- beside lists

BESIDE = RULES.replace("naming: hasura", "naming: {}\nconnections: true")
EXPECTED = {
    "hasura": ("item_connection", "sized_connection", "items_connection", "itemConnection", "order_by"),
    "nhost": ("itemsConnection", "sizedConnection", "items_connection", "itemConnection", "order_by"),
    "graphql-default": ("itemConnection", "sizedConnection", "itemsConnection", "ItemConnection", "orderBy"),
}


@pytest.mark.parametrize("naming", EXPECTED)
async def test_connections_stand_beside_lists_where_the_rules_say_so(postgres: EmbeddedPostgres, naming: str) -> None:
    root, call, link, type_, order = EXPECTED[naming]
    async with opened_shelf(postgres, "relay_beside", BESIDE.replace("naming: {}", f"naming: {naming}")) as shelf:
        schema = built(shelf.engine.sdl("user"))
        assert {root, call} < fields(schema, "query_root")
        assert link in fields(schema, "Owner" if naming == "graphql-default" else "owner")
        assert {"node", "Node"}.isdisjoint({*fields(schema, "query_root"), *schema.type_map})
        assert str(schema.type_map[type_]) == type_
        direction = "DESC" if naming == "graphql-default" else "desc"
        page = f"{root}(first: 2, {order}: [{{number: {direction}}}])"
        text = f"{{ page: {page} {{ edges {{ cursor node {{ number }} }} }} }}"
        edges = (await shelf.data(text, dialect="hasura"))["page"]["edges"]
        assert [list(untoken(edge["cursor"])) for edge in edges] == [["number", "shelf"]] * 2
        assert edges[0]["node"]["number"] > edges[1]["node"]["number"]
        built(shelf.engine.sdl("user", "relay"))


def test_without_that_rule_there_are_none(shelf: Shelf) -> None:
    assert "onnection" not in shelf.engine.sdl("user")
