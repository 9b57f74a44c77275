"""What the HTTP edge is told at start, and the port through which it asks for answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from commons.addresses import Network
from gql_gen.ask import DocumentAsk, Outcome, Reply
from gql_gen.errors import UsherError
from gql_gen.http.cors import CorsRules
from gql_gen.http.rates import MEMORY
from gql_gen.http.secret import JwtSecret
from gql_gen.rules.types import Fault, LimitRules
from gql_gen.session import Caller

RawHeaders: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Headers as an ASGI server hands them over: names in lower case, repeats allowed."""


class Answers(Protocol):
    """The engine, as this package sees it."""

    async def answer(self, ask: DocumentAsk, caller: Caller) -> Reply:
        """Run one operation. A mutation under `read_only` is answered with status 405."""
        ...

    def limits(self, role: str) -> LimitRules:
        """What bounds the role's operations; None where nothing does."""
        ...

    def refuse(self, error: UsherError, outcome: Outcome = "refused") -> Reply:
        """The error in the dialect's envelope."""
        ...

    async def ping(self) -> bool:
        """Whether the database answers."""
        ...

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Rules that were left out because the database does not bear them."""
        ...

    @property
    def generation(self) -> int:
        """Grows with every reload; what was cached under an older one is dropped."""
        ...


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Who may be whom. With neither secret everyone on this machine is admin, and nobody else gets in."""

    admin_secret: str | None = field(default=None, repr=False)
    jwt_secrets: tuple[JwtSecret, ...] = ()
    unauthorized_role: str | None = None

    def __post_init__(self) -> None:
        if self.jwt_secrets and not self.admin_secret:
            raise ValueError("a JWT secret needs an admin secret beside it")

    @property
    def is_open(self) -> bool:
        """No secret at all: the development mode that answers loopback only."""
        return not self.admin_secret

    @property
    def reads_cookies(self) -> bool:
        return any(secret.location.kind == "cookie" for secret in self.jwt_secrets)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Limits of one request. Lengths are in bytes, times in seconds."""

    max_body: int = 10 * 1024 * 1024
    max_query: int = 256 * 1024
    max_depth: int = 100
    watch_after: float = 0.1
    """A request still running after this long is cancelled when its client hangs up."""
    compress_from: int | None = 1024
    """Replies at least this long are gzipped for clients that accept it; None: never."""
    cors: CorsRules = field(default_factory=CorsRules)
    persisted_query_bytes: int = 16 * 1024 * 1024
    """Memory for texts that are asked for by their digest; 0: none are."""
    rate_storage: str = field(default=MEMORY, repr=False)
    """Where operations are counted: `memory://`, or the address of a Redis or Valkey."""
    trusted_proxies: tuple[Network, ...] = ()
    """Whose word on where a request comes from is taken."""
