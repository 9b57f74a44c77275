"""Custom claims from HASURA_GRAPHQL_GRAPHQL_URL: one query over HTTP, with the admin secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from auth_engine.net.outside import Outside

SECONDS: Final = 8.0


class ClaimsUnreadable(Exception):
    """GraphQL answered with something else than a user. The message holds nothing of the user's."""


class GraphQLClaims:
    """A ClaimsSource that asks a GraphQL server."""

    def __init__(self, url: str, admin_secret: str | None, outside: Outside) -> None:
        self._url = url
        self._headers = {} if admin_secret is None else {"X-Hasura-Admin-Secret": admin_secret}
        self._outside = outside

    async def read(self, user_id: str, fields: str) -> Mapping[str, Any] | None:
        """Raises ClaimsUnreadable, or what asking raises."""
        reply = await self._outside.ask(
            "POST",
            self._url,
            trusted=True,
            headers=self._headers,
            json={"query": claims_query("user", fields), "variables": {"id": user_id}},
            seconds=SECONDS,
        )
        if reply.status != 200:
            raise ClaimsUnreadable(f"status {reply.status}")
        return user_in(reply.body, "user")


def claims_query(root: str, fields: str) -> str:
    """The query for a user's claims; `root` is the name of the field that finds a user by id."""
    return f"query GetClaims($id: uuid!) {{ {root}(id: $id) {{ {fields} }} }}"


def user_in(body: bytes, root: str) -> Mapping[str, Any] | None:
    """The user of an answer to `claims_query`. Raises ClaimsUnreadable with the first error's message."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise ClaimsUnreadable("the answer is not JSON") from None
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or answer.get("errors"):
        raise ClaimsUnreadable(_first_message(answer))
    user = data.get(root)
    return user if isinstance(user, dict) else None


def _first_message(answer: Any) -> str:
    match answer:
        case {"errors": [{"message": str(message)}, *_]}:
            return message
    return "the answer holds no data"
