"""Servers for client tools to ask, and folders for what the tools generate."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clients.tools import HERE, NoTools, ensure_installed
from front.commands import Serving

SECRET = "a-secret-of-the-tests"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")

Serve = Callable[[str, str], str]
"""The address of a database and the text of its rules → the address of a server."""


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """Every test here needs them."""
    try:
        ensure_installed()
    except NoTools as missing:
        pytest.skip(str(missing))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """`usher serve`, stopped at the end."""
    started: list[Serving] = []

    def begin(database_url: str, rules: str) -> str:
        folder = tmp_path / f"server{len(started)}"
        folder.mkdir()
        permissions = folder / "permissions.yaml"
        permissions.write_text(rules)
        options = ("serve", "--database-url", database_url, "--permissions", permissions, "--port", "0", "--strict")
        started.append(Serving(folder, options, {"HASURA_GRAPHQL_ADMIN_SECRET": SECRET}))
        found = ADDRESS.search(started[-1].wait_for("Serving on"))
        assert found is not None
        return found[0]

    yield begin
    for serving in started:
        serving.stop()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the clients' sources, to generate into."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("package.json", "codegen.ts", "tsconfig.json", "ask.ts"):
        shutil.copy(HERE / name, folder)
    shutil.copytree(HERE / "apps", folder / "apps")
    return folder
