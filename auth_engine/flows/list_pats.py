"""GET /user/pats."""

from __future__ import annotations

from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import current_user


async def list_pats(_: None, visit: Visit, kit: Kit) -> Outcome:
    """The personal access tokens that still sign in, the newest first; never the tokens themselves."""
    user = await current_user(visit, kit)
    return Data(await kit.store.accounts.pats(user.id))
