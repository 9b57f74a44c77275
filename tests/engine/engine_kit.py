"""Rules for the shop, and short ways to ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gql_gen.ask import DocumentAsk
from gql_gen.engine.answer import Engine
from gql_gen.session import Caller

RULES = """
version: 1
naming: hasura
roles: { user: {} }
tables:
  author:
    hide: [password_hash]
    permissions:
      user:
        select: { columns: [id, name, born], filter: { id: { _eq: X-Hasura-User-Id } } }
  article:
    permissions:
      user:
        select: { columns: [id, title, author_id], filter: { state: { _eq: published } }, allow_aggregations: true }
"""


async def ask(
    engine: Engine,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    role: str = "admin",
    session: Mapping[str, str] | None = None,
) -> Any:
    """The whole answer, decoded."""
    reply = await engine.answer(DocumentAsk(query, None, variables or {}), Caller(role, session or {}))
    return msgspec.json.decode(reply.body)


def code(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["code"])
