"""GET /healthz, /readyz, /version and /.well-known/jwks.json."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.flows.kit import Kit

logger = logging.getLogger(__name__)

_PING_SECONDS: Final = 5.0


async def healthz(_: None, visit: Visit, kit: Kit) -> Outcome:
    return Data("OK")


async def readyz(_: None, visit: Visit, kit: Kit) -> Outcome:
    """Looks at the database too."""
    try:
        await asyncio.wait_for(kit.store.ping(), _PING_SECONDS)
    except Exception as error:
        logger.warning("the database does not answer: %s", type(error).__name__)
        return Data({"status": "unavailable"}, 503)
    return Data({"status": "ready"})


async def get_version(_: None, visit: Visit, kit: Kit) -> Outcome:
    return Data({"version": kit.settings.version or ""})


async def get_jwks(_: None, visit: Visit, kit: Kit) -> Outcome:
    """RFC 7517; no keys where tokens are signed with a shared one."""
    return Data({"keys": kit.access.jwks})
