"""Codes of six digits: whether a guess is right."""

from __future__ import annotations

from typing import Final

from auth_engine.core.types import UserId
from auth_engine.flows.kit import Kit
from auth_engine.store.codes import Attempt

NOBODY: Final = "00000000-0000-0000-0000-000000000000"
"""Looked up in place of a user who does not exist, so that both cost the same statements."""
_NO_CODE: Final = "otp:" + "0" * 64
_BCRYPT_PREFIX: Final = "$2"


async def is_right(kit: Kit, attempt: Attempt | None, user_id: UserId, code: str) -> bool:
    """Whether the guess is the current code and comes within AUTH_RATE_LIMIT_CODE_TRIES. The same is computed where
    there is no code at all."""
    stored = _NO_CODE if attempt is None else attempt.stored
    if stored.startswith(_BCRYPT_PREFIX):
        matches = await kit.passwords.matches(code, stored)
    else:
        matches = kit.tickets.code_matches(stored, user_id, code)
    return matches and attempt is not None and attempt.number <= kit.settings.code_tries
