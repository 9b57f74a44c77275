"""The requests of a workload, written to a file that either load generator reads: a token and a body a line."""

from __future__ import annotations

import itertools
import secrets
import time
from pathlib import Path
from typing import Final

import jwt

from bench.workloads import ROLE, SESSION, USERS, Workload

PATH: Final = "/v1/graphql"
TOKEN_SECONDS: Final = 24 * 60 * 60
_CLAIMS: Final = "https://hasura.io/jwt/claims"


def new_key() -> str:
    return secrets.token_urlsafe(48)


def tokens(key: str) -> list[str]:
    """A token for each of the users 1, 2, 3 …"""
    expires = int(time.time()) + TOKEN_SECONDS
    return [jwt.encode(_payload(user, expires), key, algorithm="HS256") for user in range(1, USERS + 1)]


def _payload(user: int, expires: int) -> dict[str, object]:
    claims = {
        "x-hasura-allowed-roles": [ROLE],
        "x-hasura-default-role": ROLE,
        **{each.name: str(each.value(user)) for each in SESSION},
    }
    return {"sub": str(user), "exp": expires, _CLAIMS: claims}


def write_requests(workload: Workload, signed: list[str], folder: Path) -> Path:
    """One file a workload; its first line is what a right answer begins with."""
    lines = [f"{token}\t{body}" for token, body in zip(itertools.cycle(signed), workload.bodies(), strict=False)]
    path = folder / f"{workload.key}.requests"
    path.write_text("\n".join([workload.begins, *lines, ""]))
    return path
