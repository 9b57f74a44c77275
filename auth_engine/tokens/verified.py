"""Access tokens whose signature was found good a while ago: checking one anew costs more than the rest of a request."""

from __future__ import annotations

from typing import Final

from auth_engine.core.types import Claims

_MOST: Final = 4_096
_MOST_CHARACTERS: Final = 4_096
"""Of a token that is kept: longer ones are checked each time."""


class VerifiedTokens:
    """What the last tokens said, by their whole text: bounded, the oldest go first. Holds as long as the keys stay."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._claims: dict[str, Claims] = {}

    def get(self, token: str, now: float) -> Claims | None:
        """None for an unknown token, and for one that has ended, which is forgotten."""
        claims = self._claims.get(token)
        if claims is not None and claims.expires_at <= now:
            del self._claims[token]
            return None
        return claims

    def put(self, token: str, claims: Claims) -> None:
        if len(token) > _MOST_CHARACTERS:
            return
        if len(self._claims) >= self._most:
            del self._claims[next(iter(self._claims))]
        self._claims[token] = claims
