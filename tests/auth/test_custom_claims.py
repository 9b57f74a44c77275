"""Custom claims: what a path asks for, what it picks, how that is written into the token, and what may go wrong."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from auth_kit import ADMIN_SECRET, JWT_KEY, AuthServer

from auth_engine.core.errors import BadSetting
from auth_engine.core.jsonpath import MISSING, BadPath, parse_path, pick, selection
from auth_engine.tokens.claims import CustomClaims, encoded

Serve = Callable[..., Awaitable[AuthServer]]

NAMESPACE = "https://hasura.io/jwt/claims"
USER: dict[str, Any] = {
    "m": {
        "k": "v",
        "n": None,
        "l": ["a", "b", "c"],
        "one": ["a"],
        "none": [],
        "lm": [{"id": 1}, {"id": 2}, {"id": 3}],
        "d": [{"id": 1, "v": "a", "n": 5}, {"id": 2, "v": "b", "n": 7}, {"id": 3, "v": "a"}],
        "deep": [{"project": {"id": 1}}, {"project": None}, {"project": {"id": 3}}],
    },
    "metadata": {"m1": 1, "odd key": {"x": True}, "tags": ["x", "y"]},
    "apps": [{"config": {"theme": "dark"}}, {"config": {}}],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("m", USER["m"]),
        ("m.k", "v"),
        ("m.n", None),
        ("m.l[2]", "c"),
        ("m.l[-1]", "c"),
        ("m.l[3]", MISSING),
        ("m.l[]", ["a", "b", "c"]),
        ("m.l[*]", ["a", "b", "c"]),
        ("m.one[]", ["a"]),
        ("m.none[]", []),
        ("m.none[].x[]", []),
        ("m.lm[].id", [1, 2, 3]),
        ("m.lm[*].id", [1, 2, 3]),
        ("m.lm.id[]", [1, 2, 3]),
        ("m.lm[0].id", 1),
        ("m.d[?(@.v == 'a')].id", [1, 3]),
        ("m.d[?(@.v=='nobody')].id", []),
        ('m.d[?(@.v != "a")].id', [2]),
        ("m.d[?(@.n >= 5)].id", [1, 2]),
        ("m.d[?(@.n < 6)].id", [1]),
        ("m.d[?(@.n > 'a')].id", []),
        ("m.d[?(@.n)].id", [1, 2]),
        ("m.deep[].project.id", [1, 3]),
        ("m.deep[?(@.project.id == 3)].project.id", [3]),
        ("m.k[].x", MISSING),
        ("m.n[].x", MISSING),
        ("nobody.knows", MISSING),
        ("metadata.m1", 1),
        ("metadata['odd key'].x", True),
        ("metadata.tags[]", ["x", "y"]),
        ("apps[].config['theme']", ["dark"]),
    ],
)
def test_a_path_picks(path: str, value: Any) -> None:
    found = pick(USER, parse_path(path))
    assert found is value if value is MISSING else found == value


def test_one_selection_holds_what_all_paths_need() -> None:
    paths = ["m.k", "m.lm[].id", "m.d[?(@.v == 'a')].id", "metadata.a.b", "metadata", "locale", "apps[].config['a'].b"]
    asked = "apps { config } locale m { d { id v } k lm { id } } metadata"
    assert selection(map(parse_path, paths)) == asked


@pytest.mark.parametrize(
    "path",
    ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[?(x)]", "a[?(@.b == c)]", "[0].a", "a-b", "a b", "{a}", "a.__x)"],
)
def test_a_path_that_cannot_be_read_names_its_claim(path: str) -> None:
    with pytest.raises(BadPath):
        parse_path(path)
    with pytest.raises(BadSetting, match=r"^AUTH_JWT_CUSTOM_CLAIMS: the path of organisation cannot be read"):
        CustomClaims({"organisation": path}, {}, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        (7, "7"),
        (True, "true"),
        (None, "null"),
        ({"a": [1]}, '{"a":[1]}'),
        (["a", "b"], '{"a","b"}'),
        ([], "{}"),
        ([1, None, True], "{1,null,true}"),
        (['say "no"', "back\\slash", "two\nlines"], '{"say \\"no\\"","back\\\\slash","two\nlines"}'),
    ],
)
def test_a_value_is_written_as_text(value: Any, text: str) -> None:
    assert encoded(value) == text


# ---------------------------------------------------------------- in tokens


@dataclass(slots=True)
class GraphQL:
    """A GraphQL server of this machine that answers what it is told to, and keeps what it was asked."""

    url: str = ""
    answer: bytes = b"{}"
    status: int = 200
    asked: list[tuple[Mapping[str, str], Any]] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[GraphQL]:
        made = cls()
        server = await asyncio.start_server(made._serve, "127.0.0.1", 0)
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/graphql"
        async with server:
            yield made

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
        self.asked.append((headers, json.loads(await reader.readexactly(int(headers["content-length"])))))
        head_of_answer = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(self.answer)}\r\nConnection: close\r\n\r\n"
        writer.write(head_of_answer.encode() + self.answer)
        await writer.drain()
        writer.close()

    def tells(self, user: Any) -> None:
        self.answer = json.dumps({"data": {"user": user}}).encode()


CLAIMS = {
    "org": "profile.org.id",
    "Projects": "profile.projects[].id",
    "tier": "metadata.tier",
    "x-Hasura-Kept": "metadata.kept",
    "user-ID": "metadata.kept",
    "X-HASURA-Allowed-Roles": "metadata.kept",
    "absent": "metadata.absent",
    "spare": "metadata.spare",
}
FOUND = {
    "profile": {"org": {"id": 7}, "projects": [{"id": "a"}, {"id": "b"}]},
    "metadata": {"kept": "yes", "tier": None},
}


def claims_of(token: str) -> dict[str, Any]:
    decoded = jwt.decode(token, JWT_KEY, algorithms=["HS256"], options={"verify_iat": False})
    claims: dict[str, Any] = decoded[NAMESPACE]
    return claims


async def with_claims(serve: Serve, graphql: GraphQL, **settings: str) -> AuthServer:
    return await serve(
        HASURA_GRAPHQL_GRAPHQL_URL=graphql.url,
        AUTH_JWT_CUSTOM_CLAIMS=json.dumps(CLAIMS),
        AUTH_JWT_CUSTOM_CLAIMS_DEFAULTS=json.dumps({"spare": ["x"], "tier": "free"}),
        **settings,
    )


async def test_claims_are_read_by_one_query_and_again_at_every_refresh(serve: Serve) -> None:
    async with GraphQL.open() as graphql:
        server = await with_claims(serve, graphql)
        graphql.tells(FOUND)
        session = await server.sign_up()
        claims = claims_of(session["accessToken"])
        assert {name: claims[name] for name in claims if name not in STANDARD} == {
            "x-hasura-org": "7",
            "x-hasura-projects": '{"a","b"}',
            "x-hasura-tier": "free",
            "x-Hasura-Kept": "yes",
            "x-hasura-absent": "null",
            "x-hasura-spare": '{"x"}',
        }
        assert (claims["x-hasura-user-id"], set(claims["x-hasura-allowed-roles"])) == (
            session["user"]["id"],
            {"user", "me"},
        )
        ((headers, asked),) = graphql.asked
        assert headers["x-hasura-admin-secret"] == ADMIN_SECRET
        assert asked == {
            "query": "query GetClaims($id: uuid!) "
            "{ user(id: $id) { metadata profile { org { id } projects { id } } } }",
            "variables": {"id": session["user"]["id"]},
        }
        graphql.tells({**FOUND, "metadata": {"tier": "gold"}})
        renewed = (await server.post("/token", {"refreshToken": session["refreshToken"]})).json()
        assert claims_of(renewed["accessToken"])["x-hasura-tier"] == "gold"
        assert len(graphql.asked) == 2


STANDARD = {"x-hasura-user-id", "x-hasura-default-role", "x-hasura-allowed-roles", "x-hasura-user-is-anonymous"}


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (500, b"oops", "status 500"),
        (200, b"not json", "not JSON"),
        (200, b'{"errors": [{"message": "field not found"}]}', "field not found"),
        (200, b'{"data": {"user": null}}', "GraphQL knows no user"),
        (200, b"[]", "no data"),
        (200, json.dumps({"data": {"user": {"metadata": {"kept": "x" * 9000}}}}).encode(), "too long for a header"),
    ],
)
async def test_a_source_that_fails_is_logged_and_costs_only_the_claims(
    serve: Serve, caplog: pytest.LogCaptureFixture, status: int, answer: bytes, said: str
) -> None:
    async with GraphQL.open() as graphql:
        server = await with_claims(serve, graphql)
        graphql.status, graphql.answer = status, answer
        with caplog.at_level(logging.ERROR, "auth_engine"):
            session = await server.sign_up()
        assert set(claims_of(session["accessToken"])) == STANDARD
        assert said in caplog.text
        assert ADMIN_SECRET not in caplog.text


async def test_a_source_that_is_not_there_costs_only_the_claims(serve: Serve) -> None:
    server = await serve(
        HASURA_GRAPHQL_GRAPHQL_URL="http://127.0.0.1:9/v1/graphql", AUTH_JWT_CUSTOM_CLAIMS='{"org": "profile.org"}'
    )
    assert set(claims_of((await server.sign_up())["accessToken"])) == STANDARD


async def test_claims_without_a_source_are_a_warning_at_the_start(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "auth_engine"):
        server = await serve(AUTH_JWT_CUSTOM_CLAIMS='{"org": "profile.org"}')
    assert "nowhere to read claims from" in caplog.text
    assert set(claims_of((await server.sign_up())["accessToken"])) == STANDARD


async def test_a_bad_path_stops_the_start(serve: Serve) -> None:
    with pytest.raises(BadSetting, match="the path of org cannot be read"):
        await serve(AUTH_JWT_CUSTOM_CLAIMS='{"org": "profile.[x"}')
