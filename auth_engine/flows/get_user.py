"""GET /user."""

from __future__ import annotations

from auth_engine.core.shapes import user_shape
from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import current_user


async def get_user(_: None, visit: Visit, kit: Kit) -> Outcome:
    """The user of the token, as they are now."""
    return Data(user_shape(await current_user(visit, kit), in_session=False))
