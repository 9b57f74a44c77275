"""The matrix of refusals: engines by their settings, people by SQL, requests, and what refusals leave unchanged."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias
from urllib.parse import urlencode

import asyncpg
import httpx
import jwt
from auth_kit import ADMIN_SECRET, JWT_KEY, PASSWORD, AuthServer, Mailbox, opened
from provider_stub import IdTokenSigner, ProviderStub

from auth_engine.core.errors import Code
from auth_engine.factors.hashes import argon2_hash
from auth_engine.flows.kit import Kit
from auth_engine.http.route import Route
from auth_engine.http.table import ROUTES
from auth_engine.tokens.refresh import token_hash

APP = "https://app.test/in"
KEPT_OUT = "kept-out.test"
"""A domain that the access lists keep out."""
KNOWN_PASSWORD = "known to everybody"
SHORT_PASSWORD = "short"
HOME = "example.test"
"""Everybody's domain."""
BY_NAME: Mapping[str, Route] = {f"{route.method} {route.path}": route for route in ROUTES}

ON = {
    "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true",
    "AUTH_EMAIL_PASSWORDLESS_ENABLED": "true",
    "AUTH_OTP_EMAIL_ENABLED": "true",
    "AUTH_ANONYMOUS_USERS_ENABLED": "true",
    "AUTH_MFA_ENABLED": "true",
    "AUTH_WEBAUTHN_ENABLED": "true",
    "AUTH_WEBAUTHN_RP_ID": "app.test",
    "AUTH_WEBAUTHN_RP_ORIGINS": "https://app.test",
    "AUTH_SMS_PASSWORDLESS_ENABLED": "true",
    "AUTH_SMS_PROVIDER": "webhook",
    "AUTH_PROVIDER_GOOGLE_AUDIENCE": "our app",
    "AUTH_PROVIDER_DISCORD_ENABLED": "true",
    "AUTH_PROVIDER_DISCORD_CLIENT_ID": "client",
}
"""What can be switched on."""
RULES = {
    "AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS": KEPT_OUT,
    "AUTH_PASSWORD_MIN_LENGTH": "9",
    "AUTH_PASSWORD_HIBP_ENABLED": "true",
    "AUTH_RATE_LIMIT_STORE": "memory",
    "AUTH_SIGNIN_FAILURE_STEP": "1",
    "AUTH_EMAIL_ANSWER_WINDOW": "1",
    "AUTH_PG_CONNECTIONS": "3",
    "AUTH_DEV_MAIL_BOX": "true",
}
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "open": {},
    "off": {**dict.fromkeys(ON, ""), "AUTH_DEV_MAIL_BOX": ""},
    "easy": {"AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "false"},
    "closed": {"AUTH_DISABLE_SIGNUP": "true"},
    "shut": {"AUTH_DISABLE_NEW_USERS": "true"},
    "elevated": {"AUTH_REQUIRE_ELEVATED_CLAIM": "required"},
    "guarded": {"AUTH_TURNSTILE_SECRET": "a secret of the tests"},
    "homeless": {"AUTH_CLIENT_URL": ""},
    "busy": {"AUTH_PASSWORD_THREADS": "1", "AUTH_PASSWORD_QUEUE": "1", "AUTH_PASSWORD_HIBP_ENABLED": "false"},
    "strict": {"AUTH_RATE_LIMIT_ACCOUNT": "1/1h"},
    "counted": {
        "AUTH_RATE_LIMIT_ENABLE": "true",
        "AUTH_RATE_LIMIT_GLOBAL_BURST": "1",
        "AUTH_TRUSTED_PROXIES": "127.0.0.1",
    },
    "unready": {},
    "picky": {"AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS": HOME},
    "lenient": {"AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS": ""},
}
"""The engines: what each has beside what is on and the rules."""
CONCEALED = "+concealed"

