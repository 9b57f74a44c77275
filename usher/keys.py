"""The secrets of a data folder, made once, and tickets signed with them."""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from usher.failures import StartRefused
from usher.settings import Settings

KEYS_FILE: Final = "keys.json"
CLAIMS: Final = "https://hasura.io/jwt/claims"
ISSUER: Final = "hasura-auth"
"""As the auth engine signs, which takes no other's."""
TICKET_SECONDS: Final = 12 * 60 * 60
SHARED_KEY_ALGORITHMS: Final = frozenset({"HS256", "HS384", "HS512"})


@dataclass(frozen=True, slots=True)
class Keys:
    admin_secret: str = field(repr=False)
    jwt_key: str = field(repr=False)
    encryption_key: str = field(repr=False)
    """As AUTH_ENCRYPTION_KEYS spells it."""

    @property
    def jwt_secret(self) -> str:
        """As HASURA_GRAPHQL_JWT_SECRET spells it."""
        return json.dumps({"type": "HS256", "key": self.jwt_key})


def keys_of(data_dir: Path) -> Keys:
    """The folder's keys, made at the first call. Only the file's owner can read them."""
    path = data_dir / KEYS_FILE
    try:
        stored = json.loads(path.read_text())
        keys = Keys(stored["admin_secret"], stored["jwt_key"], stored.get("encryption_key") or _new_key())
    except FileNotFoundError:
        stored, keys = {}, Keys(secrets.token_urlsafe(24), _new_key(), _new_key())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise StartRefused(f"{path} cannot be read: remove it, and new secrets are made") from None
    if stored != asdict(keys):  # a new folder, or one of a version that had fewer keys
        _write_keys(path, keys)
    return keys


def _new_key() -> str:
    return secrets.token_urlsafe(48)


def _write_keys(path: Path, keys: Keys) -> None:
    # Written aside and renamed: an interrupted start leaves no half file.
    making = path.with_suffix(".making")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(keys), file, indent=2)
    making.rename(path)


def with_keys(settings: Settings, keys: Keys) -> Settings:
    """The settings, with the folder's secrets where the environment names none."""
    return replace(
        settings,
        admin_secret=settings.admin_secret or keys.admin_secret,
        jwt_secret=settings.jwt_secret or (None if settings.jwt_secrets else keys.jwt_secret),
    )


def sign_ticket(settings: Settings, user_id: str, roles: tuple[str, ...]) -> str | None:
    """A JWT for a user whose default role is the first. None when the key in use can only check tickets."""
    secret = _shared_key(settings.tokens_secret)
    if secret is None:
        return None
    import jwt

    now = int(time.time())
    claims = {"x-hasura-user-id": user_id, "x-hasura-default-role": roles[0], "x-hasura-allowed-roles": list(roles)}
    body = {"sub": user_id, "iss": ISSUER, "iat": now, "exp": now + TICKET_SECONDS, CLAIMS: claims}
    return jwt.encode(body, secret["key"], algorithm=secret["type"])


def _shared_key(jwt_secret: str | None) -> dict[str, Any] | None:
    try:
        secret = json.loads(jwt_secret or "null")
    except ValueError:
        return None
    plain = isinstance(secret, dict) and set(secret) == {"type", "key"} and secret["type"] in SHARED_KEY_ALGORITHMS
    return secret if plain else None
