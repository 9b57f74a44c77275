"""Guards of mutations: what the headers mean, and that nothing but a POST of JSON can change anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from edge_kit import Edge

from gql_gen.ask import DocumentAsk, Guard

MUTATION = {"query": "mutation { delete_all { affected_rows } }"}
AT_MOST, DRY_RUN = "x-usher-at-most-rows", "x-usher-dry-run"


@pytest.mark.parametrize(
    ("headers", "guard"),
    [
        ({}, None),
        ({AT_MOST: "10"}, Guard(10)),
        ({AT_MOST: "0"}, Guard(0)),
        ({AT_MOST: "999999999"}, Guard(999_999_999)),
        ({AT_MOST: "007"}, Guard(7)),
        ({DRY_RUN: "true"}, Guard(dry_run=True)),
        ({DRY_RUN: "TRUE"}, Guard(dry_run=True)),
        ({DRY_RUN: "false"}, Guard()),
        ({AT_MOST: "3", DRY_RUN: "true"}, Guard(3, True)),
        ({"X-Usher-Dry-Run": "True"}, Guard(dry_run=True)),
    ],
)
async def test_headers_become_a_guard(open_edge: Edge, headers: dict[str, str], guard: Guard | None) -> None:
    await open_edge.post(MUTATION, headers)
    assert open_edge.answers.asks == [DocumentAsk(MUTATION["query"], None, {}, guard=guard)]


@pytest.mark.parametrize("value", ["", " ", "-1", "+1", "1.0", "1e3", "ten", "0x10", "1000000000", "1,000", "²", "1 "])
async def test_a_number_of_rows_that_is_none_stops_the_request(open_edge: Edge, value: str) -> None:
    got = await open_edge.post(MUTATION, {AT_MOST: value})
    assert (got.status, got.code) == (400, "bad-request")
    assert got.message == "the header X-Usher-At-Most-Rows must be a whole number not below 0"
    assert open_edge.answers.asks == []


@pytest.mark.parametrize("value", ["", "1", "yes", "on", "truth", " true", "true;", "null"])
async def test_a_dry_run_that_is_neither_true_nor_false_stops_the_request(open_edge: Edge, value: str) -> None:
    got = await open_edge.post(MUTATION, {DRY_RUN: value})
    assert (got.status, got.code) == (400, "bad-request")
    assert got.message == "the header X-Usher-Dry-Run must be true or false"
    assert open_edge.answers.asks == []


async def test_a_guard_holds_for_every_operation_of_a_batch(open_edge: Edge) -> None:
    await open_edge.post([MUTATION, MUTATION, {"query": "{ a }"}], {AT_MOST: "2", DRY_RUN: "true"})
    assert [ask.guard for ask in open_edge.answers.asks] == [Guard(2, True)] * 3


@pytest.mark.parametrize("values", [("true", "false"), ("false", "true"), ("true", "true")])
async def test_a_guard_given_twice_stops_the_request(open_edge: Edge, values: tuple[str, str]) -> None:
    headers = [(DRY_RUN, value) for value in values]
    assert await _status(open_edge, json.dumps(MUTATION).encode(), headers) == 400
    assert open_edge.answers.asks == []


# ---------------------------------------------------------------- what cannot change anything

FORM = b"query=mutation+%7B+delete_all+%7B+affected_rows+%7D+%7D"
UPLOAD = b'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query": "mutation { a }"}\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", FORM),
        ("multipart/form-data; boundary=x", UPLOAD),
        ("text/plain", json.dumps(MUTATION).encode()),
        ("text/plain; charset=application/json", json.dumps(MUTATION).encode()),
        ("application/jsonx", json.dumps(MUTATION).encode()),
        ("text/json", json.dumps(MUTATION).encode()),
        ("application/graphql", b"mutation { a }"),
        ("", json.dumps(MUTATION).encode()),
    ],
)
async def test_what_a_page_of_another_origin_may_send_unasked_is_refused(
    open_edge: Edge, content_type: str, body: bytes
) -> None:
    got = await open_edge.send("POST", headers={"content-type": content_type}, chunks=(body,))
    assert (got.status, got.code) == (415, "bad-request")
    assert open_edge.answers.asks == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "TRACE", "QUERY"])
async def test_no_other_method_reaches_the_engine(open_edge: Edge, method: str) -> None:
    headers = {"content-type": "application/json", "x-http-method-override": "POST"}
    got = await open_edge.send(method, headers=headers, chunks=(json.dumps(MUTATION).encode(),))
    assert got.status == 405
    assert open_edge.answers.asks == []


@pytest.mark.parametrize(
    "more", [{}, {"x-http-method-override": "POST"}, {"content-type": "application/json"}, {DRY_RUN: "true"}]
)
async def test_what_comes_by_get_may_only_read(open_edge: Edge, more: dict[str, str]) -> None:
    await open_edge.send("GET", headers=more, query=FORM)
    assert [ask.read_only for ask in open_edge.answers.asks] == [True]


async def test_a_query_string_beside_a_post_is_not_looked_at(open_edge: Edge) -> None:
    headers = {"content-type": "application/json"}
    await open_edge.send("POST", headers=headers, chunks=(b'{"query": "{ a }"}',), query=FORM)
    assert [ask.text for ask in open_edge.answers.asks] == ["{ a }"]


async def _status(edge: Edge, body: bytes, headers: list[tuple[str, str]]) -> int:
    """Of a request whose headers repeat."""
    scope = edge.scope("POST", "/v1/graphql", {"content-type": "application/json"})
    scope["headers"] += [(name.encode(), value.encode()) for name, value in headers]
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await edge.app(scope, receive, send)
    return int(sent[0]["status"])
