"""Input that no honest client sends. Each is refused in the envelope, and the next good question is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hostile_inputs import BODIES, DOCUMENTS, EVIL_VALUES, STRANGE, VARIABLE_PLACES
from hostile_kit import GOOD_ANSWER, Client, answered, error_of

pytestmark = pytest.mark.usefixtures("client")

# ---------------------------------------------------------------- what is not even a question


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_is_no_question_is_refused(client: Client, name: str) -> None:
    error_of(await client.post(BODIES[name], name))
    await client.still_serves()


# ---------------------------------------------------------------- documents


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_hostile_document_is_refused(client: Client, name: str) -> None:
    error_of(await client.ask(DOCUMENTS[name]))
    await client.still_serves()


# ---------------------------------------------------------------- strange, but right


@pytest.mark.parametrize("name", STRANGE)
async def test_a_strange_document_is_answered(client: Client, name: str) -> None:
    query, wanted = STRANGE[name]
    reply = await client.ask(query)
    assert "errors" not in reply.json(), reply.text[:500]
    assert wanted is None or reply.json() == {"data": wanted}


# ---------------------------------------------------------------- variables and operations


@pytest.mark.parametrize("place", VARIABLE_PLACES)
async def test_any_value_in_any_variable_is_answered_or_refused(client: Client, place: str) -> None:
    query = f"query ($v: {place.strip()}) {VARIABLE_PLACES[place]}"
    for value in EVIL_VALUES:
        for _ in range(2):
            answered(await client.ask(query, {"v": value}))
    answered(await client.ask(query))
    await client.still_serves()


def literal(value: Any) -> str:
    """JSON as GraphQL writes it."""
    if isinstance(value, dict):
        fields = (f"{key}: {literal(item)}" for key, item in value.items() if key.isidentifier())
        return "{" + ", ".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


@pytest.mark.parametrize("place", VARIABLE_PLACES)
async def test_any_literal_in_any_place_is_answered_or_refused(client: Client, place: str) -> None:
    for text in [*map(literal, EVIL_VALUES), "ENUM", "asc", "id", "{a: ENUM}", "[ENUM]", "$nothing", "{_eq: $nothing}"]:
        answered(await client.ask(VARIABLE_PLACES[place].replace("$v", text)))
    await client.still_serves()


@pytest.mark.parametrize("operation", ["", None, "a", "b", "x", "a b", "\0", "😀", "a" * 100_000])
async def test_an_operation_name_is_found_or_refused(client: Client, operation: Any) -> None:
    reply = await client.ask("query a { author_by_pk(id: 1) { name } } query b { __typename }", operation=operation)
    data = answered(reply)
    assert (data == GOOD_ANSWER["data"]) == (operation == "a")
    assert (data is not None) == (operation in ("a", "b"))


async def test_a_thousand_variables_are_one_more_than_needed(client: Client) -> None:
    declared = ", ".join(f"$v{index}: Int" for index in range(1_000))
    query = f"query ({declared}) {{ author_by_pk(id: 1) {{ name }} }}"
    assert (await client.ask(query, {f"v{index}": index for index in range(1_000)})).json() == GOOD_ANSWER


async def test_a_batch_is_answered_one_by_one(client: Client) -> None:
    good, bad = {"query": "{ author_by_pk(id: 1) { name } }"}, {"query": DOCUMENTS["1,000 braces"]}
    page = (await client.post(json.dumps([good, bad, good]))).json()
    assert [list(answer) for answer in page] == [["data"], ["errors"], ["data"]]


JSON_TYPES = ("1", "-1", "1.5", "true", '"x"', "[]", '["x"]', "[[1]]", "{}", "{ x: 1 }", "null", "x", "$x")
ROOTS = "{ __schema { queryType { fields { name args { name type { kind ofType { name } } } } } } }"


async def test_any_type_in_any_argument_of_any_root_is_answered_or_refused(client: Client) -> None:
    for root in (await client.ask(ROOTS)).json()["data"]["__schema"]["queryType"]["fields"]:
        required = {arg["name"]: "1" for arg in root["args"] if arg["type"]["kind"] == "NON_NULL"}
        for argument in root["args"]:
            for text in JSON_TYPES:
                given = required | {argument["name"]: text}
                arguments = ", ".join(f"{name}: {value}" for name, value in given.items())
                answered(await client.ask(f"{{ {root['name']}({arguments}) {{ __typename }} }}"))
    await client.still_serves()