TABLES = (
    "auth.users",
    "auth.user_roles",
    "auth.refresh_tokens",
    "auth.user_providers",
    "auth.user_security_keys",
    "auth_engine.recovery_codes",
)
MAILS = "auth_engine.outbox"
_LOOK = "select " + ", ".join(
    [
        *(f'(select sum(hashtextextended(t::text, 0)::numeric) from {table} t) as "{table}"' for table in TABLES),
        f'array(select id::text from {MAILS}) as "{MAILS}"',
    ]
)
_MOST_PEOPLE = 60
"""A look is at all of them."""
_PERSON = """
with u as (
  insert into auth.users (id, locale, display_name, email, email_verified, password_hash, is_anonymous, default_role)
  values ($1, 'en', 'Somebody', $2::text::auth.email, $2::text is not null, $3, $4, $5) returning id
), r as (
  insert into auth.user_roles (user_id, role) select id, role from u, unnest($6::text[]) as role
), t as (
  insert into auth.refresh_tokens (id, user_id, refresh_token_hash, expires_at)
  select $7, id, $8, now() + interval '1 day' from u returning id
)
insert into auth_engine.sessions (id, method) select id, $9 from t
"""
_PASSWORD_HASH = argon2_hash(PASSWORD)
_NUMBERS = itertools.count(1)
SIGNER = IdTokenSigner.make()


def free_address(domain: str = HOME) -> str:
    return f"person.{next(_NUMBERS)}@{domain}"


def free_number() -> str:
    return f"+4179{next(_NUMBERS):07}"


@dataclass(frozen=True, slots=True)
class Person:
    """A user with an open session."""

    id: str
    email: str
    session: str
    refresh: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request of a route."""

    path: str
    body: Any = None
    me: Person | None = None
    """Whose account it is about, where it is about one."""
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """In place of the body."""

    def but(self, **fields: Any) -> Ask:
        """With other fields in the body; None takes one away."""
        body = {name: value for name, value in {**(self.body or {}), **fields}.items() if value is not None}
        return replace(self, body=body)

    def without_token(self) -> Ask:
        return replace(self, token=None)


Request: TypeAlias = Callable[["World"], Awaitable[Ask]]


@dataclass(frozen=True, slots=True)
class Case:
    """A route, a refusal, and a way to it."""

    route: str
    code: Code
    why: str
    request: Request
    on: str = "open"
    changes: frozenset[str] = frozenset()
    """Tables in which something changes although the request is refused, as the contract says."""
    by_redirect: bool = False
    """The refusal stands in the address that the browser is sent to."""

    @property
    def name(self) -> str:
        return f"{self.route} {self.code.refusal.code}: {self.why}"


@dataclass(slots=True)
class World:
    """One database, an engine for each set of settings, a stand-in for what is outside."""

    database: str
    sql: asyncpg.Connection
    stub: ProviderStub
    mailbox: Mailbox
    stack: AsyncExitStack
    servers: dict[str, AuthServer] = field(default_factory=dict)
    people: int = 0

    async def server(self, name: str = "open") -> AuthServer:
        """The engine with these settings, opened when it is wanted first."""
        if name not in self.servers:
            settings = {**ON, **self._addresses(), **RULES, **SETTINGS[name.removesuffix(CONCEALED)]}
            if name.endswith(CONCEALED):
                settings["AUTH_CONCEAL_ERRORS"] = "true"
            self.servers[name] = await self.stack.enter_async_context(opened(self.database, self.mailbox, settings))
        return self.servers[name]

    def _addresses(self) -> dict[str, str]:
        url = self.stub.url
        return {
            "AUTH_SMS_WEBHOOK_URL": f"{url}/sms",
            "AUTH_PASSWORD_HIBP_URL": url,
            "AUTH_TURNSTILE_URL": f"{url}/captcha",
            "AUTH_PROVIDER_GOOGLE_JWKS_URL": f"{url}/keys",
            "AUTH_PROVIDER_OIDC_ACME_ISSUER": url,
            "AUTH_PROVIDER_OIDC_ACME_CLIENT_ID": "client",
            "AUTH_PROVIDER_DISCORD_CLIENT_SECRET": "a secret",
            "AUTH_PROVIDER_DISCORD_AUTHORIZATION_URL": f"{url}/authorize",
            "AUTH_PROVIDER_DISCORD_TOKEN_URL": f"{url}/token",
            "AUTH_PROVIDER_DISCORD_USER_PROFILE_URL": f"{url}/profile",
        }

    async def kit(self) -> Kit:
        return (await self.server()).engine.kit

    # ------------------------------------------------------------ people

    async def person(self, *, anonymous: bool = False, opened_by: str = "password", **columns: Any) -> Person:
        """A user with a verified address and a password, unless anonymous; `columns` of auth.users are set after."""
        self.people += 1
        user_id, session, refresh = (str(uuid.uuid4()) for _ in range(3))
        email = None if anonymous else free_address()
        role, roles = ("anonymous", ["anonymous"]) if anonymous else ("user", ["user", "me"])
        password_hash = None if anonymous else _PASSWORD_HASH
        await self.sql.execute(
            _PERSON, user_id, email, password_hash, anonymous, role, roles, session, token_hash(refresh), opened_by
        )
        me = Person(user_id, email or "", session, refresh, access_token(user_id, session, anonymous=anonymous))
        await self.change(me, **columns)
        return me

    async def change(self, me: Person, **columns: Any) -> None:
        """Write into the user's row, as an operator does."""
        if columns:
            named = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 2))
            await self.sql.execute(f"update auth.users set {named} where id = $1", me.id, *columns.values())

    async def begin(self) -> None:
        """Nobody outside has anything to say; where it has become full, nobody is inside."""
        self.stub.clear()
        if self.people > _MOST_PEOPLE:
            await self.sql.execute("delete from public.bills; delete from auth.users")
            self.people = 0

    async def look(self) -> dict[str, str]:
        """A checksum of each table, and the mails that are queued."""
        return dict(await self.sql.fetchrow(_LOOK))

    async def changed(self, before: Mapping[str, str]) -> frozenset[str]:
        """The tables in which something changed. A mail that left is no change, a new one is."""
        after = await self.look()
        queued = set(after.pop(MAILS)) - set(before[MAILS])
        return frozenset({table for table in after if after[table] != before[table]} | ({MAILS} if queued else set()))

    # ------------------------------------------------------------ asking

    async def ask(self, route: str, ask: Ask, on: str = "open") -> httpx.Response:
        """Send the request to the engine with these settings."""
        server, method = await self.server(on), route.partition(" ")[0]
        headers = {**_content_type(BY_NAME[route]), **ask.headers}
        if ask.token is not None:
            headers.setdefault("Authorization", f"Bearer {ask.token}")
        async with self._surroundings(server, on):
            answer = await server.client.request(method, ask.path, content=_content(route, ask), headers=headers)
        server.client.cookies.clear()
        return answer

    def _surroundings(self, server: AuthServer, on: str) -> Any:
        return full(server.engine.kit) if on.startswith("busy") else nullcontext()


