"""Allow lists: where one is in force, nothing else can be asked."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from engine_kit import ask

from gql_gen.dialects.canonical import canonical
from gql_gen.dialects.document import Limits, read_operation
from gql_gen.engine.answer import Engine
from gql_gen.http import build_app
from gql_gen.http.types import AuthSettings
from gql_gen.rules.load import parse_rules

OpenEngine = Callable[..., Awaitable[Engine]]
TABLES = """
version: 1
naming: hasura
roles: { reader: {}, editor: {} }
tables:
  author:
    permissions:
      reader: { select: { columns: [id, name], filter: {} } }
      editor: { select: { columns: [id, name], filter: {} }, delete: { filter: { id: { _lt: 0 } } } }
"""
LISTED = (
    TABLES
    + """
query_collections:
  shown:
    authors: |
      # All of them.
      query Authors { author { id ...Name } }
      fragment Name on author { name }
    first: "query First { author(limit: 1) { id } }"
    count: "query Count($n: Int!) { author(limit: $n) { id __typename } }"
  edited:
    tidy: "mutation { delete_author(where: {id: {_eq: -1}}) { affected_rows } }"
allow_list:
  shown: "*"
  edited: [editor]
"""
)
NOT_ALLOWED = [
    {"message": "query is not allowed", "extensions": {"path": "$", "code": "validation-failed"}},
]


def form(text: str) -> str:
    return canonical(read_operation(text, None, Limits()))


# ---------------------------------------------------------------- what makes no difference


@pytest.mark.parametrize(
    "other",
    [
        "query A($n: Int) { a(n: $n) { id ...F } } fragment F on t { name ...G } fragment G on t { z }",
        "fragment G on t { z }\nfragment F on t { name,, ...G } query A($n:Int){a(n:$n){id ...F}} # as ever",
        "query A($n: Int) { a(n: $n) { __typename id ...F } } fragment F on t { name x: __typename ...G } "
        "fragment G on t { z __typename }",
        "query A($n: Int) { a(n: $n) { id ...F } } fragment F on t { name ...G } fragment G on t { z } "
        "fragment H on t { unused }",
    ],
)
def test_layout_order_of_fragments_and_typename_make_no_difference(other: str) -> None:
    first = "query A($n: Int) { a(n: $n) { id ...F } } fragment F on t { name ...G } fragment G on t { z }"
    assert form(other) == form(first)


@pytest.mark.parametrize(
    "other",
    [
        "query A { a { name id } }",
        "query A { a { id } }",
        "query A { a { id name secret } }",
        "query A { a { id name: secret } }",
        "query A { b: a { id name } }",
        "query A { a(limit: 1) { id name } }",
        "query B { a { id name } }",
        "mutation A { a { id name } }",
        "query A @cached { a { id name } }",
        "query A { a { id name @skip(if: true) } }",
        "query A($x: Int) { a { id name } }",
        "query A { a { id ... { name } } }",
        "query A { a { __typename } }",
    ],
)
def test_everything_else_does(other: str) -> None:
    assert form(other) != form("query A { a { id name } }")


def test_a_fragment_of_the_same_name_with_another_content_is_another_operation() -> None:
    listed = "query { a { ...F } } fragment F on t { id }"
    assert form(listed) != form("query { a { ...F } } fragment F on t { id secret }")


def test_typename_alone_is_a_question_of_its_own() -> None:
    assert form("{ a { __typename } }") != form("{ a }")


# ---------------------------------------------------------------- what is allowed


@pytest.fixture
def url(database: Callable[[str], str]) -> str:
    return database("shop")


async def test_listed_operations_are_answered_however_they_are_laid_out(open_engine: OpenEngine, url: str) -> None:
    engine = await open_engine(url, LISTED)
    text = "fragment Name on author { __typename name } query Authors{author{__typename,id,...Name}}"
    assert (await ask(engine, text, role="reader"))["data"]["author"][0]["__typename"] == "author"
    assert "data" in await ask(engine, "query Count($n: Int!) { author(limit: $n) { id } }", {"n": 1}, role="reader")


@pytest.mark.parametrize(
    "text",
    [
        "{ author { id } }",
        "query Authors { author { id ...Name } } fragment Name on author { name id }",
        "query Authors { author { id ...Name } more: author { id } } fragment Name on author { name }",
        "{ __schema { types { name } } }",
        "{ nonsense }",
        "mutation { delete_author(where: {id: {_eq: -1}}) { affected_rows } }",
    ],
)
async def test_what_is_not_listed_is_refused_alike(open_engine: OpenEngine, url: str, text: str) -> None:
    engine = await open_engine(url, LISTED)
    assert [await ask(engine, text, role="reader") for _ in range(2)] == [{"errors": NOT_ALLOWED}] * 2


async def test_a_collection_may_be_for_some_roles_alone_and_admin_asks_anything(
    open_engine: OpenEngine, url: str
) -> None:
    engine = await open_engine(url, LISTED)
    text = "mutation { delete_author(where: {id: {_eq: -1}}) { affected_rows } }"
    assert await ask(engine, text, role="editor") == {"data": {"delete_author": {"affected_rows": 0}}}
    assert "data" in await ask(engine, "query First { author(limit: 1) { id } }", role="editor")
    assert "data" in await ask(engine, "{ author { id name born } }")


async def test_a_listed_query_beyond_the_limits_is_told_at_the_start(open_engine: OpenEngine, url: str) -> None:
    engine = await open_engine(url, LISTED, max_tokens=15)
    faults = [str(fault) for fault in engine.faults]
    assert [fault.partition(": ")[2] for fault in faults] == [
        f'the query "{name}" cannot be asked: the query has more than 15 tokens'
        for name in ("authors", "count", "tidy")
    ]
    assert "data" in await ask(engine, "query First { author(limit: 1) { id } }", role="reader")


@pytest.mark.parametrize(
    ("rules", "setting", "is_answered"),
    [
        (LISTED, None, False),
        (LISTED, True, False),
        (LISTED, False, True),
        (TABLES, None, True),
        (TABLES, True, False),
        (TABLES, False, True),
    ],
)
async def test_a_list_is_in_force_where_there_is_one_unless_the_setting_says_otherwise(
    open_engine: OpenEngine, url: str, rules: str, setting: bool | None, is_answered: bool
) -> None:
    engine = await open_engine(url, rules, allow_list=setting)
    answer: dict[str, Any] = await ask(engine, "{ author { id } }", role="reader")
    assert ("data" in answer) is is_answered


async def test_a_reload_brings_the_new_list(open_engine: OpenEngine, url: str) -> None:
    engine = await open_engine(url, LISTED)
    listed = "query First { author(limit: 1) { id } }"
    assert "data" in await ask(engine, listed, role="reader")
    await engine.reload(parse_rules(LISTED.replace("First", "Other"), "permissions.yaml"))
    assert await ask(engine, listed, role="reader") == {"errors": NOT_ALLOWED}


async def test_a_digest_is_no_way_around_the_list(open_engine: OpenEngine, url: str) -> None:
    engine = await open_engine(url, LISTED)
    app = build_app(engine, AuthSettings(admin_secret="secret", unauthorized_role="reader"))
    listed, hidden = "query First { author(limit: 1) { id } }", "{ author { id name } }"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:

        async def send(text: str, **body: str) -> Any:
            digest = hashlib.sha256(text.encode()).hexdigest()
            extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
            return (await client.post("/v1/graphql", json={"extensions": extensions, **body})).json()

        assert "data" in await send(listed, query=listed)
        assert "data" in await send(listed)
        assert await send(hidden, query=hidden) == {"errors": NOT_ALLOWED}
        assert await send(hidden) == {"errors": NOT_ALLOWED}
