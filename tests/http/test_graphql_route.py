"""The GraphQL route: methods, media types, envelopes, batches, limits, and what happens when things go wrong."""

from __future__ import annotations

import asyncio
import gzip
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from edge_kit import Edge, MakeEdge, RecordingAnswers

from gql_gen.ask import DocumentAsk, Reply
from gql_gen.errors import Rejected
from gql_gen.http.types import AuthSettings, HttpSettings

OPEN = AuthSettings(admin_secret="an admin secret", unauthorized_role="visitor")
JSON = "application/json; charset=utf-8"
GRAPHQL = "application/graphql-response+json; charset=utf-8"
WANTS_GRAPHQL = {"accept": "application/graphql-response+json"}
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)


def get(document: dict[str, Any]) -> bytes:
    return urlencode(document).encode()


async def test_a_post_reaches_the_engine_as_it_was_meant(open_edge: Edge) -> None:
    body = {"query": "query A($n: Int) { a }", "operationName": "A", "variables": {"n": 1}, "extensions": {"x": [1]}}
    got = await open_edge.post(body)
    assert (got.status, got.body, got.headers["content-type"]) == (200, b'{"data":{"ok":true}}', JSON)
    assert open_edge.answers.asks == [DocumentAsk("query A($n: Int) { a }", "A", {"n": 1})]


async def test_the_same_over_httpx(open_edge: Edge) -> None:
    transport = httpx.ASGITransport(open_edge.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        got = await client.post("/v1/graphql", json={"query": "{ a }"}, headers={"x-request-id": "abc-1"})
    assert (got.status_code, got.json(), got.headers["x-request-id"]) == (200, {"data": {"ok": True}}, "abc-1")


async def test_nulls_in_the_envelope_mean_not_given(open_edge: Edge) -> None:
    await open_edge.post({"query": "{ a }", "operationName": None, "variables": None, "extensions": None})
    assert open_edge.answers.asks == [DocumentAsk("{ a }", None, {})]


async def test_decimals_and_large_integers_arrive_exactly(open_edge: Edge) -> None:
    await open_edge.post(b'{"query":"{ a }","variables":{"d":0.1000,"i":123456789012345678901234567890}}')
    variables = open_edge.answers.asks[0].variables
    assert str(variables["d"]) == "0.1000"
    assert isinstance(variables["d"], Decimal)
    assert variables["i"] == 123456789012345678901234567890


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/json; charset=utf-8", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        ("application/json, application/graphql-response+json", JSON),
        ("application/graphql-response+json", GRAPHQL),
        ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", GRAPHQL),
        ("application/json;q=0.5, application/graphql-response+json;q=0.9", GRAPHQL),
        ("application/json;q=0, */*", GRAPHQL),
        ("*/*, application/graphql-response+json", GRAPHQL),
        ("APPLICATION/JSON", JSON),
        (URQL, GRAPHQL),
        ("text/event-stream, application/json", JSON),
        ("application/json;q=nonsense, */*;q=0.1", GRAPHQL),
    ],
)
async def test_the_answer_has_the_form_that_is_accepted(open_edge: Edge, accept: str | None, expected: str) -> None:
    got = await open_edge.ask({} if accept is None else {"accept": accept})
    assert (got.status, got.headers["content-type"]) == (200, expected)


@pytest.mark.parametrize("accept", ["text/event-stream", "text/html", "application/json;q=0", "multipart/mixed"])
async def test_a_form_that_is_not_spoken_is_refused(open_edge: Edge, accept: str) -> None:
    got = await open_edge.ask({"accept": accept})
    assert (got.status, got.headers["content-type"], open_edge.answers.asks) == (406, JSON, [])


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        "application/graphql+json",
    ],
)
async def test_json_bodies_are_read(open_edge: Edge, content_type: str) -> None:
    assert (await open_edge.ask({"content-type": content_type})).status == 200


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql", ""],
)
async def test_bodies_that_a_foreign_page_could_send_are_refused(open_edge: Edge, content_type: str) -> None:
    got = await open_edge.ask({"content-type": content_type})
    assert (got.status, got.code, open_edge.answers.asks) == (415, "bad-request", [])


async def test_a_body_without_a_content_type_is_refused(open_edge: Edge) -> None:
    assert (await open_edge.send("POST", chunks=(b'{"query":"{ a }"}',))).status == 415