def access_token(user_id: str, session: str, *, anonymous: bool = False, elevated: bool = False) -> str:
    """As the engine signs it."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "x-hasura-allowed-roles": ["anonymous"] if anonymous else ["user", "me"],
        "x-hasura-default-role": "anonymous" if anonymous else "user",
        "x-hasura-user-id": user_id,
        "x-hasura-user-is-anonymous": "true" if anonymous else "false",
        **({"x-hasura-auth-elevated": user_id} if elevated else {}),
    }
    said = {"sub": user_id, "iss": "hasura-auth", "iat": now, "exp": now + 900, "sid": session}
    return jwt.encode({**said, "https://hasura.io/jwt/claims": claims}, JWT_KEY, algorithm="HS256")


@asynccontextmanager
async def full(kit: Kit) -> AsyncIterator[None]:
    """As long as this lasts, the queue for passwords is full: whoever leaves it comes back before anybody else."""
    is_over = False

    async def come_again() -> None:
        while not is_over:
            await kit.passwords.hash("a password")

    tasks = [asyncio.create_task(come_again()) for _ in range(2)]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        is_over = True
        await asyncio.gather(*tasks)


def query(path: str, **arguments: str) -> str:
    return f"{path}?{urlencode(arguments)}"


def admin_headers(secret: str = ADMIN_SECRET) -> dict[str, str]:
    return {"x-hasura-admin-secret": secret}


def _content_type(route: Route) -> dict[str, str]:
    if route.lines:
        return {"Content-Type": "application/x-ndjson"}
    if route.form:
        return {"Content-Type": "application/x-www-form-urlencoded"}
    return {"Content-Type": "application/json"} if route.body is not None else {}


def _content(route: str, ask: Ask) -> bytes | None:
    if ask.raw is not None or ask.body is None:
        return ask.raw
    return (urlencode(ask.body) if BY_NAME[route].form else json.dumps(ask.body)).encode()
