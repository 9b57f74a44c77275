"""Who is asking: from the headers of a request to a Caller.

no secret set          admin, or the role and variables of X-Hasura-* (the door to this machine is loopback.py's)
admin secret sent      admin, or the role and variables of X-Hasura-*; a wrong one is refused
token sent             the token's roles and variables alone; a bad one is refused, a revoked user's too
nothing sent           the unauthorized role with no variables, else refused
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Final

from gql_gen.errors import Unauthorized
from gql_gen.http.jwt import KeySource, StaticKeys, Ticket, TicketCache, Verifier, verify_with_any
from gql_gen.http.keys import Key
from gql_gen.http.remote_keys import RemoteKeys
from gql_gen.http.secret import JwtSecret, TokenLocation
from gql_gen.http.types import AuthSettings, RawHeaders
from gql_gen.session import ADMIN, Caller

_ADMIN_SECRET: Final = b"x-hasura-admin-secret"
_ACCESS_KEY: Final = b"x-hasura-access-key"
_ROLE: Final = b"x-hasura-role"
_USER_ID: Final = "x-hasura-user-id"
_NEVER: Final = float("-inf")
_BACKEND_ONLY: Final = b"x-hasura-use-backend-only-permissions"
_NOT_VARIABLES: Final = frozenset({_ADMIN_SECRET, _ACCESS_KEY, _ROLE, _BACKEND_ONLY})


class Door:
    """One place of a request where tokens stand, with the secrets read there and the tokens already checked."""

    def __init__(self, location: TokenLocation) -> None:
        self.location = location
        self.verifiers: tuple[Verifier, ...] = ()
        self.cache = TicketCache()

    def credential(self, headers: Mapping[bytes, bytes]) -> bytes | None:
        """The text that holds the token, None when the caller sent none here."""
        value = headers.get(self.location.header)
        if value is None or self.location.kind != "cookie":
            return value
        return _cookie(value, self.location.cookie)

    async def open(self, credential: bytes, now: float) -> Ticket:
        """A ticket for the credential, remembered until it ends. Raises Unauthorized."""
        ticket = self.cache.get(credential)
        if ticket is not None and now < ticket.expires:
            return ticket
        self.cache.drop(credential)
        ticket = await verify_with_any(self._token(credential), self.verifiers, now)
        self.cache.put(credential, ticket)
        return ticket

    def _token(self, credential: bytes) -> bytes:
        if self.location.kind == "cookie":
            return credential
        scheme, _, token = credential.strip().partition(b" ")
        if scheme.lower() == b"bearer" and token.strip() and b" " not in token.strip():
            return token.strip()
        if self.location.kind == "header" and scheme and not token:
            return scheme
        name = self.location.header.decode().title()
        raise Unauthorized(f"Malformed {name} header", code="invalid-headers")


class CallerResolver:
    """Checks tickets. `header_names` are the headers that `resolve` wants to find in its mapping. `revoked` says since
    when (Unix time) the tokens of a user count; it is looked at with every request and may change at any time."""

    def __init__(
        self,
        settings: AuthSettings,
        *,
        clock: Callable[[], float] = time.time,
        revoked: Mapping[str, float] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._revoked: Mapping[str, float] = {} if revoked is None else revoked
        self._admin_digest = _digest(settings.admin_secret.encode()) if settings.admin_secret else None
        self._generation = 0
        self._remote: list[RemoteKeys] = []
        self._doors = self._hang_doors(settings.jwt_secrets)
        self._unauthorized = _bare_caller(settings.unauthorized_role)
        self.header_names = frozenset({_ADMIN_SECRET, _ACCESS_KEY, _ROLE, *(d.location.header for d in self._doors)})

    async def start(self) -> None:
        """Fetch the keys that live under an address, and keep them fresh."""
        for keys in self._remote:
            await keys.start()

    async def stop(self) -> None:
        for keys in self._remote:
            await keys.stop()

    def known(self, headers: Mapping[bytes, bytes], generation: int) -> Caller | None:
        """The caller behind a token that was checked before and still holds, without awaiting; None: `resolve` has to
        look. Only the plain case: no secret, no role asked for."""
        if generation != self._generation or self._admin_digest is None:
            return None
        if _ADMIN_SECRET in headers or _ACCESS_KEY in headers or _ROLE in headers:
            return None
        for door in self._doors:
            credential = door.credential(headers)
            if credential is not None:
                ticket = door.cache.get(credential)
                if ticket is None or self._clock() >= ticket.expires or (self._revoked and self._is_revoked(ticket)):
                    return None
                return ticket.caller(None)
        return None

    async def resolve(self, headers: Mapping[bytes, bytes], raw: RawHeaders, generation: int = 0) -> Caller:
        """The caller behind a request: `headers` holds `header_names` where present, `raw` all. Raises Unauthorized."""
        if generation != self._generation:
            self._forget(generation)
        if self._admin_digest is None:
            return _trusted_caller(headers, raw)
        secret = headers.get(_ADMIN_SECRET)
        if secret is None:
            secret = headers.get(_ACCESS_KEY)
        if secret is not None:
            if not hmac.compare_digest(_digest(secret), self._admin_digest):
                raise Unauthorized('invalid "x-hasura-admin-secret"/"x-hasura-access-key"')
            return _trusted_caller(headers, raw)
        for door in self._doors:
            credential = door.credential(headers)
            if credential is not None:
                ticket = await door.open(credential, self._clock())
                if self._revoked and self._is_revoked(ticket):
                    raise Unauthorized("Could not verify JWT: JWTRevoked", code="invalid-jwt")
                return ticket.caller(_requested_role(headers))
        return self._without_credentials()

    def _is_revoked(self, ticket: Ticket) -> bool:
        user = ticket.grants.variables.get(_USER_ID)
        return user is not None and ticket.issued < self._revoked.get(user.lower(), _NEVER)

    def _without_credentials(self) -> Caller:
        if self._unauthorized is not None:
            return self._unauthorized
        if self._doors:
            message = "Missing 'Authorization' or 'Cookie' header in JWT authentication mode"
            raise Unauthorized(message, code="invalid-headers")
        raise Unauthorized("x-hasura-admin-secret/x-hasura-access-key required, but not found")

    def _forget(self, generation: int) -> None:
        for door in self._doors:
            door.cache.clear()
        self._generation = generation

    def _hang_doors(self, secrets: tuple[JwtSecret, ...]) -> tuple[Door, ...]:
        doors: dict[TokenLocation, Door] = {}
        for secret in secrets:
            door = doors.setdefault(secret.location, Door(secret.location))
            door.verifiers += (Verifier(secret, self._key_source(secret, door)),)
        return tuple(doors.values())

    def _key_source(self, secret: JwtSecret, door: Door) -> KeySource:
        if isinstance(secret.keys, Key):
            return StaticKeys(secret.keys)
        remote = RemoteKeys(secret.keys, on_change=door.cache.clear)
        self._remote.append(remote)
        return remote


def _trusted_caller(headers: Mapping[bytes, bytes], raw: RawHeaders) -> Caller:
    role = _requested_role(headers) or ADMIN
    variables = {
        name.decode("latin-1"): value.decode("utf-8", "replace")
        for name, value in raw
        if name.startswith(b"x-hasura-") and name not in _NOT_VARIABLES
    }
    variables["x-hasura-role"] = role
    is_backend = any(name == _BACKEND_ONLY and value.strip().lower() == b"true" for name, value in raw)
    return Caller(role, variables, is_backend)


def _bare_caller(role: str | None) -> Caller | None:
    # Whatever X-Hasura-* such a visitor sends, nobody vouched for it.
    return Caller(role, {"x-hasura-role": role}) if role else None


def _requested_role(headers: Mapping[bytes, bytes]) -> str | None:
    role = headers.get(_ROLE)
    return role.decode("utf-8", "replace").strip() if role else None


def _cookie(header: bytes, name: bytes) -> bytes | None:
    for pair in header.split(b";"):
        key, separator, value = pair.strip().partition(b"=")
        if separator and key == name:
            return value.strip(b'"') or None
    return None


def _digest(secret: bytes) -> bytes:
    """Digests of equal length let the comparison take the same time whatever was sent."""
    return hashlib.sha256(secret).digest()