async def test_a_compressed_body_is_refused(open_edge: Edge) -> None:
    assert (await open_edge.post(gzip.compress(b"{}"), {"content-encoding": "gzip"})).status == 415


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        (b"", "invalid-json", "$"),
        (b"not json", "invalid-json", "$"),
        (b'{"query":"{ a }"', "invalid-json", "$"),
        (b'{"query":"{ a }"}}', "invalid-json", "$"),
        (b'{"query":"\xff"}', "invalid-json", "$"),
        (b'{"query":"{ a }","variables":{"a":"\\ud800"}}', "invalid-json", "$"),
        (b'{"query":"{ a }","variables":{"a":NaN}}', "invalid-json", "$"),
        (b'"{ a }"', "parse-failed", "$"),
        (b"null", "parse-failed", "$"),
        (b"{}", "parse-failed", "$"),
        (b'{"query":null}', "parse-failed", "$.query"),
        (b'{"query":1}', "parse-failed", "$.query"),
        (b'{"query":["{ a }"]}', "parse-failed", "$.query"),
        (b'{"query":{"a":1}}', "parse-failed", "$.query"),
        (b'{"query":"{ a }","operationName":{}}', "parse-failed", "$.operationName"),
        (b'{"query":"{ a }","operationName":1}', "parse-failed", "$.operationName"),
        (b'{"query":"{ a }","variables":[]}', "parse-failed", "$.variables"),
        (b'{"query":"{ a }","variables":"{}"}', "parse-failed", "$.variables"),
        (b'{"query":"{ a }","extensions":[]}', "parse-failed", "$.extensions"),
        (b'{"query":"{ a }","extensions":"x"}', "parse-failed", "$.extensions"),
        (b"[]", "bad-request", "$"),
        (b"[1]", "parse-failed", "$[0]"),
        (b'[{"query":"{ a }"},{}]', "parse-failed", "$[1]"),
        (b'[[{"query":"{ a }"}]]', "parse-failed", "$[0]"),
    ],
)
async def test_a_wrong_envelope_is_refused_with_its_place(
    open_edge: Edge, accept: str, body: bytes, code: str, path: str
) -> None:
    got = await open_edge.post(body, {"accept": accept})
    assert (got.status, got.code, open_edge.answers.asks) == (400, code, [])
    place = got.json["errors"][0]["extensions"]["path"]
    assert place == path or (path.startswith("$[") and place == "$[...]")
    assert "data" not in got.json


DEEP = b'{"query":"{ a }","variables":{"a":%s1%s}}'


@pytest.mark.parametrize(
    "body",
    [
        DEEP % (b"[" * 101, b"]" * 101),
        DEEP % (b'{"b":' * 101, b"}" * 101),
        DEEP % (b"[" * 100_000, b"]" * 100_000),
        b"[" * 100_000,
        b'{"query":"{ a }","x":' + b"[" * 100_000,
        b'{"query":"{ a }","variables":{"a":1e1000000}}',
        b'{"query":"{ a }","variables":{"a":-1.5E-1000000}}',
        b'{"query":"{ a }","variables":{"a":1e99999999999999999999}}',
        b'{"query":"{ a }","variables":{"a":0.' + b"1" * 200_000 + b"}}",
        b'{"query":"{ a }","variables":{"a":' + b"9" * 100_000 + b"}}",
        b'{"query":"' + b"a" * (256 * 1024 + 1) + b'"}',
        ('{"query":"' + "ä" * (128 * 1024 + 1) + '"}').encode(),
        json.dumps([{"query": "{ a }"}] * 101).encode(),
    ],
)
async def test_a_bomb_is_refused_before_it_is_parsed(open_edge: Edge, body: bytes) -> None:
    got = await open_edge.post(body)
    assert (got.status, open_edge.answers.asks) == (400, [])
    assert (await open_edge.ask()).status == 200


@pytest.mark.parametrize(
    "body",
    [
        DEEP % (b"[" * 99, b"]" * 99),
        DEEP % (b"[" + b"[]," * 10_000, b"]"),
        b'{"query":"' + b"{" * 5000 + b'"}',
        b'{"query":"{ a }","variables":{"a":1e131072,"b":0e9,"c":1e-131072}}',
        json.dumps([{"query": "{ a }"}] * 100).encode(),
    ],
)
async def test_what_is_large_but_within_the_limits_passes(open_edge: Edge, body: bytes) -> None:
    assert (await open_edge.post(body)).status == 200


