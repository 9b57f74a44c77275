"""GraphQL Code Generator and the TypeScript compiler on each role's endpoint, in each naming."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from clients.conftest import SECRET, Serve
from clients.tools import HERE, run_tool

NAMINGS = ("nhost", "hasura", "graphql-default")


def endpoints(address: str, naming: str) -> dict[str, object]:
    """The apps of one naming, one for each role, and where each asks."""
    return {
        f"{naming}/{folder.name}": {"url": f"{address}/v1/graphql", "headers": headers(folder.name)}
        for folder in (HERE / "apps" / naming).iterdir()
    }


def headers(role: str) -> dict[str, str]:
    return {"X-Hasura-Admin-Secret": SECRET, "X-Hasura-Role": role, "X-Hasura-User-Id": "1"}


def test_typed_documents_compile_in_every_naming(project: Path, serve: Serve, database: Callable[[str], str]) -> None:
    """Each app marks with @ts-expect-error what must not compile, so that a type which allows too much fails too."""
    rules = (HERE / "shop.yaml").read_text()
    apps: dict[str, object] = {}
    for naming in NAMINGS:
        address = serve(database("shop"), rules.replace("naming: nhost", f"naming: {naming}"))
        apps |= endpoints(address, naming)
    generated = run_tool("graphql-codegen", folder=project, ENDPOINTS=json.dumps(apps))
    assert generated.code == 0, generated.said
    compiled = run_tool("tsc", "--project", ".", folder=project)
    assert compiled.code == 0, compiled.said


def test_a_name_that_the_role_does_not_have_is_refused(
    project: Path, serve: Serve, database: Callable[[str], str]
) -> None:
    address = serve(database("shop"), (HERE / "shop.yaml").read_text())
    app = project / "apps/nhost/writer/app.ts"
    app.write_text(
        app.read_text().replace("name born", "name passwordHash").replace("$changes:", "$by: Strin, $changes:")
    )
    only = {name: each for name, each in endpoints(address, "nhost").items() if name == "nhost/writer"}
    refused = run_tool("graphql-codegen", folder=project, ENDPOINTS=json.dumps(only))
    assert refused.code == 1
    assert 'Cannot query field "passwordHash" on type "author".' in refused.said
    assert 'Unknown type "Strin".' in refused.said
