"""Global ids, rows looked up by them, and pages below rows: what is seen of them, and by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from relay_kit import RULES, Shelf, opened_shelf, token, untoken

from gql_gen.engine.answer import Engine
from usher.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
async def shelf(postgres: EmbeddedPostgres) -> AsyncIterator[Shelf]:
    async with opened_shelf(postgres, "relay_nodes") as found:
        yield found


def item(shelf_name: str, number: int) -> str:
    return token([1, "public", "item", shelf_name, number])


async def rows(shelf: Shelf, where: str) -> list[tuple[str, int]]:
    found = await shelf.connection.fetch(f"select shelf, number from item where {where} order by shelf, number")
    return [(row[0], row[1]) for row in found]


# ---------------------------------------------------------------- ids


async def test_an_id_tells_schema_table_and_key(shelf: Shelf) -> None:
    data = await shelf.data("{ item_connection(first: 1) { edges { cursor node { id shelf number } } } }")
    edge = data["item_connection"]["edges"][0]
    name, number = edge["node"]["shelf"], edge["node"]["number"]
    assert untoken(edge["node"]["id"]) == [1, "public", "item", name, number]
    assert untoken(edge["cursor"]) == {"shelf": name, "number": number}
    # Nothing breaks the lines of a long one.
    assert "\n" not in edge["node"]["id"] + edge["cursor"]


async def test_an_id_leads_back_to_its_row_through_fragments_on_its_type(shelf: Shelf) -> None:
    text = """
    query ($id: ID!) {
      node(id: $id) { __typename id ...It ... on owner { rank } ... on Node { again: id } ... on plain { word } }
    }
    fragment It on item { shelf number owner { id ... on owner { rank } ... on item { shelf } ...Id } }
    fragment Id on Node { key: id }
    """
    [(name, number), *_] = await rows(shelf, "not hidden and owner_id = 2")
    owner = token([1, "public", "owner", 2]).replace("\n", "")
    found = (await shelf.data(text, {"id": item(name, number)}))["node"]
    assert found.pop("id") == found.pop("again")
    shown = found["owner"]
    assert untoken(shown.pop("key")) == untoken(owner)
    assert untoken(shown.pop("id")) == untoken(owner)
    assert found == {"__typename": "item", "shelf": name, "number": number, "owner": {"rank": 2}}
    assert (await shelf.data(text, {"id": owner}))["node"]["rank"] == 2


async def test_an_id_in_a_variable_finds_the_statement_of_its_table(shelf: Shelf) -> None:
    engine: Engine = shelf.engine
    text = "query ($id: ID!) { node(id: $id) { id ... on item { number } ... on owner { rank } } }"
    for name, number in await rows(shelf, "not hidden"):
        assert (await shelf.data(text, {"id": item(name, number)}))["node"]["number"] == number
    await shelf.data(text, {"id": token([1, "public", "owner", 1])})
    document = engine._world.cache.get("user\0relay", text, None)
    assert document is not None
    assert len(document.statements) == 2


async def test_a_row_out_of_sight_is_like_one_that_is_not_there(shelf: Shelf) -> None:
    text = "query ($id: ID!) { node(id: $id) { id __typename } }"
    hidden = await rows(shelf, "hidden and owner_id is distinct from 1")
    assert hidden
    for name, number in [*hidden, ("z", 1)]:
        assert await shelf.data(text, {"id": item(name, number)}) == {"node": None}
    [(name, number), *_] = await rows(shelf, "hidden and owner_id = 1")
    assert (await shelf.data(text, {"id": item(name, number)}))["node"]["__typename"] == "item"
    assert await shelf.data(text, {"id": item(name, number)}, user=2) == {"node": None}


async def test_what_is_written_has_an_id_too(shelf: Shelf) -> None:
    text = """
    mutation { insert_item(objects: [{shelf: "n", number: 1}]) { returning { id shelf ... on Node { key: id } } } }
    """
    data = await shelf.data(text)
    assert await shelf.connection.execute("delete from item where shelf = 'n'") == "DELETE 1"
    (row,) = data["insert_item"]["returning"]
    assert untoken(row["id"]) == untoken(row["key"]) == [1, "public", "item", "n", 1]


# ---------------------------------------------------------------- keys out of sight


async def test_without_its_key_a_table_has_neither_ids_nor_pages(shelf: Shelf) -> None:
    message, _, _ = await shelf.refused("{ item_connection { edges { cursor } } }", role="blind")
    assert message == "field 'item_connection' not found in type: 'query_root'"


async def test_the_rules_may_let_ids_show_keys(postgres: EmbeddedPostgres) -> None:
    rules = RULES.replace("naming: hasura", "naming: hasura\nids_show_keys: true")
    async with opened_shelf(postgres, "relay_keys", rules) as shelf:
        text = "{ item_connection(first: 1) { edges { cursor node { id name } } } }"
        edge = (await shelf.data(text, role="blind"))["item_connection"]["edges"][0]
        key = untoken(edge["cursor"])
        assert untoken(edge["node"]["id"]) == [1, "public", "item", key["shelf"], key["number"]]
        again = f'{{ node(id: "{edge["node"]["id"]}") {{ ... on item {{ name }} }} }}'
        assert await shelf.data(again, role="blind") == {"node": {"name": edge["node"]["name"]}}
        hidden = await rows(shelf, "hidden")
        lost = f'{{ node(id: "{item(*hidden[0])}") {{ id }} }}'
        assert await shelf.data(lost, role="blind") == {"node": None}
        message, _, _ = await shelf.refused(
            "{ item_connection(order_by: {number: asc}) { edges { cursor } } }", role="blind"
        )
        assert message == "field 'number' not found in type: 'item_order_by'"


# ---------------------------------------------------------------- pages


async def test_pages_hang_on_rows(shelf: Shelf) -> None:
    text = """
    { owner_connection(order_by: {id: asc}) { edges { node { rank page: items_connection(first: 2) {
        edges { node { number owner { rank } } } pageInfo { hasNextPage hasPreviousPage endCursor }
    } } } } }
    """
    owners = (await shelf.data(text))["owner_connection"]["edges"]
    assert [owner["node"]["rank"] for owner in owners] == [1, 2, 3]
    for id, owner in zip((1, 2, 4), owners, strict=True):
        expected = await rows(shelf, f"(not hidden or owner_id = 1) and owner_id = {id}")
        page = owner["node"]["page"]
        assert [edge["node"]["number"] for edge in page["edges"]] == [number for _, number in expected[:2]]
        assert all(edge["node"]["owner"]["rank"] == owner["node"]["rank"] for edge in page["edges"])
        assert page["pageInfo"]["hasNextPage"] == (len(expected) > 2)
        assert untoken(page["pageInfo"]["endCursor"])["number"] == expected[1][1]


async def test_pages_of_one_row_of_a_kind(shelf: Shelf) -> None:
    """The first of each kind in the whole list, wherever the page begins."""
    text = """
    query ($after: String, $first: Int) {
      page: item_connection(
        distinct_on: mood, order_by: [{mood: desc_nulls_last}, {number: desc}], after: $after, first: $first
      ) { edges { cursor node { mood number } } pageInfo { hasNextPage hasPreviousPage } }
    }
    """
    order = "case when not hidden then mood end desc nulls last, number desc, shelf"
    found = await shelf.connection.fetch(
        "select distinct on (case when not hidden then mood end) (case when not hidden then mood end)::text, number"
        f" from item where not hidden or owner_id = 1 order by {order}"
    )
    expected = [{"mood": row[0], "number": row[1]} for row in found]
    after: str | None = None
    for place, row in enumerate(expected):
        page = (await shelf.data(text, {"after": after, "first": 1}))["page"]
        assert [edge["node"] for edge in page["edges"]] == [row]
        assert page["pageInfo"] == {"hasNextPage": place < len(expected) - 1, "hasPreviousPage": place > 0}
        after = page["edges"][0]["cursor"]


async def test_distinct_alone_is_the_order_too(shelf: Shelf) -> None:
    data = await shelf.data("{ item_connection(distinct_on: flag) { edges { node { flag } } } }")
    assert [edge["node"]["flag"] for edge in data["item_connection"]["edges"]] == [False, True, None]


async def test_pages_of_what_a_function_returns(shelf: Shelf) -> None:
    text = """
    query ($low: Int!, $after: String) { page: sized_connection(args: {low: $low}, first: 2, after: $after) {
        edges { cursor node { number } } pageInfo { hasNextPage hasPreviousPage }
    } }
    """
    expected = [number for _, number in await rows(shelf, "size >= 7 and (not hidden or owner_id = 1)")]
    found: list[int] = []
    after = None
    has_next = True
    while has_next:
        page = (await shelf.data(text, {"low": 7, "after": after}))["page"]
        found += [edge["node"]["number"] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        after, has_next = page["edges"][-1]["cursor"], page["pageInfo"]["hasNextPage"]
    assert found == expected


@pytest.mark.parametrize(
    ("arguments", "more"), [("", "hasNextPage"), ("first: 9", "hasNextPage"), ("last: 9", "hasPreviousPage")]
)
async def test_a_page_is_no_longer_than_the_role_may_have(shelf: Shelf, arguments: str, more: str) -> None:
    expected = await rows(shelf, "not hidden")
    arguments = f"({arguments})" if arguments else ""
    text = f"{{ page: item_connection{arguments} {{ edges {{ node {{ shelf number }} }} pageInfo {{ {more} }} }} }}"
    page = (await shelf.data(text, role="few"))["page"]
    found = [(edge["node"]["shelf"], edge["node"]["number"]) for edge in page["edges"]]
    assert found == (expected[-3:] if "last" in arguments else expected[:3])
    assert page["pageInfo"] == {more: True}


async def test_only_what_is_asked_for_is_answered(shelf: Shelf) -> None:
    text = (
        "{ item_connection { __typename edges { __typename } pageInfo { __typename a: hasNextPage } } n: __typename }"
    )
    data = await shelf.data(text)
    page: dict[str, Any] = data["item_connection"]
    assert list(page) == ["__typename", "edges", "pageInfo"]
    assert page["__typename"] == "itemConnection"
    assert set(map(str, page["edges"])) == {"{'__typename': 'itemEdge'}"}
    assert page["pageInfo"] == {"__typename": "PageInfo", "a": False}
    assert await shelf.data("{ item_connection { x: __typename } }") == {"item_connection": {"x": "itemConnection"}}


async def test_nothing_is_told_by_a_cursor_made_up(shelf: Shelf) -> None:
    """Where a value is out of sight it counts as null, whatever the cursor says, and whatever order is asked for."""
    text = """
    query ($after: String) {
      page: item_connection(where: {number: {_eq: %d}}, order_by: {price: asc}, after: $after) {
        edges { cursor } pageInfo { hasPreviousPage }
      }
    }
    """
    found = await rows(shelf, "not hidden and owner_id is distinct from 1 and price = 1.1")
    (name, number), *_ = found
    answers = []
    for price in (0, 1.1, 5, 10**9):
        cursor = token({"price": price, "shelf": name, "number": number - 1})
        answers.append((await shelf.data(text % number, {"after": cursor}))["page"])
    assert answers[0]["edges"]
    assert untoken(answers[0]["edges"][0]["cursor"])["price"] is None
    assert all(answer == answers[0] for answer in answers)


async def test_a_function_of_a_hidden_row_is_not_run_for_a_cursor(shelf: Shelf) -> None:
    """It fails for names that only hidden rows have."""
    text = (
        '{ item_connection(order_by: [{shout: desc}], after: "%s") { edges { cursor } pageInfo { hasPreviousPage } } }'
    )
    cursor = token({"shout": "B", "shelf": "a", "number": 5})
    assert (await shelf.data(text % cursor, user=9))["item_connection"]["pageInfo"]["hasPreviousPage"]
