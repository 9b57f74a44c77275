"""`usher up` and `usher serve` from their start to their end, asked over HTTP."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from front.commands import ROOT, Serving, run_usher

Start = Callable[..., Serving]

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
ROLEBASE = """query($userId: uuid!) { user(id: $userId) {
  id displayName email emailVerified avatarUrl locale metadata newEmail lastSeen members { id org { name } }
} }"""
USER = "00000000-0000-4000-8000-000000000017"


def ask(address: str, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"query": query, "variables": variables}
    return httpx.post(f"{address}/v1/graphql", json=body, headers=named, timeout=20).json()


def paste(line: str) -> Any:
    """The answer to a printed curl, asked without a shell and without curl."""
    parts = shlex.split(line)
    headers = dict(parts[place + 1].split(": ", 1) for place, part in enumerate(parts) if part == "-H")
    return httpx.post(parts[2], headers=headers, content=parts[parts.index("-d") + 1], timeout=20).json()


def curls(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("curl ")]


def test_up_greets_serves_stops_and_finds_its_data_again(start: Start, data_dir: Path) -> None:
    first = start("up", "--port", 0, "--data-dir", data_dir)
    as_user, as_admin = curls(first.wait_for("Ctrl-C stops it."))
    expected = {"displayName": "Ada Lindqvist", "email": "ada.lindqvist@example.com"}
    assert paste(as_user)["data"]["user"].items() >= expected.items()
    assert paste(as_admin)["data"]["user"].items() >= expected.items()

    second = run_usher("up", "--port", 0, "--data-dir", data_dir)
    assert (second.code, "in use by another usher" in second.error) == (1, True)

    assert first.stop(signal.SIGINT) == 0
    assert "Stopped." in first.said
    assert not (data_dir / "postgres" / "postmaster.pid").exists()

    again = start("up", "--port", 0, "--data-dir", data_dir)
    assert paste(curls(again.wait_for("Ctrl-C stops it."))[1]) == paste(as_admin.replace(*addresses(first, again)))
    assert "Applying" not in again.said
    assert again.stop(signal.SIGTERM) == 0
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


def addresses(old: Serving, new: Serving) -> tuple[str, str]:
    return ADDRESS.findall(old.said)[0], ADDRESS.findall(new.said)[0]


def test_up_says_when_the_schema_has_changed_and_keeps_the_data(start: Start, tmp_path: Path, data_dir: Path) -> None:
    schema = tmp_path / "schema.sql"
    schema.write_text((ROOT / "schema.sql").read_text())
    options = ("up", "--port", 0, "--data-dir", data_dir, "--schema", schema)
    first = start(*options)
    first.wait_for("Ctrl-C stops it.")
    first.stop()
    schema.write_text(schema.read_text() + "\ncreate table public.later (id int);\n")
    said = start(*options).wait_for("Ctrl-C stops it.")
    assert f"{schema} is not what" in said
    assert "Applying" not in said


async def test_serve_answers_the_rolebase_query_as_its_user(start: Start, example: str) -> None:
    serving = start("serve", "--port", 0, "--database-url", example, HASURA_GRAPHQL_ADMIN_SECRET="hush")
    (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
    answer = ask(
        address,
        ROLEBASE,
        {"userId": USER},
        X_Hasura_Admin_Secret="hush",
        X_Hasura_Role="user",
        X_Hasura_User_Id=USER,
    )
    user = answer["data"]["user"]
    assert user["displayName"] == "Qing Zhao"
    assert [member["org"]["name"] for member in user["members"]] == ["Northwind Cooperative", "Lantern Studio"]


def test_two_workers_serve_and_a_killed_one_is_replaced(start: Start, example: str) -> None:
    serving = start("serve", "--port", 0, "--workers", 2, "--database-url", example)
    (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
    wait_until(lambda: len(children(serving)) >= 2)
    assert ask(address, "{ orgs_aggregate: orgs { name } }")["data"]
    subprocess.run(["kill", "-KILL", str(children(serving)[-1])], check=True)
    serving.wait_for("replaced")
    wait_until(lambda: len(children(serving)) >= 2)
    assert ask(address, "{ orgs { name } }")["data"]
    serving.stop(signal.SIGTERM)
    with pytest.raises(httpx.ConnectError):
        ask(address, "{ orgs { name } }")


def children(serving: Serving) -> list[int]:
    pid = serving.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until(claim: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_edit_of_the_rules_is_taken_up_and_a_broken_one_is_not(start: Start, example: str, tmp_path: Path) -> None:
    rules = tmp_path / "permissions.yaml"
    rules.write_text("version: 1\nroles: { user: {} }\ntables: {}\n")
    serving = start("serve", "--port", 0, "--database-url", example, "--permissions", rules)
    (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
    asked = "{ orgs(limit: 1) { name } }"
    assert "errors" in ask(address, asked)

    better = "version: 1\ntables:\n  public.org: {}\n"
    replacement = tmp_path / "new.yaml"
    replacement.write_text(better)
    replacement.rename(rules)  # as editors save
    serving.wait_for("permissions reloaded")
    assert "errors" not in ask(address, asked)

    rules.write_text(better + "nonsense: 1\nmore: 2\n")
    said = serving.wait_for("the last good rules stay")
    assert f"{rules}:4:1" in said
    assert f"{rules}:5:1" in said
    assert "errors" not in ask(address, asked)


def test_the_readmes_first_query_and_rule_hold(start: Start, example: str, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    query = re.search(r"and ask:\n\n(.*?)\n\nNow", readme, re.DOTALL)
    assert query is not None
    rules = tmp_path / "permissions.yaml"
    text = (ROOT / "permissions.yaml").read_text()
    rules.write_text(text)
    serving = start(
        *("serve", "--port", 0, "--database-url", example, "--permissions", rules), HASURA_GRAPHQL_ADMIN_SECRET="hush"
    )
    (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
    user = {
        "X_Hasura_Admin_Secret": "hush",
        "X_Hasura_Role": "user",
        "X_Hasura_User_Id": "00000000-0000-4000-8000-000000000001",
    }
    assert len(ask(address, query[1], X_Hasura_Admin_Secret="hush")["data"]["orgs"]) == 4
    assert "members_aggregate" in json.dumps(ask(address, query[1], **user)["errors"])
    rules.write_text(
        text.replace("          limit: 500\n", "          limit: 500\n          allow_aggregations: true\n")
    )
    serving.wait_for("permissions reloaded")
    assert len(ask(address, query[1], **user)["data"]["orgs"]) == 3
