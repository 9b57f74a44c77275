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


LONG = "bounded, where the contract is not"
BASE64 = "what base64url is made of is written out"
ADDRESS = "what `format: email` means is written out: the constraint of auth.email, 254 characters"
PHRASES = "pass phrases of up to 1,024 characters"
DIFFERENCES: Mapping[tuple[str, str], str] = {
    ("password", "maxLength"): PHRASES,
    ("newPassword", "maxLength"): PHRASES,
    ("email", "maxLength"): ADDRESS,
    ("email", "pattern"): ADDRESS,
    ("newEmail", "maxLength"): ADDRESS,
    ("newEmail", "pattern"): ADDRESS,
    ("displayName", "pattern"): "checked as the contract says; its classes of characters are not in every language",
    ("displayName", "minLength"): "what the contract's pattern says too",
    ("refreshToken", "maxLength"): LONG,
    ("personalAccessToken", "maxLength"): LONG,
    ("idToken", "maxLength"): LONG,
    ("nonce", "maxLength"): LONG,
    ("otp", "maxLength"): LONG,
    ("code", "maxLength"): LONG,
    ("ticket", "maxLength"): LONG,
    ("ticket", "pattern"): "the same pattern, a colon not escaped",
    ("phoneNumber", "maxLength"): LONG,
    ("phoneNumber", "minLength"): "a number has at least one character",
    ("displayName", "maxLength"): "the limit of display names, for anonymous users too",
    ("nickname", "maxLength"): LONG,
    ("rawId", "pattern"): BASE64,
    ("authenticatorData", "pattern"): BASE64,
    ("clientDataJSON", "pattern"): BASE64,
    ("signature", "pattern"): BASE64,
    ("attestationObject", "pattern"): BASE64,
    ("publicKey", "pattern"): BASE64,
}
"""What differs in bodies on purpose: (field, fact) → why. A field stands for itself in every route."""
FIELDS: Mapping[str, str] = {
    "credential.clientExtensionResults.appid": "any outputs of extensions pass, and none is looked at",
    "credential.clientExtensionResults.credProps": "any outputs of extensions pass, and none is looked at",
    "credential.clientExtensionResults.hmacCreateSecret": "any outputs of extensions pass, and none is looked at",
    "id_token": "fields of a provider's form that are not looked at are dropped, whatever they are",
    "iss": "RFC 9207: a provider that says who it is must be the one that was asked",
}
"""Fields of a body that only one side has: name → why."""
# Facts that say the same in other words.
SAME: Mapping[str, str] = {"format": "an address's pattern is written out; other formats are notes"}


def sortable(fact: Any) -> Any:
    return sorted(fact) if isinstance(fact, list) else fact


def differences(route: str) -> Iterator[str]:
    ours = operation(route)
    if ours is None:
        yield f"{route} is not there"
        return
    theirs, mine = CONTRACT[route].get("body", {}), body_of(ours)
    for name in sorted(theirs.keys() | mine.keys()):
        if name not in mine or name not in theirs:
            if name not in FIELDS:
                yield f"{route}: {name} is only {'theirs' if name in theirs else 'ours'}"
            continue
        for fact in sorted(theirs[name].keys() | mine[name].keys()):
            same = sortable(theirs[name].get(fact)) == sortable(mine[name].get(fact))
            if not same and fact not in SAME and (name.rpartition(".")[2], fact) not in DIFFERENCES:
                yield f"{route}: {name} {fact}: {theirs[name].get(fact)!r} there, {mine[name].get(fact)!r} here"


def test_the_file_is_current() -> None:
    """`python -m auth_engine.http.openapi > docs/auth/openapi.json` writes it."""
    assert PAGE.read_text(encoding="utf-8") == json.dumps(OURS, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("route", sorted(CONTRACT))
def test_a_route_of_the_contract_is_there_as_it_says(route: str) -> None:
    assert not list(differences(route))


NEVER_SENT = frozenset({"extensions", "hints", "attestationFormats", "authenticatorSelection.authenticatorAttachment"})
"""Optional fields of WebAuthn options that Hasura Auth's settings cannot ask for, nor ours."""


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
    assert {name for name in theirs if name not in mine} <= NEVER_SENT
    assert [name for name, facts in theirs.items() if facts.get("required") and not mine[name].get("required")] == []
