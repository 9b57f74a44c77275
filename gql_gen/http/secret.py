"""HASURA_GRAPHQL_JWT_SECRET: the JSON that says how tokens are checked and where their claims lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from gql_gen.http.claims import ClaimsRule, MappedClaims, NamespaceClaims, PathClaim, parse_json_path
from gql_gen.http.keys import ALGORITHMS, Key, static_key
from gql_gen.http.loopback import is_loopback_host

DEFAULT_NAMESPACE = "https://hasura.io/jwt/claims"
_ROLE_CLAIMS = ("x-hasura-allowed-roles", "x-hasura-default-role")


@dataclass(frozen=True, slots=True)
class TokenLocation:
    """Where in a request the token stands. `header` is in lower case; `cookie` only for the kind of that name."""

    kind: Literal["authorization", "cookie", "header"] = "authorization"
    header: bytes = b"authorization"
    cookie: bytes = b""


@dataclass(frozen=True, slots=True)
class JwkUrl:
    """Keys to be fetched; `algorithms` narrows them when the secret names a type."""

    url: str
    algorithms: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class JwtSecret:
    """One way to check a token. An empty `audience` accepts any; `allowed_skew` is in seconds."""

    keys: Key | JwkUrl
    claims: ClaimsRule
    audience: frozenset[str] = frozenset()
    issuer: str | None = None
    allowed_skew: int = 0
    location: TokenLocation = TokenLocation()


class _Path(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    default: str | list[str] | None = None


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["Authorization", "Cookie", "CustomHeader"]
    name: str | None = None


class _Secret(msgspec.Struct, forbid_unknown_fields=True):
    type: str | None = None
    key: str | None = None
    jwk_url: str | None = None
    audience: str | list[str] | None = None
    issuer: str | None = None
    claims_namespace: str | None = None
    claims_namespace_path: str | None = None
    claims_format: Literal["json", "stringified_json"] = "json"
    claims_map: dict[str, str | list[str] | _Path] | None = None
    allowed_skew: int = 0
    header: _Header | None = None
    signing_key: Any = None  # the auth engine's: it signs, we only check
    kid: Any = None  # the same


def parse_jwt_secret(text: str | bytes) -> JwtSecret:
    """Read one secret. Raises ValueError with a sentence that names what is wrong and shows no key."""
    try:
        return _build(msgspec.json.decode(text, type=_Secret))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the JWT secret is not valid: {error}") from None


def parse_jwt_secrets(text: str | bytes) -> tuple[JwtSecret, ...]:
    """Read one secret, or a JSON array of them. Raises ValueError."""
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the JWT secret is not valid: {error}") from None
    if not isinstance(document, list):
        return (parse_jwt_secret(text),)
    if not document:
        raise ValueError("the list of JWT secrets is empty")
    return tuple(parse_jwt_secret(msgspec.json.encode(each)) for each in document)


def _build(raw: _Secret) -> JwtSecret:
    if raw.allowed_skew < 0:
        raise ValueError("allowed_skew of the JWT secret must not be negative")
    audience = [raw.audience] if isinstance(raw.audience, str) else raw.audience
    if audience == []:
        raise ValueError("audience of the JWT secret is an empty list")
    return JwtSecret(
        keys=_keys(raw),
        claims=_claims(raw),
        audience=frozenset(audience or ()),
        issuer=raw.issuer,
        allowed_skew=raw.allowed_skew,
        location=_location(raw.header),
    )


def _keys(raw: _Secret) -> Key | JwkUrl:
    if raw.type is not None and raw.type not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise ValueError(f"the JWT secret's type {raw.type!r} is not supported: use one of {known}")
    if raw.key is not None and raw.jwk_url is not None:
        raise ValueError("key and jwk_url of the JWT secret cannot both be set")
    if raw.jwk_url is not None:
        algorithms = None if raw.type is None else (ALGORITHMS[raw.type],)
        return JwkUrl(_checked_url(raw.jwk_url), algorithms)
    if raw.key is None:
        raise ValueError("the JWT secret needs a key or a jwk_url")
    if raw.type is None:
        raise ValueError("the JWT secret has a key but no type")
    return static_key(raw.type, raw.key)


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("jwk_url of the JWT secret must not carry a user name or a password")
    is_local = parts.scheme == "http" and is_loopback_host(parts.netloc)
    if not parts.hostname or not (parts.scheme == "https" or is_local):
        raise ValueError("jwk_url of the JWT secret must be an https address (plain http only for this machine)")
    return url


def _location(header: _Header | None) -> TokenLocation:
    if header is None or header.type == "Authorization":
        return TokenLocation()
    if not header.name:
        raise ValueError(f"header of the JWT secret is a {header.type} but has no name")
    if header.type == "Cookie":
        return TokenLocation("cookie", b"cookie", header.name.encode())
    return TokenLocation("header", header.name.lower().encode())


def _claims(raw: _Secret) -> ClaimsRule:
    if raw.claims_map is not None:
        return _mapped(raw.claims_map)
    if raw.claims_namespace is not None and raw.claims_namespace_path is not None:
        raise ValueError("claims_namespace and claims_namespace_path of the JWT secret cannot both be set")
    stringified = raw.claims_format == "stringified_json"
    if raw.claims_namespace_path is not None:
        path = parse_json_path(raw.claims_namespace_path)
        return NamespaceClaims(path, f"claims_namespace_path: '{raw.claims_namespace_path}'", stringified)
    namespace = raw.claims_namespace if raw.claims_namespace is not None else DEFAULT_NAMESPACE
    return NamespaceClaims((namespace,), f"claims key: '{namespace}'", stringified)


def _mapped(entries: dict[str, str | list[str] | _Path]) -> MappedClaims:
    claims = {name.lower(): _claim(name, entry) for name, entry in entries.items()}
    for name in claims:
        if not name.startswith("x-hasura-"):
            raise ValueError(f"claims_map of the JWT secret names {name!r}: session variables begin with x-hasura-")
    for name in _ROLE_CLAIMS:
        if name not in claims:
            raise ValueError(f"claims_map of the JWT secret lacks {name}")
    return MappedClaims(claims)


def _claim(name: str, entry: str | list[str] | _Path) -> PathClaim | str | tuple[str, ...]:
    literal = entry.default if isinstance(entry, _Path) else entry
    wants_list = name.lower() == "x-hasura-allowed-roles"
    if literal is not None and isinstance(literal, list) != wants_list:
        raise ValueError(
            f"claims_map of the JWT secret: {name} must be {'a list of roles' if wants_list else 'a text'}"
        )
    value = tuple(literal) if isinstance(literal, list) else literal
    if isinstance(entry, _Path):
        return PathClaim(parse_json_path(entry.path), value)
    assert value is not None
    return value
