"""Our OpenAPI file: current, and different from Hasura Auth's contract only where it is said here.

`contract/hasura_auth.json` holds the contract's facts, a line for each route: the fields of its body and answer with
their limits, query arguments, statuses of success.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from auth_engine.http.openapi import openapi

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "auth" / "openapi.json"
CONTRACT: Mapping[str, Any] = json.loads((Path(__file__).parent / "contract" / "hasura_auth.json").read_text())
OURS = openapi()


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = OURS["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def fields(schema: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of a schema by its path, with what the contract's facts hold of it."""
    schema = resolved(schema)
    for name, each in schema.get("properties", {}).items():
        whole = resolved(each)
        kept = {
            key: whole[key] for key in ("type", "minLength", "maxLength", "pattern", "enum", "format") if key in whole
        }
        if name in schema.get("required", ()):
            kept["required"] = True
        yield prefix + name, kept
        if depth < 3:
            yield from fields(whole, f"{prefix}{name}.", depth + 1)


def operation(route: str) -> Mapping[str, Any] | None:
    method, path = route.split(" ")
    found: Mapping[str, Any] | None = OURS["paths"].get(path, {}).get(method.lower())
    return found


def body_of(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    content = found.get("requestBody", {}).get("content", {})
    return dict(fields(next(iter(content.values()))["schema"])) if content else {}


# What differs in bodies, on purpose: (field, fact) → why. A field stands for itself in every route.
DIFFERENCES: Mapping[tuple[str, str], str] = {
    ("password", "maxLength"): "pass phrases of up to 1,024 characters",
    ("newPassword", "maxLength"): "pass phrases of up to 1,024 characters",
    ("email", "maxLength"): "254 characters, as RFC 5321 has it",
    ("email", "pattern"): "what format: email means is written out: the constraint of auth.email",
    ("newEmail", "maxLength"): "254 characters, as RFC 5321 has it",
    ("newEmail", "pattern"): "what format: email means is written out: the constraint of auth.email",
    ("displayName", "maxLength"): "32 characters on every route, for anonymous visitors too",
    ("displayName", "pattern"): "checked as the contract says; its classes of characters are not in every language",
    ("displayName", "minLength"): "what the contract's pattern says too",
    ("refreshToken", "maxLength"): "512 characters around the UUID are enough",
    ("personalAccessToken", "maxLength"): "512 characters around the UUID are enough",
}
# Facts that say the same in other words.
SAME: Mapping[str, str] = {"format": "an address's pattern is written out; other formats are notes"}


def differences(route: str) -> Iterator[str]:
    ours = operation(route)
    if ours is None:
        yield f"{route} is not there"
        return
    theirs, mine = CONTRACT[route].get("body", {}), body_of(ours)
    for name in sorted(theirs.keys() | mine.keys()):
        if name not in mine or name not in theirs:
            yield f"{route}: {name} is only {'theirs' if name in theirs else 'ours'}"
            continue
        for fact in sorted(theirs[name].keys() | mine[name].keys()):
            same = theirs[name].get(fact) == mine[name].get(fact)
            if not same and fact not in SAME and (name.rpartition(".")[2], fact) not in DIFFERENCES:
                yield f"{route}: {name} {fact}: {theirs[name].get(fact)!r} there, {mine[name].get(fact)!r} here"


def test_the_file_is_current() -> None:
    """`python -m auth_engine.http.openapi > docs/auth/openapi.json` writes it."""
    assert PAGE.read_text(encoding="utf-8") == json.dumps(OURS, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("route", sorted(CONTRACT))
def test_a_route_of_the_contract_is_there_as_it_says(route: str) -> None:
    assert not list(differences(route))


def answer_of(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    content = found["responses"].get("200", {}).get("content", {})
    return dict(fields(content["application/json"]["schema"])) if "application/json" in content else {}


@pytest.mark.parametrize(
    "route", sorted(route for route in CONTRACT if isinstance(CONTRACT[route].get("answer"), dict))
)
def test_an_answer_has_every_field_of_the_contract(route: str) -> None:
    """More may stand in ours; what is always there in theirs is always there in ours."""
    found = operation(route)
    assert found is not None
    theirs, mine = CONTRACT[route]["answer"], answer_of(found)
    assert [name for name in theirs if name not in mine] == []
    assert [name for name, facts in theirs.items() if facts.get("required") and not mine[name].get("required")] == []
