"""What is wrong with a cursor, an id or a page is told in Hasura's words, and tells nothing of rows: the same whether
it stands in the document or comes in a variable, and the second time, when the statement is known."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from relay_kit import Shelf, opened_shelf, token

from usher.postgres import EmbeddedPostgres

INVALID = ('the "after" or "before" cursor is invalid', "$.selectionSet.item_connection.args", "validation-failed")
ID = "$.selectionSet.node.args.id"


@pytest.fixture(scope="module")
async def shelf(postgres: EmbeddedPostgres) -> AsyncIterator[Shelf]:
    async with opened_shelf(postgres, "relay_refusals") as found:
        yield found


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize(
    ("arguments", "message", "path"),
    [
        ("first: 1, last: 1", '"first" and "last" are not allowed at once', ""),
        ('after: "a", before: "b"', '"after" and "before" are not allowed at once', ""),
        ("first: -1", "expected a non-negative 32-bit integer for type 'Int', but found an integer", ".first"),
        ('last: "1"', "expected a non-negative 32-bit integer for type 'Int', but found a string", ".last"),
        (
            "distinct_on: mood, order_by: {size: asc}",
            '"distinct_on" columns must match initial "order_by" columns',
            "",
        ),
        ("after: word", "unexpected enum value 'word' for type 'String'", ".after"),
    ],
)
async def test_what_is_no_page_is_refused(shelf: Shelf, arguments: str, message: str, path: str) -> None:
    text = f"{{ item_connection({arguments}) {{ pageInfo {{ hasNextPage }} }} }}"
    place = f"$.selectionSet.item_connection.args{path}"
    assert await shelf.refused(text) == (message, place, "validation-failed")


@pytest.mark.parametrize("argument", ["limit", "offset"])
async def test_a_page_has_no_limit_and_no_offset(shelf: Shelf, argument: str) -> None:
    text = f"{{ item_connection({argument}: 1) {{ pageInfo {{ hasNextPage }} }} }}"
    assert (await shelf.refused(text))[0] == f"'item_connection' has no argument named '{argument}'"


# ---------------------------------------------------------------- cursors

GOOD: dict[str, Any] = {"seen": None, "meta": None, "size": None, "flag": None, "shelf": "a", "number": 1}
NO_JSON: list[Any] = ["[1", "[1," * 20_000, '{"a": NaN}', '{"number": 1e99999999999999999999}']
NO_KEYS: list[Any] = [[], {}, 1, None, True, "null", '{"number": ' + "9" * 5_000 + "}", {"shelf": "a", "number": 1}]
WRONG: dict[str, list[Any]] = {
    "shelf": [5, ["a"], {}, "a\0", "\ud800"],
    "number": ["1", 1.5, 2**31, True, [1], 1e400],
    "seen": ["never", "", 5, {"a": 1}],
    "meta": [{}, 1, "{", "nul"],
    "flag": ["true", 1],
}
CURSORS: list[Any] = [
    *("", "x", "é", "====", 5, True, ["a"], {"a": 1}),
    *map(token, [*NO_JSON, *NO_KEYS]),
    token({key: value for key, value in GOOD.items() if key != "number"}),
    *(token({**GOOD, key: value}) for key, values in WRONG.items() for value in values),
]


@pytest.mark.parametrize("cursor", CURSORS, ids=range(len(CURSORS)))
async def test_what_is_no_cursor_of_this_order_is_refused(shelf: Shelf, cursor: Any) -> None:
    order = "order_by: [{seen: asc}, {meta: asc}, {size: asc}, {flag: asc}]"
    text = f"query ($c: String) {{ item_connection(after: $c, {order}) {{ edges {{ cursor }} }} }}"
    assert "data" in await shelf.ask(text, {"c": token(GOOD)})
    for _ in range(2):
        assert await shelf.refused(text, {"c": cursor}) == INVALID
    if isinstance(cursor, str) and cursor.isascii():
        literal = text.replace("query ($c: String)", "").replace("$c", json.dumps(cursor))
        assert await shelf.refused(literal) == INVALID


async def test_a_cursor_of_null_is_none(shelf: Shelf) -> None:
    text = "query ($c: String) { item_connection(after: $c, last: 1) { pageInfo { hasPreviousPage endCursor } } }"
    answers = [await shelf.data(text, variables) for variables in ({"c": None}, {}, {"c": None})]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["item_connection"]["pageInfo"]["hasPreviousPage"]


# ---------------------------------------------------------------- ids

ASK = "query ($id: ID!) { node(id: $id) { id ... on item { name } } }"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("random", "Error in $: Failed reading: not a valid json value at '­©Ý¢'"),
        ("", "Error in $: Failed reading: not a valid json value at ''"),
        (token([]), "Error in $: unexpected GUID format, found empty list"),
        (token({}), "Error in $: parsing node id failed, expected Array, but encountered Object"),
        (token(["1", "public", "item"]), "Error in $: unexpected GUID format, needs to start with a version number"),
        (
            token([True, "public", "item", 1]),
            "Error in $: unexpected GUID format, needs to start with a version number",
        ),
        (token([2, "public", "item", 1]), "Error in $: unsupported GUID version: 2.0"),
        (
            token([1, "public", "item"]),
            "Error in $: GUID version 1: expecting schema name, table name and at least one column value",
        ),
        (
            token([1, "public", 5, 1]),
            "Error in $: GUID version 1: expecting schema name, table name and at least one column value",
        ),
        (token([1, "public", "item", "a"]), "primary key columns ['number'] are missing"),
        (token([1, "public", "item", "a", 1, 2]), "unexpected column values: 1 more than the primary key has"),
        (token([1, "public", "nowhere", 1]), "no such table found: 'nowhere'"),
        (token([1, "extra", "item", "a", 1]), "no such table found: 'item'"),
        (token([1, "public", "plain", "a"]), "no such table found: 'plain'"),
        (token([1, "public", "\ud800", 1]), "no such table found: '?'"),
    ],
)
async def test_what_is_no_id_is_refused(shelf: Shelf, value: str, message: str) -> None:
    known = token([1, "public", "item", "a", 0])
    assert "data" in await shelf.ask(ASK, {"id": known})
    expected = (f"invalid node id: {message}", ID, "validation-failed")
    assert await shelf.refused(ASK, {"id": value}) == expected
    assert await shelf.refused(ASK.replace("query ($id: ID!)", "").replace("$id", json.dumps(value))) == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((5, 1), "value of column 'shelf' in node id: parsing Text failed, expected String, but encountered Number"),
        (
            ("a", "1"),
            "value of column 'number' in node id: expected a 32-bit integer for type 'Int', but found a string",
        ),
        (("a", None), "value of column 'number' in node id: unexpected null value for type 'Int'"),
        (("a\0", 1), "value of column 'shelf' in node id: a text cannot contain the NUL character (U+0000)"),
    ],
)
async def test_values_that_no_key_has_are_refused(shelf: Shelf, values: tuple[Any, ...], message: str) -> None:
    wrong = token([1, "public", "item", *values])
    for _ in range(2):
        assert await shelf.refused(ASK, {"id": wrong}) == (message, "$.selectionSet.node", "parse-failed")
        await shelf.data(ASK, {"id": token([1, "public", "item", "a", 0])})


async def test_beside_fragments_a_node_has_an_id_alone(shelf: Shelf) -> None:
    text = f'{{ node(id: "{token([1, "public", "item", "a", 0])}") {{ name }} }}'
    assert (await shelf.refused(text))[0] == "field 'name' not found in type: 'Node'"


async def test_who_can_tell_no_rows_apart_has_no_node(shelf: Shelf) -> None:
    for role in ("blind", "nobody"):
        message, _, _ = await shelf.refused('{ node(id: "x") { id } }', role=role)
        assert message == "field 'node' not found in type: 'query_root'"
