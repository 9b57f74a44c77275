"""From a token's payload to roles and session variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from gql_gen.errors import Unauthorized

JsonPath: TypeAlias = tuple[str | int, ...]

ALLOWED_ROLES: Final = "x-hasura-allowed-roles"
DEFAULT_ROLE: Final = "x-hasura-default-role"
PREFIX: Final = "x-hasura-"

_INVALID = "jwt-invalid-claims"
_ROLES_MISSING = "jwt-missing-role-claims"
_STEP = re.compile(r"""\.(?P<name>[^.\[\]'"\s]+)|\[(?P<index>\d{1,9})\]|\[(?P<quote>['"])(?P<key>.*?)(?P=quote)\]""")
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class NamespaceClaims:
    """All claims lie in one object of the payload. `shown` names the place in error messages."""

    path: JsonPath
    shown: str
    stringified: bool = False


@dataclass(frozen=True, slots=True)
class PathClaim:
    path: JsonPath
    default: str | tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class MappedClaims:
    """Every claim is picked from the payload one by one, or is a literal."""

    claims: Mapping[str, PathClaim | str | tuple[str, ...]]


ClaimsRule: TypeAlias = NamespaceClaims | MappedClaims


@dataclass(frozen=True, slots=True)
class Grants:
    """What a checked token gives: the roles it may take, and its session variables in lower case."""

    allowed_roles: frozenset[str]
    default_role: str
    variables: Mapping[str, str]


def parse_json_path(text: str) -> JsonPath:
    """Read `$.a.b`, `$.a[0]` or `$['a.b']`. Raises ValueError."""
    if not text.startswith("$"):
        raise ValueError(f"the JSON path {text!r} must begin with $")
    steps: list[str | int] = []
    position = 1
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise ValueError(f"the JSON path {text!r} cannot be read at character {position + 1}")
        position = match.end()
        index = match["index"]
        steps.append(int(index) if index is not None else match["name"] or match["key"])
    return tuple(steps)


def read_grants(payload: Mapping[str, Any], rule: ClaimsRule) -> Grants:
    """Pick the claims out of a payload whose signature was checked. Raises Unauthorized."""
    match rule:
        case NamespaceClaims():
            claims = _namespace(payload, rule)
        case MappedClaims():
            claims = {name: _mapped(payload, name, claim) for name, claim in rule.claims.items()}
    others = {name: value for name, value in claims.items() if name not in (ALLOWED_ROLES, DEFAULT_ROLE)}
    return Grants(
        allowed_roles=_allowed_roles(claims),
        default_role=_default_role(claims),
        # A claim of null is a missing variable: as the text "null" it could equal a stored value.
        variables={name: session_text(value) for name, value in others.items() if value is not None},
    )


def session_text(value: Any) -> str:
    """A claim as session variables carry it: text as is, lists as Postgres array literals, the rest as JSON."""
    if isinstance(value, str):
        return value
    return _array(value) if isinstance(value, list | tuple) else _json(value)


def _array(items: list[Any] | tuple[Any, ...]) -> str:
    return "{" + ",".join(map(_element, items)) + "}"


def _element(item: Any) -> str:
    match item:
        case None:
            return "NULL"
        case list() | tuple():
            return _array(item)
        case bool() | int() | float():
            return _json(item)
        case _:
            text = item if isinstance(item, str) else _json(item)
            escaped = text.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _pick(value: Any, path: JsonPath) -> Any:
    for step in path:
        match value:
            case dict() if isinstance(step, str) and step in value:
                value = value[step]
            case list() if isinstance(step, int) and step < len(value):
                value = value[step]
            case _:
                return _MISSING
    return value


def _namespace(payload: Mapping[str, Any], rule: NamespaceClaims) -> dict[str, Any]:
    found = _pick(payload, rule.path)
    if found is _MISSING:
        at = "" if rule.shown.startswith("claims key") else "claims not found at "
        raise Unauthorized(f"{at}{rule.shown}{'' if at else ' not found'}", code=_INVALID)
    if rule.stringified:
        found = _destringified(found)
    if not isinstance(found, dict):
        raise Unauthorized("expecting a json object when claims_format is json", code=_INVALID)
    return {name.lower(): value for name, value in found.items() if name.lower().startswith(PREFIX)}


def _destringified(found: Any) -> Any:
    if not isinstance(found, str):
        raise Unauthorized("expecting a string when claims_format is stringified_json", code=_INVALID)
    try:
        return msgspec.json.decode(found)
    except (msgspec.DecodeError, RecursionError):
        raise Unauthorized("expecting stringified json in the claims", code=_INVALID) from None


def _mapped(payload: Mapping[str, Any], name: str, claim: PathClaim | str | tuple[str, ...]) -> Any:
    if not isinstance(claim, PathClaim):
        return claim
    found = _pick(payload, claim.path)
    if found is not _MISSING:
        return found
    if claim.default is not None:
        return claim.default
    if name in (ALLOWED_ROLES, DEFAULT_ROLE):
        raise Unauthorized(f"JWT claim does not contain {name}", code=_ROLES_MISSING)
    raise Unauthorized(f"JWT claim from claims_map, {name} not found", code=_INVALID)


def _allowed_roles(claims: Mapping[str, Any]) -> frozenset[str]:
    roles = claims.get(ALLOWED_ROLES, _MISSING)
    if roles is _MISSING:
        raise Unauthorized(f"JWT claim does not contain {ALLOWED_ROLES}", code=_ROLES_MISSING)
    if not isinstance(roles, list | tuple) or not all(isinstance(role, str) and role for role in roles):
        raise Unauthorized(f"invalid {ALLOWED_ROLES}; should be a list of roles", code=_INVALID)
    return frozenset(roles)


def _default_role(claims: Mapping[str, Any]) -> str:
    role = claims.get(DEFAULT_ROLE, _MISSING)
    if role is _MISSING:
        raise Unauthorized(f"JWT claim does not contain {DEFAULT_ROLE}", code=_ROLES_MISSING)
    if not isinstance(role, str) or not role:
        raise Unauthorized(f"invalid {DEFAULT_ROLE}; should be a single role name", code=_INVALID)
    return role
