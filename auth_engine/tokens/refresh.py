"""Refresh tokens and personal access tokens: text, hash and successor of each. Auth contract §3, §10."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Final

from auth_engine.core.fields import UUID_PATTERN
from auth_engine.tokens.seals import Seals

_UUID: Final = re.compile(UUID_PATTERN)


def new_token() -> str:
    return str(uuid.uuid4())


def find_token(text: str) -> str:
    """The UUID anywhere in the text, as Hasura Auth takes it; the text itself when there is none."""
    match = _UUID.search(text)
    return text if match is None else match[0]


def token_hash(token: str) -> str:
    """As auth.refresh_tokens stores it: a backslash, an x, the SHA-256 in hexadecimal."""
    return "\\x" + hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def successors(seals: Seals, session_id: str, token: str) -> tuple[str, ...]:
    """What follows the token in its session: the first is what a rotation writes now, the others what it would have
    written under older keys. The same question has the same answer, so a lost answer can be given again although
    nothing readable is stored."""
    return tuple(
        str(uuid.UUID(bytes=digest[:16], version=4)) for digest in seals.digests("refresh-successor", session_id, token)
    )