@pytest.mark.parametrize("headers", [{}, {"content-length": "11"}, {"content-length": "9" * 30}])
async def test_a_body_over_the_limit_is_refused(edge: MakeEdge, headers: dict[str, str]) -> None:
    house = edge(OPEN, HttpSettings(max_body=10))
    got = await house.post(b"12345678901", headers)
    assert (got.status, got.code) == (413, "bad-request")


async def test_a_body_in_pieces_is_read_whole_and_its_sum_is_limited(edge: MakeEdge) -> None:
    house = edge(OPEN, HttpSettings(max_body=20))
    headers = {"content-type": "application/json"}
    assert (await house.send("POST", headers=headers, chunks=(b'{"query":', b'"{ a', b' }"}', b""))).status == 200
    assert (await house.send("POST", headers=headers, chunks=(b'{"query":', b'"{ a', b' }"}', b"    "))).status == 413
    assert [ask.text for ask in house.answers.asks] == ["{ a }"]


async def test_a_batch_is_answered_in_order_by_an_array(edge: MakeEdge) -> None:
    async def respond(ask: DocumentAsk, _: object) -> Reply:
        if ask.text == "bad":
            raise Rejected("no", path="$.query")
        return Reply(json.dumps({"data": {"text": ask.text}}).encode())

    house = edge(OPEN, answers=RecordingAnswers(respond=respond))
    got = await house.post([{"query": "1"}, {"query": "bad"}, {"query": "3"}])
    first, second, third = got.json
    assert (got.status, first["data"], third["data"]) == (200, {"text": "1"}, {"text": "3"})
    assert second["errors"][0]["extensions"] == {"path": "$.query", "code": "validation-failed"}


async def test_a_get_asks_a_query_that_may_only_read(open_edge: Edge) -> None:
    document = {"query": "query A { a }", "variables": '{"n": 1.50}', "operationName": "A", "extensions": "{}"}
    got = await open_edge.send("GET", query=get(document))
    assert (got.status, got.headers["cache-control"]) == (200, "no-store")
    assert open_edge.answers.asks == [DocumentAsk("query A { a }", "A", {"n": Decimal("1.50")}, read_only=True)]


async def test_a_mutation_by_get_is_answered_405(edge: MakeEdge) -> None:
    async def respond(ask: DocumentAsk, _: object) -> Reply:
        return Reply(b'{"errors":[]}', "refused", 405 if ask.read_only else 200)

    house = edge(OPEN, answers=RecordingAnswers(respond=respond))
    for accept in ("application/json", "application/graphql-response+json"):
        got = await house.send("GET", headers={"accept": accept}, query=get({"query": "mutation { a }"}))
        assert (got.status, got.headers["allow"], got.code) == (405, "POST, OPTIONS", "bad-request")


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"variables={}",
        b"query=%FF",
        b"query=\xc3\xa4",
        b"query={a}&query={b}",
        b"query={a}&variables=[]",
        b"query={a}&variables=nonsense",
        b"query={a}&extensions=1",
        b"query={a}&" + b"x=1&" * 200,
        b"query={a}&variables=" + b"[" * 5000,
    ],
)
async def test_a_get_that_cannot_be_read_is_refused(open_edge: Edge, query: bytes) -> None:
    assert (await open_edge.send("GET", query=query)).status == 400
    assert open_edge.answers.asks == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "TRACE", "X-ODD"])
async def test_other_methods_are_not_served(open_edge: Edge, method: str) -> None:
    got = await open_edge.send(method)
    assert (got.status, got.headers["allow"]) == (405, "GET, POST, OPTIONS")


