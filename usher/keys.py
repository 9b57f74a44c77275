"""The secrets of a data folder, made once, and tickets signed with them."""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from usher.failures import StartRefused
from usher.settings import Settings

KEYS_FILE: Final = "keys.json"
CLAIMS: Final = "https://hasura.io/jwt/claims"
TICKET_SECONDS: Final = 12 * 60 * 60
SHARED_KEY_ALGORITHMS: Final = frozenset({"HS256", "HS384", "HS512"})


@dataclass(frozen=True, slots=True)
class Keys:
    admin_secret: str = field(repr=False)
    jwt_key: str = field(repr=False)

    @property
    def jwt_secret(self) -> str:
        """As HASURA_GRAPHQL_JWT_SECRET spells it."""
        return json.dumps({"type": "HS256", "key": self.jwt_key})


def keys_of(data_dir: Path) -> Keys:
    """The folder's keys, made at the first call. Only the file's owner can read them."""
    path = data_dir / KEYS_FILE
    try:
        stored = json.loads(path.read_text())
        return Keys(admin_secret=stored["admin_secret"], jwt_key=stored["jwt_key"])
    except FileNotFoundError:
        return _make_keys(path)
    except (OSError, ValueError, KeyError, TypeError):
        raise StartRefused(f"{path} cannot be read: remove it, and new secrets are made") from None


def _make_keys(path: Path) -> Keys:
    keys = Keys(admin_secret=secrets.token_urlsafe(24), jwt_key=secrets.token_urlsafe(48))
    # Written aside and renamed: an interrupted start leaves no half file.
    making = path.with_suffix(".making")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"admin_secret": keys.admin_secret, "jwt_key": keys.jwt_key}, file, indent=2)
    making.rename(path)
    return keys


def with_keys(settings: Settings, keys: Keys) -> Settings:
    """The settings, with the folder's secrets where the environment names none."""
    return replace(
        settings,
        admin_secret=settings.admin_secret or keys.admin_secret,
        jwt_secret=settings.jwt_secret or keys.jwt_secret,
    )


def sign_ticket(settings: Settings, user_id: str, roles: tuple[str, ...]) -> str | None:
    """A JWT for a user whose default role is the first. None when the key in use can only check tickets."""
    secret = _shared_key(settings.jwt_secret)
    if secret is None:
        return None
    import jwt

    now = int(time.time())
    claims = {"x-hasura-user-id": user_id, "x-hasura-default-role": roles[0], "x-hasura-allowed-roles": list(roles)}
    body = {"sub": user_id, "iat": now, "exp": now + TICKET_SECONDS, CLAIMS: claims}
    return jwt.encode(body, secret["key"], algorithm=secret["type"])


def _shared_key(jwt_secret: str | None) -> dict[str, Any] | None:
    try:
        secret = json.loads(jwt_secret or "null")
    except ValueError:
        return None
    plain = isinstance(secret, dict) and set(secret) == {"type", "key"} and secret["type"] in SHARED_KEY_ALGORITHMS
    return secret if plain else None
