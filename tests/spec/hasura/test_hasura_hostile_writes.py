"""Mutations that no honest client sends. Each is answered or refused in the envelope, and the next good question is
answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hostile_inputs import EVIL_VALUES
from hostile_kit import SECRET, Client, answered, error_of
from hostile_write_inputs import ARTICLE, DOCUMENTS, PLACES, ROWS

pytestmark = pytest.mark.usefixtures("client")


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_hostile_mutation_is_refused(client: Client, name: str) -> None:
    error_of(await client.ask(DOCUMENTS[name]))
    await client.still_serves()


@pytest.mark.parametrize("place", PLACES)
async def test_any_value_in_any_variable_of_a_mutation_is_answered_or_refused(client: Client, place: str) -> None:
    query = PLACES[place].replace("{type}", place.strip())
    for value in (*EVIL_VALUES, *ROWS):
        body = json.dumps({"query": query, "variables": {"v": value}})
        first, second = [await client.post(body, query) for _ in range(2)]
        answered(first)
        assert first.content == second.content
    answered(await client.ask(query))
    await client.still_serves()


DEEP = {
    "lists": "[" * 90 + "]" * 90,
    "objects": '{"a":' * 90 + "1" + "}" * 90,
    "lists, too deep": "[" * 5_000 + "]" * 5_000,
    "objects, too deep": '{"a":' * 5_000 + "1" + "}" * 5_000,
}


@pytest.mark.parametrize("name", DEEP)
async def test_deep_json_is_stored_or_refused(client: Client, name: str) -> None:
    query = f"mutation ($v: jsonb) {{ insert_article_one(object: {{ {ARTICLE}, meta: $v }}) {{ meta }} }}"
    reply = await client.post(f'{{"query": {json.dumps(query)}, "variables": {{"v": {DEEP[name]}}}}}')
    if "too" in name:
        error_of(reply)
    else:
        assert reply.json() == {"data": {"insert_article_one": {"meta": json.loads(DEEP[name])}}}
    await client.still_serves()


async def test_a_key_twice_in_json_counts_once(client: Client) -> None:
    query = json.dumps("mutation ($v: [tag_insert_input!]!) { insert_tag(objects: $v) { returning { id name } } }")
    body = f'{{"query": {query}, "variables": {{"v": [{{"id": 9, "name": "a", "name": "b"}}]}}}}'
    assert (await client.post(body)).json() == {"data": {"insert_tag": {"returning": [{"id": 9, "name": "b"}]}}}


@pytest.mark.parametrize("count", [10_000, 50_000])
async def test_many_rows_are_one_insert(client: Client, count: int) -> None:
    query = "mutation ($v: [author_insert_input!]!) { insert_author(objects: $v) { affected_rows } }"
    rows = [{"id": 100 + at, "name": "n", "email": f"{at}@example.com"} for at in range(count)]
    assert (await client.ask(query, {"v": rows})).json() == {"data": {"insert_author": {"affected_rows": count}}}


async def test_one_bad_row_of_many_is_named(client: Client) -> None:
    query = "mutation ($v: [author_insert_input!]!) { insert_author(objects: $v) { affected_rows } }"
    rows: list[Any] = [{"id": 100 + at, "name": "n", "email": f"{at}@example.com"} for at in range(10_000)]
    for bad in ({"born": "soon"}, {"id": "x"}, {"nothing": 1}, {"name": "\0"}):
        rows[7_777] = {**rows[7_776], "email": "x", **bad}
        path = error_of(await client.ask(query, {"v": rows}))["extensions"]["path"]
        assert path == f"$.selectionSet.insert_author.args.objects[7777].{next(iter(bad))}"


async def test_a_mutation_by_get_is_refused(client: Client) -> None:
    params = {"query": 'mutation { insert_tag(objects: { id: 9, name: "x" }) { affected_rows } }'}
    reply = await client.http.get("/v1/graphql", params=params, headers={"x-hasura-admin-secret": SECRET})
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST, OPTIONS")
    found = await client.ask("{ tag_by_pk(id: 9) { name } }")
    assert found.json() == {"data": {"tag_by_pk": None}}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_nor_is_one_by_a_form(client: Client, content_type: str) -> None:
    body = json.dumps({"query": 'mutation { insert_tag(objects: { id: 9, name: "x" }) { affected_rows } }'})
    headers = {"x-hasura-admin-secret": SECRET, "content-type": content_type}
    assert (await client.http.post("/v1/graphql", content=body, headers=headers)).status_code == 415
    assert (await client.ask("{ tag_by_pk(id: 9) { name } }")).json() == {"data": {"tag_by_pk": None}}


JSON_TYPES = ("1", "1.5", "true", '"x"', "[]", '["x"]', "[[1]]", "{}", "{ x: 1 }", "[{}]", "null", "x", "$x")
ROOTS = "{ __schema { mutationType { fields { name args { name type { kind } } } } } }"


@pytest.mark.parametrize("table", ["article", "comment", "customer"])
async def test_any_type_in_any_argument_of_any_mutation_is_answered_or_refused(client: Client, table: str) -> None:
    roots = (await client.ask(ROOTS)).json()["data"]["__schema"]["mutationType"]["fields"]
    found = [root for root in roots if root["name"].split("_", 1)[1].removesuffix("_one").startswith(table)]
    assert found
    for root in found:
        required = {arg["name"]: "{}" for arg in root["args"] if arg["type"]["kind"] == "NON_NULL"}
        for argument in root["args"]:
            for text in JSON_TYPES:
                arguments = ", ".join(
                    f"{name}: {value}" for name, value in (required | {argument["name"]: text}).items()
                )
                answered(await client.ask(f"mutation {{ {root['name']}({arguments}) {{ __typename }} }}"))
    await client.still_serves()
