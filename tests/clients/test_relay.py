"""The Relay compiler on a role's Relay schema: connections, refetchable fragments, mutations; its queries, asked."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from clients.conftest import SECRET, Serve
from clients.tools import HERE, run_tool
from front.commands import ROOT, run_usher
from graphql import build_client_schema, build_schema, get_introspection_query, print_schema
from graphql.utilities import lexicographic_sort_schema

WRITER = {"X-Hasura-Admin-Secret": SECRET, "X-Hasura-Role": "writer", "X-Hasura-User-Id": "1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sources, and beside them the schema as `usher generate --relay` writes it for a writer."""
    relay = tmp_path / "project/relay"
    shutil.copytree(HERE / "relay", relay)
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(HERE / name, relay.parent)
    rules = relay / "permissions.yaml"
    rules.write_text((HERE / "shop.yaml").read_text().replace("naming: nhost", "naming: hasura"))
    schema, out = ROOT / "tests/schemas/shop.sql", relay / "generated"
    made = run_usher("generate", "--relay", "--schema", schema, "--permissions", rules, "--out", out)
    assert made.code == 0, made.error
    shutil.copy(out / "writer.graphql", relay / "schema.graphql")
    return relay


def test_documents_compile_and_so_do_their_types(folder: Path) -> None:
    """What must not compile is marked with @ts-expect-error, so that a type which allows too much fails too."""
    compiled = run_tool("relay-compiler", "relay.config.json", folder=folder)
    assert compiled.code == 0, compiled.said
    checked = run_tool("tsc", "--project", ".", folder=folder)
    assert checked.code == 0, checked.said

    source = folder / "source/ArticleList.ts"
    source.write_text(source.read_text().replace("rating\n", "password_hash\n"))
    refused = run_tool("relay-compiler", "relay.config.json", folder=folder)
    assert refused.code == 1
    assert "The type `article` has no field `password_hash`." in refused.said


def test_the_queries_that_relay_writes_are_answered(folder: Path, serve: Serve, database: Callable[[str], str]) -> None:
    """A list, its next page, and one of its rows again by its global id."""
    assert run_tool("relay-compiler", "relay.config.json", folder=folder).code == 0
    endpoint = f"{serve(database('shop'), (folder / 'permissions.yaml').read_text())}/v1beta1/relay"

    def ask(query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        answer = httpx.post(endpoint, json=body, headers=WRITER, timeout=20).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def written(name: str) -> str:
        """The query's text, as an artifact holds it."""
        artifact = (folder / f"source/__generated__/{name}.graphql.ts").read_text()
        found = re.search(r'^ *"text": (".*")$', artifact, re.MULTILINE)
        assert found is not None
        text: str = json.loads(found[1])
        return text

    told = build_client_schema(ask(get_introspection_query()))
    held = build_schema((folder / "schema.graphql").read_text())
    assert print_schema(lexicographic_sort_schema(told)) == print_schema(lexicographic_sort_schema(held))

    listed = ask(written("ArticleListQuery"), where={"author": {"name": {"_eq": "Ada Lindqvist"}}})[
        "article_connection"
    ]
    assert [edge["node"]["title"] for edge in listed["edges"]] == ["Gears", "Looms", "Steam"]
    first = listed["edges"][0]
    after = ask(written("ArticleListPageQuery"), count=1, cursor=first["cursor"])["article_connection"]
    assert [edge["node"]["title"] for edge in after["edges"]] == ["Ink"]
    assert after["pageInfo"]["hasNextPage"] is True
    again = ask(written("ArticleCardRefetchQuery"), id=first["node"]["id"], last=1)["node"]
    assert (again["rating"], again["author"]["name"]) == (4.5, "Ada Lindqvist")
    assert [edge["node"]["body"] for edge in again["comments_connection"]["edges"]] == ["Thank you."]
