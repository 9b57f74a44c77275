"""The path of Relay's endpoint: the same transport, and asks that say which schema they are written for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from edge_kit import SECRET, Edge, Got, MakeEdge

from gql_gen.http.types import AuthSettings

RELAY = "/v1beta1/relay"
ADMIN = {"x-hasura-admin-secret": SECRET, "content-type": "application/json"}
GUARD = {"x-usher-dry-run": "true"}


async def post(house: Edge, path: str, body: Any, headers: dict[str, str]) -> Got:
    return await house.send("POST", path, headers, (json.dumps(body).encode(),))


@pytest.mark.parametrize(("path", "dialect"), [(RELAY, "relay"), ("/v1/graphql", "hasura")])
async def test_what_is_asked_at_a_path_is_read_by_its_schema(edge: MakeEdge, path: str, dialect: str) -> None:
    house = edge(AuthSettings(admin_secret=SECRET))
    for body in ({"query": "{ a }"}, [{"query": "{ a }"}, {"query": "{ b }"}]):
        assert (await post(house, path, body, ADMIN | GUARD)).status == 200
    assert (await house.send("GET", path, ADMIN, query=b"query={a}")).status == 200
    asks = house.answers.asks
    assert [ask.dialect for ask in asks] == [dialect] * 4
    assert [ask.guard is not None and ask.guard.dry_run for ask in asks] == [True, True, True, False]


async def test_callers_and_methods_are_as_at_the_other_path(edge: MakeEdge) -> None:
    house = edge(AuthSettings(admin_secret=SECRET))
    got = await post(house, RELAY, {"query": "{ a }"}, {"content-type": "application/json"})
    assert got.code == "access-denied"
    assert (await house.send("PUT", RELAY, ADMIN)).status == 405
