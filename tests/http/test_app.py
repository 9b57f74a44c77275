"""Paths, health pages and the life cycle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from edge_kit import SECRET, MakeEdge, RecordingAnswers

from gql_gen.http.types import AuthSettings
from gql_gen.rules.types import Fault, Mark

FAULT = Fault(Mark("permissions.yaml", 3, 5), "there is no column naem", "did you mean name?")
NOT_FOUND = {"path": "$", "error": "resource does not exist", "code": "not-found"}


async def test_both_names_of_the_graphql_path_are_served(edge: MakeEdge) -> None:
    house = edge(AuthSettings(admin_secret=SECRET, unauthorized_role="visitor"))
    for path in ("/v1/graphql", "/v1alpha1/graphql"):
        assert (await house.send("GET", path, query=b"query={a}")).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/v1/graphql/",
        "//v1/graphql",
        "/v1//graphql",
        "/V1/graphql",
        "/v1/../v1/graphql",
        "/v1/version",
        "/metrics",
    ],
)
async def test_other_paths_do_not_exist(edge: MakeEdge, path: str) -> None:
    got = await edge().send("GET", path)
    assert (got.status, got.json) == (404, NOT_FOUND)


async def test_an_escaped_path_is_another_path(edge: MakeEdge) -> None:
    house = edge()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {**house.scope("GET", "/v1/graphql", {}), "raw_path": b"/v1%2Fgraphql"}
    await house.app(scope, None, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 404


async def test_healthz_says_ok_and_nothing_else(edge: MakeEdge) -> None:
    got = await edge().send("GET", "/healthz")
    assert (got.status, got.body, sorted(got.headers)) == (200, b"OK", ["content-length", "content-type"])
    assert (await edge().send("POST", "/healthz")).status == 405


async def test_readyz_tells_details_to_an_admin_only(edge: MakeEdge) -> None:
    house = edge(answers=RecordingAnswers(faults=(FAULT,)))
    anonymous = await house.send("GET", "/readyz")
    assert (anonymous.status, anonymous.json) == (200, {"status": "ready", "database": True, "faults": 1})
    admin = await house.send("GET", "/readyz", {"x-hasura-admin-secret": SECRET})
    assert admin.json["details"] == [str(FAULT)]


async def test_readyz_fails_without_a_database(edge: MakeEdge) -> None:
    got = await edge(answers=RecordingAnswers(reachable=False)).send("GET", "/readyz")
    assert (got.status, got.json["status"]) == (503, "unavailable")


async def test_mounts_and_routes_are_found_by_their_names(edge: MakeEdge) -> None:
    seen: list[tuple[str, str]] = []

    async def page(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope.get("root_path", ""), scope["path"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    house = edge(mounts={"/console": page}, routes={"/extra": page})
    statuses = [
        (await house.send("GET", p)).status for p in ("/console", "/console/a.js", "/extra", "/consoles", "/extra/x")
    ]
    assert statuses == [200, 200, 200, 404, 404]
    assert seen == [("/console", "/console"), ("/console", "/console/a.js"), ("", "/extra")]


async def _live(app: Any) -> list[str]:
    received = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> Any:
        return next(received)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    return sent


async def test_hooks_run_at_start_and_at_the_end(edge: MakeEdge) -> None:
    calls: list[str] = []

    async def up() -> None:
        calls.append("up")

    async def down() -> None:
        calls.append("down")

    for auth in (AuthSettings(), AuthSettings(admin_secret=SECRET)):
        assert await _live(edge(auth, on_startup=[up], on_shutdown=[down]).app) == [
            "lifespan.startup.complete",
            "lifespan.shutdown.complete",
        ]
    assert calls == ["up", "down"] * 2


async def test_a_failing_start_is_told_to_the_server(edge: MakeEdge) -> None:
    async def up() -> None:
        raise RuntimeError("no")

    assert await _live(edge(on_startup=[up]).app) == ["lifespan.startup.failed"]


def test_the_edge_reads_no_environment() -> None:
    sources = Path(__file__).parents[2].joinpath("gql_gen/http").glob("*.py")
    assert not [source.name for source in sources if "environ" in source.read_text()]
