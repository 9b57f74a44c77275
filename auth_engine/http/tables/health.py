"""Whether we are alive, what we are, and the keys of our signatures."""

from __future__ import annotations

from typing import Final

from auth_engine.core.errors import Code
from auth_engine.flows.health import (
    JwkSet,
    Readiness,
    Version,
    bare_healthz,
    get_jwks,
    get_version,
    healthz,
    readyz,
)
from auth_engine.http.route import Answer, Route

ROUTES: Final = (
    Route(
        method="GET", path="/healthz", flow=healthz, summary="Whether the process is alive", answer=Answer.DATA,
        shape=str, unlimited=True, without_prefix=True, bare_flow=bare_healthz,
    ),
    Route(
        method="HEAD", path="/healthz", flow=healthz, summary="The same, without a body", answer=Answer.DATA,
        shape=str, unlimited=True, without_prefix=True, bare_flow=bare_healthz,
    ),
    Route(
        method="GET", path="/readyz", flow=readyz, summary="Whether the database answers", answer=Answer.DATA,
        shape=Readiness, unlimited=True, without_prefix=True, raises=(Code.UNAVAILABLE,),
    ),
    Route(method="GET", path="/version", flow=get_version, summary="The version", answer=Answer.DATA, shape=Version),
    Route(
        method="GET", path="/.well-known/jwks.json", flow=get_jwks, summary="Public keys of access tokens",
        answer=Answer.DATA, shape=JwkSet,
    ),
)  # fmt: skip
