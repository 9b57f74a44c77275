"""POST /token/verify."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.core.types import Done, Outcome, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import current_user


class VerifyToken(Body, frozen=True):
    token: str | None = None


async def verify_token(body: VerifyToken | None, visit: Visit, kit: Kit) -> Outcome:
    """A token in the body is checked for itself, without the database; the header's together with its user."""
    if body is not None and body.token is not None:
        if kit.access.verify(body.token.removeprefix("Bearer ").strip()) is None:
            raise Refused(Code.INVALID_REQUEST, "the token is not valid")
        return Done()
    await current_user(visit, kit)
    return Done()