async def test_an_ask_that_never_ran_is_told_by_status_to_those_who_read_statuses(edge: MakeEdge) -> None:
    async def respond(ask: DocumentAsk, _: object) -> Reply:
        return Reply(b'{"errors":[{}]}', "refused" if ask.text == "refused" else "executed")

    house = edge(OPEN, answers=RecordingAnswers(respond=respond))
    statuses = {
        (text, accept): (await house.post({"query": text}, {"accept": accept})).status
        for text in ("refused", "executed")
        for accept in ("application/json", "application/graphql-response+json")
    }
    assert statuses == {
        ("refused", "application/json"): 200,
        ("refused", "application/graphql-response+json"): 400,
        ("executed", "application/json"): 200,
        ("executed", "application/graphql-response+json"): 200,
    }


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), ("application/graphql-response+json", 500)])
async def test_an_unknown_failure_is_logged_and_tells_nothing(
    edge: MakeEdge, caplog: pytest.LogCaptureFixture, accept: str, status: int
) -> None:
    async def respond(ask: DocumentAsk, _: object) -> Reply:
        raise RuntimeError("password=canary")

    house = edge(OPEN, answers=RecordingAnswers(respond=respond))
    got = await house.ask({"accept": accept})
    assert (got.status, got.message, got.code) == (status, "internal error", "unexpected")
    assert b"canary" not in got.body
    assert "an operation failed unexpectedly" in caplog.text


async def test_a_long_answer_is_compressed_for_those_who_accept_it(edge: MakeEdge) -> None:
    for length in (2_000, 200_000):
        house = edge(OPEN, answers=RecordingAnswers(body=b'{"data":"' + b"a" * length + b'"}'))
        got = await house.ask({"accept-encoding": "br, gzip;q=0.8"})
        assert (got.headers["content-encoding"], got.headers["vary"]) == ("gzip", "accept-encoding")
        assert gzip.decompress(got.body) == house.answers.body
        assert int(got.headers["content-length"]) == len(got.body)


@pytest.mark.parametrize("accepts", ["", "br", "gzip;q=0", "identity"])
async def test_nobody_gets_compression_unasked(edge: MakeEdge, accepts: str) -> None:
    house = edge(OPEN, answers=RecordingAnswers(body=b"x" * 5000))
    assert "content-encoding" not in (await house.ask({"accept-encoding": accepts})).headers


async def test_a_short_answer_is_not_compressed(open_edge: Edge) -> None:
    assert "content-encoding" not in (await open_edge.ask({"accept-encoding": "gzip"})).headers


@pytest.mark.parametrize(("given", "echoed"), [("a-1_b.c:d", True), ("a b", False), ("x" * 129, False), ("ä", False)])
async def test_a_request_id_comes_back_when_it_is_harmless(open_edge: Edge, given: str, echoed: bool) -> None:
    got = await open_edge.ask({"x-request-id": given})
    assert (got.headers.get("x-request-id") == given) is echoed


async def test_a_client_that_hangs_up_cancels_a_slow_operation(edge: MakeEdge) -> None:
    cancelled = asyncio.Event()

    async def respond(ask: DocumentAsk, _: object) -> Reply:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    house = edge(OPEN, HttpSettings(watch_after=0.01), RecordingAnswers(respond=respond))
    messages = [{"type": "http.request", "body": b'{"query":"{ a }"}'}, {"type": "http.disconnect"}]
    sent: list[object] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: object) -> None:
        sent.append(message)

    scope = house.scope("POST", "/v1/graphql", {"content-type": "application/json"})
    task = asyncio.ensure_future(house.app(scope, receive, send))
    await asyncio.wait_for(task, 5)
    assert (cancelled.is_set(), sent, task.cancelled(), task.cancelling()) == (True, [], False, 0)


async def test_a_cancellation_from_outside_goes_on(edge: MakeEdge) -> None:
    async def respond(ask: DocumentAsk, _: object) -> Reply:
        await asyncio.sleep(30)
        raise AssertionError

    house = edge(OPEN, HttpSettings(watch_after=0.01), RecordingAnswers(respond=respond))
    task = asyncio.create_task(house.ask())
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_slow_operation_of_a_client_that_stays_is_answered(edge: MakeEdge) -> None:
    async def respond(ask: DocumentAsk, _: object) -> Reply:
        await asyncio.sleep(0.05)
        return Reply(b'{"data":{}}')

    house = edge(OPEN, HttpSettings(watch_after=0.01), RecordingAnswers(respond=respond))
    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        got = await client.post("/v1/graphql", json={"query": "{ a }"})
    assert got.json() == {"data": {}}


async def test_a_client_that_hangs_up_while_sending_is_let_go(open_edge: Edge) -> None:
    messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[object] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: object) -> None:
        sent.append(message)

    scope = open_edge.scope("POST", "/v1/graphql", {"content-type": "application/json"})
    await open_edge.app(scope, receive, send)
    assert (sent, open_edge.answers.asks) == ([], [])
