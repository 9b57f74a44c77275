"""Elevation: proving oneself again before something that matters. Auth contract §2 and §10."""

from __future__ import annotations

from auth_engine.core.types import Visit
from auth_engine.flows.kit import Kit


async def ensure_elevated(visit: Visit, kit: Kit, path: str) -> None:
    """Raises Refused when AUTH_REQUIRE_ELEVATED_CLAIM asks for elevation and the token has none."""
