"""Mutations that no honest client sends. Each is answered or refused in the envelope, and the next good question is
answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hostile_inputs import EVIL_VALUES
from hostile_kit import SECRET, Client, answered, error_of

pytestmark = pytest.mark.usefixtures("client")

ARTICLE = 'id: 90, author_id: 1, title: "A"'
DOCUMENTS: dict[str, str] = {
    "a schema below a mutation": "mutation { __schema { types { name } } }",
    "no fields": "mutation { }",
    "rows that are no rows": "mutation { insert_tag(objects: [[{ id: 9 }]]) { affected_rows } }",
    "NUL in a row": 'mutation { insert_tag(objects: { id: 9, name: "a\\u0000" }) { affected_rows } }',
    "NUL in jsonb": f'mutation {{ insert_article(objects: {{ {ARTICLE}, meta: {{ a: "\\u0000" }} }}) {{ affected_rows }} }}',
    "NUL in a key of jsonb": 'mutation { update_article(where: {}, _delete_key: { meta: "\\u0000" }) { affected_rows } }',
    "NUL in a path of jsonb": 'mutation { update_article(where: {}, _delete_at_path: { meta: ["\\u0000"] }) { affected_rows } }',
    "half a surrogate pair": 'mutation { insert_tag(objects: { id: 9, name: "\\ud83d" }) { affected_rows } }',
    "an integer of 5,000 digits": "mutation { insert_tag(objects: { id: " + "9" * 5_000 + " }) { affected_rows } }",
    "a numeric of 200,000 digits": f"mutation {{ insert_article(objects: {{ {ARTICLE}, rating: {'9' * 200_000} }}) {{ affected_rows }} }}",
    "1e999999999 for a numeric": f"mutation {{ insert_article(objects: {{ {ARTICLE}, rating: 1e999999999 }}) {{ affected_rows }} }}",
    "1e400 for a float": "mutation { insert_article_tag(objects: { article_id: 3, tag_id: 1, weight: 1e400 }) { affected_rows } }",
    "more than a bigint": f"mutation {{ insert_article(objects: {{ {ARTICLE}, views: 9223372036854775808 }}) {{ affected_rows }} }}",
    "1,000 lists in jsonb": f"mutation {{ insert_article(objects: {{ {ARTICLE}, meta: {'[' * 1_000 + ']' * 1_000} }}) {{ affected_rows }} }}",
    "100 levels of related rows": "mutation { insert_article(objects: "
    + "{ comments: { data: { article: { data: " * 25
    + "{}"
    + " } } } }" * 25
    + ") { affected_rows } }",
    "300 roots that insert": "mutation { "
    + " ".join(f'a{at}: insert_tag(objects: {{ id: {at}, name: "{at}" }}) {{ affected_rows }}' for at in range(300))
    + " }",
    "an operator twice": 'mutation { update_tag(where: {}, _set: { name: "a" }, _set: { id: 1 }) { affected_rows } }',
    "a null for an operator's operand": "mutation { update_article(where: {}, _inc: { views: null }) { affected_rows } }",
    "a variable that nobody declared": "mutation { insert_tag(objects: $rows) { affected_rows } }",
    "a variable of another type": "mutation ($rows: [author_insert_input!]!) { insert_tag(objects: $rows) { affected_rows } }",
    "a directive that is not there": "mutation { insert_tag(objects: []) @live { affected_rows } }",
    "a mutation in a subscription": "subscription { insert_tag(objects: []) { affected_rows } }",
    "a selection that is missing": "mutation { insert_tag(objects: []) }",
    "a selection below a number": "mutation { insert_tag(objects: []) { affected_rows { n } } }",
    "arguments of a count": "mutation { insert_tag(objects: []) { affected_rows(where: {}) } }",
    "arguments of returning": "mutation { insert_tag(objects: []) { returning(limit: 1) { id } } }",
}
PLACES: dict[str, str] = {
    "[tag_insert_input!]!": "mutation ($v: {type}) { insert_tag(objects: $v) { affected_rows } }",
    "tag_insert_input!": "mutation ($v: {type}) { insert_tag_one(object: $v) { id } }",
    "tag_on_conflict": 'mutation ($v: {type}) { insert_tag(objects: { id: 1, name: "a" }, on_conflict: $v) { affected_rows } }',
    "[tag_update_column!]!": 'mutation ($v: {type}) { insert_tag(objects: { id: 1, name: "a" }, on_conflict: { constraint: tag_pkey, update_columns: $v }) { affected_rows } }',
    "tag_constraint!": 'mutation ($v: {type}) { insert_tag(objects: { id: 1, name: "a" }, on_conflict: { constraint: $v }) { affected_rows } }',
    "Boolean": 'mutation ($v: {type}) { insert_tag(objects: { id: 1, name: "a" }, on_conflict: { constraint: tag_pkey, return_existing: $v }) { returning { id } } }',
    "comment_arr_rel_insert_input": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, comments: $v }}) {{ affected_rows }} }}",
    "author_obj_rel_insert_input": 'mutation ($v: {type}) { insert_article(objects: { id: 90, title: "A", author: $v }) { affected_rows } }',
    "[comment_insert_input!]!": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, comments: {{ data: $v }} }}) {{ affected_rows }} }}",
    "author_bool_exp!": "mutation ($v: {type}) { update_author(where: $v, _set: { born: null }) { affected_rows } }",
    "author_set_input": "mutation ($v: {type}) { update_author(where: { id: { _eq: 1 } }, _set: $v) { affected_rows } }",
    "author_pk_columns_input!": "mutation ($v: {type}) { update_author_by_pk(pk_columns: $v, _set: { born: null }) { id } }",
    "author_append_input": "mutation ($v: {type}) { update_author(where: {}, _append: $v) { affected_rows } }",
    "[String!]": "mutation ($v: {type}) { update_author(where: {}, _delete_at_path: { settings: $v }) { affected_rows } }",
    "article_inc_input": "mutation ($v: {type}) { update_article(where: {}, _inc: $v) { affected_rows } }",
    "[author_updates!]!": "mutation ($v: {type}) { update_author_many(updates: $v) { affected_rows } }",
    "Int!": "mutation ($v: {type}) { delete_comment_by_pk(id: 1) { id } delete_author_by_pk(id: $v) { id } }",
    "Int": "mutation ($v: {type}) { insert_author(objects: { id: $v, name: \"n\", email: \"n\" }) { affected_rows } }",
    "smallint": "mutation ($v: {type}) { insert_tag(objects: { id: $v, name: \"n\" }) { affected_rows } }",
    "bigint": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, views: $v }}) {{ affected_rows }} }}",
    "numeric": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, rating: $v }}) {{ affected_rows }} }}",
    "percentage": 'mutation ($v: {type}) { insert_customer(objects: { name: "n", discount: $v }) { affected_rows } }',
    "float8": "mutation ($v: {type}) { update_article_tag(where: {}, _set: { weight: $v }) { affected_rows } }",
    "[String!] ": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, keywords: $v }}) {{ affected_rows }} }}",
    "jsonb": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, meta: $v }}) {{ affected_rows }} }}",
    "uuid": 'mutation ($v: {type}) { insert_customer(objects: { id: $v, name: "n" }) { affected_rows } }',
    "interval": "mutation ($v: {type}) { update_article(where: {}, _set: { reading_time: $v }) { affected_rows } }",
    "article_state": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, state: $v }}) {{ affected_rows }} }}",
    "order_status_enum": 'mutation ($v: {type}) { update_purchase(where: {}, _set: { status: $v }) { affected_rows } }',
}  # fmt: skip
ROWS: list[Any] = [
    {"id": 9}, {"id": None, "name": None}, {"name": "usher:check:0"}, [{"id": 9, "name": "x"}] * 3, {"": 1}, [{"id": 9}, None], [[{}]], {"data": {}},
    {"data": [{"article_id": 1}]}, {"data": [], "on_conflict": {}}, {"constraint": "tag_pkey"}, {"constraint": "tag_pkey", "update_columns": [None]},
    {"constraint": "tag_pkey", "update_columns": ["name", "name"]}, {"id": {"_eq": None}}, {"_or": []}, {"settings": {"a": "\0"}}, {"settings": "\ud800"},
    [{"where": {}, "_set": {"name": "x"}}], [{"where": None}], {"views": 2**63 - 1}, {"views": 0.5}, {"rating": 10**40}, "usher:check:99", '"usher:absent:7"',
    "{1,2}", "{{a},{b}}", "{", [None], [["a"], []], -(2**63), 32768, "1e5", "NaN", "99.999", 10**6,
]  # fmt: skip


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
