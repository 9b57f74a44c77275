"""Whether a password is known to the world: haveibeenpwned's list of ranges, which learns the first five characters of
its SHA-1 and nothing else."""

from __future__ import annotations

import hashlib
import logging
from typing import Final

from auth_engine.net.outside import Outside, Unreachable

logger = logging.getLogger(__name__)

SECONDS: Final = 3.0
_PREFIX_CHARACTERS: Final = 5
_PADDED: Final = {"Add-Padding": "true"}
"""Every answer as long as any other, so that whoever counts its bytes learns nothing."""


class Pwned:
    """Off unless AUTH_PASSWORD_HIBP_ENABLED."""

    def __init__(self, enabled: bool, url: str, outside: Outside) -> None:
        self._enabled = enabled
        self._url = url
        self._outside = outside

    async def knows(self, password: str) -> bool:
        """False too, with a line in the log, when the service cannot be reached."""
        if not self._enabled:
            return False
        digest = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper()
        known = await self._range(digest[:_PREFIX_CHARACTERS])
        return known.get(digest[_PREFIX_CHARACTERS:], 0) > 0

    async def _range(self, prefix: str) -> dict[str, int]:
        """What is known of hashes that begin so: the rest of each, and how often it was seen (padding: never)."""
        try:
            reply = await self._outside.ask(
                "GET", f"{self._url}/range/{prefix}", trusted=True, headers=_PADDED, seconds=SECONDS
            )
        except Unreachable as error:
            logger.warning("passwords are not checked against known ones: the service is out of reach (%s)", error)
            return {}
        if reply.status != 200:
            logger.warning("passwords are not checked against known ones: the service answered %d", reply.status)
            return {}
        return dict(_entry(line) for line in reply.body.decode("ascii", "replace").splitlines())


def _entry(line: str) -> tuple[str, int]:
    suffix, _, count = line.strip().partition(":")
    return suffix.upper(), int(count) if count.isascii() and count.isdigit() else 0
