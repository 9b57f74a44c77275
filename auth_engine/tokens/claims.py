"""Custom claims: paths over the user's GraphQL data. Auth contract §3.

One query fetches what all claims need. A claim is text: a list becomes the text of a Postgres array, so that rules can
compare with `_in`, and everything else JSON.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from auth_engine.core.errors import BadSetting
from auth_engine.core.jsonpath import MISSING, BadPath, Path, parse_path, pick, selection
from auth_engine.core.ports import ClaimsSource
from auth_engine.core.types import User
from auth_engine.tokens.access import STANDARD

logger = logging.getLogger(__name__)

PREFIX: Final = "x-hasura-"
LONGEST_SECONDS: Final = 10.0
"""A sign-in does not wait longer than this for claims."""
MOST_BYTES: Final = 8 * 1024
"""Of all claims together: what is much longer than that, no server takes as a header."""
NO_SOURCE: Final = (
    "AUTH_JWT_CUSTOM_CLAIMS is set, but there is nowhere to read claims from: set HASURA_GRAPHQL_GRAPHQL_URL, or serve "
    "both together with `usher serve --auth`. Tokens are made without custom claims"
)


class CustomClaims:
    """Reads AUTH_JWT_CUSTOM_CLAIMS for a user. Nothing is asked when no claim is set.

    Raises BadSetting for a path that cannot be read, naming the claim.
    """

    def __init__(self, paths: Mapping[str, str], defaults: Mapping[str, Any], source: ClaimsSource | None) -> None:
        self._paths = {name: _path(name, text) for name, text in paths.items() if claim_name(name) not in STANDARD}
        self._defaults = defaults
        self._source = source
        self._selection = selection(self._paths.values())
        for name in sorted(paths.keys() - self._paths.keys()):
            logger.warning("AUTH_JWT_CUSTOM_CLAIMS: %s is a claim of the token itself and is left out", name)
        if self._paths and source is None:
            logger.warning(NO_SOURCE)

    @property
    def fields(self) -> str:
        """What is asked of the user."""
        return self._selection

    async def of(self, user: User) -> Mapping[str, str]:
        """The claims by name, encoded; empty when the source fails, which is logged."""
        if not self._paths or self._source is None:
            return {}
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                found = await self._source.read(user.id, self._selection)
        except Exception as error:
            logger.error("a token is made without custom claims, which could not be read: %s", _shown(error))
            return {}
        if found is None:
            logger.error("a token is made without custom claims: GraphQL knows no user %s", user.id)
            return {}
        claims = {_written(name): encoded(self._value(name, path, found)) for name, path in self._paths.items()}
        if sum(len(value.encode()) for value in claims.values()) > MOST_BYTES:
            logger.error("a token is made without custom claims: those of user %s are too long for a header", user.id)
            return {}
        return claims

    def _value(self, name: str, path: Path, user: Mapping[str, Any]) -> Any:
        value = pick(user, path)
        return self._defaults.get(name) if value is MISSING or value is None else value


def _path(name: str, text: str) -> Path:
    try:
        return parse_path(text)
    except BadPath as fault:
        raise BadSetting(f"AUTH_JWT_CUSTOM_CLAIMS: the path of {name} cannot be read: {fault}") from None


def _written(name: str) -> str:
    """The name in the token: with the prefix in lower case, or as it stands when it has the prefix already."""
    return name if name.lower().startswith(PREFIX) else PREFIX + name.lower()


def claim_name(name: str) -> str:
    """The name by which two claims are told apart: session variables have no case."""
    return _written(name).lower()


def encoded(value: Any) -> str:
    """A claim's value as text: text as it is, a list as a Postgres array, the rest as JSON (`null` among it)."""
    match value:
        case str():
            return value
        case list() | tuple():
            return _array(value)
        case _:
            return msgspec.json.encode(value).decode()


def _array(items: Sequence[Any]) -> str:
    return "{" + ",".join(_element(item) for item in items) + "}"


def _element(item: Any) -> str:
    if not isinstance(item, str):
        return msgspec.json.encode(item).decode()
    # JSON's \n would be an n to Postgres, so only what both read alike is escaped.
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _shown(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
