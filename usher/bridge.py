"""Where the two engines meet: the auth engine reads custom claims through the GraphQL engine, in this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gql_gen.engine.answer import Engine

ROOTS: Final = ("user", "users_by_pk", "usersByPk")
"""What the field that finds a user by id is called in the three namings."""


class EngineClaims:
    """The auth engine's source of custom claims. Opened before the engine that it reads from, hence `join`."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._roots: tuple[str, ...] = ROOTS

    def join(self, engine: Engine) -> None:
        self._engine = engine

    async def read(self, user_id: str, fields: str) -> Mapping[str, Any] | None:
        """The user's fields, read as admin. Raises ClaimsUnreadable."""
        from auth_engine.tokens.graphql_claims import ClaimsUnreadable, user_in

        for root in self._roots:
            body = await self._ask(root, user_id, fields)
            try:
                user = user_in(body, root)
            except ClaimsUnreadable as error:
                if str(error).startswith(f"field '{root}' not found in type") and root != self._roots[-1]:
                    continue  # another naming; permissions.yaml may change it at any time
                raise
            if root != self._roots[0]:
                self._roots = (root, *(other for other in ROOTS if other != root))
            return user
        return None

    async def _ask(self, root: str, user_id: str, fields: str) -> bytes:
        from auth_engine.tokens.graphql_claims import ClaimsUnreadable, claims_query
        from gql_gen.ask import DocumentAsk
        from gql_gen.session import ADMIN, Caller

        if self._engine is None:
            raise ClaimsUnreadable("the GraphQL engine is not there yet")
        ask = DocumentAsk(claims_query(root, fields), None, {"id": user_id})
        return (await self._engine.answer(ask, Caller(ADMIN, {"x-hasura-role": ADMIN}))).body
