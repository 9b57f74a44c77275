"""docs/codegen.md, done as it says, on the example application."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from clients.conftest import SECRET, Serve
from clients.tools import run_tool
from docs.pages import DOCS, ROOT, blocks_of
from front.commands import run_usher

from usher.postgres import EmbeddedPostgres

BLOCKS = blocks_of(DOCS / "codegen.md")
SAID = [block.text for block in BLOCKS if block.language == "text"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every file of the page where it says."""
    for block in BLOCKS:
        if "file" in block.notes:
            path = tmp_path / "page" / block.notes["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
    return tmp_path / "page"


def test_types_are_made_and_a_slip_is_told(folder: Path, serve: Serve, postgres: EmbeddedPostgres) -> None:
    postgres.create_database("codegen_page")
    postgres.apply("codegen_page", ROOT / "schema.sql")
    address = serve(postgres.url("codegen_page"), (ROOT / "permissions.yaml").read_text())
    generated = run_tool("graphql-codegen", folder=folder, USHER_URL=address, HASURA_GRAPHQL_ADMIN_SECRET=SECRET)
    assert generated.code == 0, generated.said
    assert run_tool("tsc", folder=folder).said == SAID[0]


def test_a_schema_from_a_file_tells_what_the_role_may_not_see(folder: Path) -> None:
    (folder / "generated").mkdir()
    shutil.copy(ROOT / "generated/user.graphql", folder / "generated")
    tasks = folder / "source/tasks.ts"
    tasks.write_text(tasks.read_text().replace("assignee { name }", "assignee { inviteEmail }"))
    refused = run_tool("graphql-codegen", "--config", "offline.ts", folder=folder)
    assert refused.code == 1
    assert SAID[1].strip() in refused.said


def test_relay_compiles_and_writes_the_query_of_the_next_page(folder: Path) -> None:
    made = run_usher("generate", "--relay", "--out", folder / "schemas")
    assert made.code == 0, made.error
    compiled = run_tool("relay-compiler", "relay.config.json", folder=folder)
    assert compiled.code == 0, compiled.said
    assert "node(id: $id)" in (folder / "relay/__generated__/TaskListPageQuery.graphql.ts").read_text()
    options = (folder / "tsconfig.json").read_text()
    (folder / "tsconfig.json").write_text(options.replace('["source"]', '["relay"]'))
    assert run_tool("tsc", folder=folder).said == ""
