"""What a new password has to be."""

from __future__ import annotations

from auth_engine.core.errors import Code, Refused
from auth_engine.core.rules import ensure_long_enough
from auth_engine.flows.kit import Kit


async def ensure_good_password(password: str, kit: Kit) -> None:
    """Long enough, and not one that everybody knows (where that is checked). Raises Refused."""
    ensure_long_enough(password, kit.settings)
    if await kit.pwned.knows(password):
        raise Refused(Code.PASSWORD_IN_HIBP)
