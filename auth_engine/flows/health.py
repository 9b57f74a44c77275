"""GET /healthz, /readyz, /version and /.well-known/jwks.json."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Literal

from msgspec import Struct

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.flows.kit import Kit

logger = logging.getLogger(__name__)

_PING_SECONDS: Final = 5.0


class Readiness(Struct, frozen=True):
    """The body of /readyz."""

    status: Literal["ready"]


class Version(Struct, frozen=True):
    """The body of /version."""

    version: str


class Jwk(Struct, frozen=True):
    """A public key (RFC 7517)."""

    alg: str
    kid: str
    use: Literal["sig"]
    kty: str
    n: str = ""
    e: str = ""
    crv: str = ""
    x: str = ""
    y: str = ""


class JwkSet(Struct, frozen=True):
    """The body of /.well-known/jwks.json."""

    keys: list[Jwk]


async def healthz(_: None, visit: Visit, kit: Kit) -> Outcome:
    return Data("OK")


async def bare_healthz(_: None, visit: Visit, kit: Kit) -> Outcome:
    """What Hasura Auth says without AUTH_API_PREFIX, where there is one."""
    return Data({"status": "ok"})


async def readyz(_: None, visit: Visit, kit: Kit) -> Outcome:
    """Looks at the database too."""
    try:
        await asyncio.wait_for(kit.store.ping(), _PING_SECONDS)
    except Exception as error:
        logger.warning("the database does not answer: %s", type(error).__name__)
        raise Refused(Code.UNAVAILABLE) from None
    return Data(Readiness("ready"))


async def get_version(_: None, visit: Visit, kit: Kit) -> Outcome:
    return Data(Version(kit.settings.version or ""))


async def get_jwks(_: None, visit: Visit, kit: Kit) -> Outcome:
    """RFC 7517; no keys where tokens are signed with a shared one."""
    return Data({"keys": kit.access.jwks})
