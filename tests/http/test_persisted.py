"""Automatic persisted queries: the protocol of Apollo's clients, and what it must not become."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from edge_kit import SECRET, Edge, MakeEdge

from gql_gen.ask import DocumentAsk
from gql_gen.errors import Rejected
from gql_gen.http.persisted import PersistedQueries
from gql_gen.http.types import AuthSettings, HttpSettings

TEXT = "query Notes($n: Int) { notes(limit: $n) { id } }"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def extensions(text: str = TEXT, **more: Any) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(text), **more}}


# ---------------------------------------------------------------- the protocol


async def test_a_text_sent_once_is_then_asked_by_its_digest(open_edge: Edge) -> None:
    unknown = await open_edge.post({"extensions": extensions()})
    assert (unknown.status, unknown.message, unknown.code) == (
        200,
        "PersistedQueryNotFound",
        "PERSISTED_QUERY_NOT_FOUND",
    )
    assert (await open_edge.post({"query": TEXT, "extensions": extensions()})).status == 200
    await open_edge.post({"extensions": extensions(), "variables": {"n": 3}, "operationName": "Notes"})
    asked = open_edge.answers.asks[-1]
    assert (asked.text, asked.operation, asked.variables) == (TEXT, "Notes", {"n": 3})


async def test_get_asks_by_digest_and_may_read_alone(open_edge: Edge) -> None:
    await open_edge.post({"query": TEXT, "extensions": extensions()})
    query = urlencode({"extensions": json.dumps(extensions()), "variables": '{"n": 1}'}).encode()
    assert (await open_edge.send("GET", query=query)).status == 200
    asked = open_edge.answers.asks[-1]
    assert (asked.text, asked.variables, asked.read_only) == (TEXT, {"n": 1}, True)


async def test_in_a_batch_each_operation_is_told_by_itself(open_edge: Edge) -> None:
    got = await open_edge.post([{"query": "{ a }"}, {"extensions": extensions()}, {"query": "{ b }"}])
    assert [set(each) for each in got.json] == [{"data"}, {"errors"}, {"data"}]
    assert [ask.text for ask in open_edge.answers.asks] == ["{ a }", "{ b }"]


async def test_a_digest_of_another_text_is_refused_and_nothing_is_remembered(open_edge: Edge) -> None:
    got = await open_edge.post({"query": "{ other }", "extensions": extensions()})
    assert (got.message, open_edge.answers.asks) == ("provided sha does not match query", [])
    assert (await open_edge.post({"extensions": extensions()})).code == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "persisted",
    [
        {"version": 2, "sha256Hash": digest(TEXT)},
        {"sha256Hash": digest(TEXT)},
        {"version": 1},
        {"version": 1, "sha256Hash": "abc"},
        {"version": 1, "sha256Hash": 7},
        [],
        "x",
    ],
)
async def test_what_is_malformed_is_refused(open_edge: Edge, persisted: Any) -> None:
    got = await open_edge.post({"query": TEXT, "extensions": {"persistedQuery": persisted}})
    assert (got.status, got.code, open_edge.answers.asks) == (400, "bad-request", [])


async def test_without_text_and_digest_there_is_no_question(open_edge: Edge) -> None:
    bodies: list[Any] = [{}, {"extensions": {}}, {"extensions": {"persistedQuery": None}}]
    for body in bodies:
        got = await open_edge.post(body)
        assert (got.status, got.message) == (400, "Object missing required field `query`")


async def test_other_extensions_are_ignored(open_edge: Edge) -> None:
    await open_edge.post({"query": TEXT, "extensions": {"tracing": True}})
    assert open_edge.answers.asks == [DocumentAsk(TEXT, None, {})]


# ---------------------------------------------------------------- between roles, and memory


async def test_one_role_does_not_find_what_another_sent(edge: MakeEdge) -> None:
    house = edge(AuthSettings(admin_secret=SECRET))
    as_user = {"x-hasura-admin-secret": SECRET, "x-hasura-role": "user"}
    await house.post({"query": TEXT, "extensions": extensions()}, as_user)
    other = {**as_user, "x-hasura-role": "other"}
    assert (await house.post({"extensions": extensions()}, other)).code == "PERSISTED_QUERY_NOT_FOUND"
    assert (await house.post({"extensions": extensions()}, as_user)).status == 200


async def test_with_no_memory_for_it_clients_are_told_to_stop_trying(edge: MakeEdge) -> None:
    visitors = AuthSettings(admin_secret=SECRET, unauthorized_role="visitor")
    house = edge(visitors, HttpSettings(persisted_query_bytes=0))
    got = await house.post({"extensions": extensions()})
    assert (got.message, got.code) == ("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")
    assert (await house.post({"query": TEXT, "extensions": extensions()})).json == {"data": {"ok": True}}


def sent(text: str) -> DocumentAsk:
    return DocumentAsk(text, None, {}, digest=digest(text))


def by_digest(text: str) -> DocumentAsk:
    return DocumentAsk("", None, {}, digest=digest(text))


def is_known(queries: PersistedQueries, text: str, role: str) -> bool:
    try:
        return queries.completed(by_digest(text), role).text == text
    except Rejected:
        return False


def test_a_flood_of_texts_pushes_out_its_own_alone() -> None:
    queries = PersistedQueries(20_000)
    queries.completed(sent("{ mine }"), "quiet")
    for number in range(2_000):
        queries.completed(sent(f"{{ flood{number} }}"), "loud")
    assert is_known(queries, "{ mine }", "quiet")
    assert is_known(queries, "{ flood1999 }", "loud")
    assert not is_known(queries, "{ flood0 }", "loud")


def test_what_is_used_stays_longest_and_what_is_too_long_is_not_kept() -> None:
    queries = PersistedQueries(10_000)
    queries.completed(sent("{ used }"), "user")
    for number in range(200):
        queries.completed(sent(f"{{ other{number} }}"), "user")
        assert is_known(queries, "{ used }", "user")
    queries.completed(sent("{ é" + "a" * 5_000 + " }"), "user")
    assert not is_known(queries, "{ é" + "a" * 5_000 + " }", "user")
    assert is_known(queries, "{ used }", "user")
