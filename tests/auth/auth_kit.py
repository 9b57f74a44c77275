"""Helpers of the auth engine's tests: the server under test, its visitor, and the mailbox."""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from auth_engine.app import AuthEngine
from auth_engine.core.settings import read_settings

JWT_KEY = "a key of the tests, long enough for everybody"
ADMIN_SECRET = "the admin secret of the tests"
SETTINGS: Mapping[str, str] = {
    "HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": JWT_KEY}),
    "HASURA_GRAPHQL_ADMIN_SECRET": ADMIN_SECRET,
    "AUTH_ENCRYPTION_KEYS": "an encryption key of the tests which is long enough",
    "AUTH_SERVER_URL": "http://auth.test",
    "AUTH_CLIENT_URL": "https://app.test",
    "AUTH_SIGNIN_FAILURE_STEP": "5",
    "AUTH_EMAIL_ANSWER_WINDOW": "60",
    "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "false",
    "AUTH_SMTP_SENDER": "usher <usher@auth.test>",
    "AUTH_PG_CONNECTIONS": "5",
}
PASSWORD = "Str0ng-enough!"
_PEOPLE = itertools.count(1)


def new_address() -> str:
    """An address that nobody had before."""
    return f"somebody.{next(_PEOPLE)}.{time.monotonic_ns()}@example.test"


# ---------------------------------------------------------------- the server under test


@dataclass(frozen=True, slots=True)
class AuthServer:
    """An opened engine, asked over HTTP inside this process. Redirects are not followed, cookies are kept."""

    engine: AuthEngine
    client: httpx.AsyncClient
    mailbox: Mailbox

    async def post(self, path: str, body: Any = None, token: str | None = None, **headers: str) -> httpx.Response:
        answer = await self.client.post(path, json=body, headers={**_bearer(token), **headers})
        await self._settle()
        return answer

    async def get(self, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        answer = await self.client.get(path, headers={**_bearer(token), **headers})
        await self._settle()
        return answer

    async def _settle(self) -> None:
        """On a busy machine a mail may arrive after the answer's window: wait for it, where it will arrive. Tests of
        when an answer comes ask by `client`."""
        if self.mailbox.refuses is None and self.engine.kit.settings.smtp_port == self.mailbox.port:
            await self.engine.kit.post.settle(1.0)

    async def sign_up(self, address: str | None = None, password: str = PASSWORD, **options: Any) -> dict[str, Any]:
        """A new user's session; addresses must not need verification."""
        body: dict[str, Any] = {"email": address or new_address(), "password": password}
        if options:
            body["options"] = options
        answer = await self.post("/signup/email-password", body)
        assert answer.status_code == 200, answer.text
        session: dict[str, Any] = answer.json()["session"]
        return session

    async def sign_in(self, address: str, password: str = PASSWORD) -> httpx.Response:
        return await self.post("/signin/email-password", {"email": address, "password": password})


Serve: TypeAlias = Callable[..., Awaitable[AuthServer]]
"""The fixture `serve`."""


def _bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def opened_engine(database: str, mailbox: Mailbox, settings: Mapping[str, str]) -> AsyncIterator[AuthEngine]:
    """An engine over this database, its mails going to this mailbox. An empty value takes a setting away."""
    smtp = {"AUTH_SMTP_HOST": "127.0.0.1", "AUTH_SMTP_PORT": str(mailbox.port)}
    engine = await AuthEngine.open(read_settings({**SETTINGS, **smtp, **settings}), database)
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def asked(engine: AuthEngine, mailbox: Mailbox) -> AsyncIterator[AuthServer]:
    """The engine and a client of its own: no cookies of others."""
    transport = httpx.ASGITransport(engine.app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://auth.test") as client:
        yield AuthServer(engine, client, mailbox)


@asynccontextmanager
async def opened(database: str, mailbox: Mailbox, settings: Mapping[str, str]) -> AsyncIterator[AuthServer]:
    """Both, for one test."""
    async with opened_engine(database, mailbox, settings) as engine, asked(engine, mailbox) as server:
        yield server


def refused(answer: httpx.Response, status: int, code: str) -> bool:
    """Whether this is the refusal, in exactly the contract's shape."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    body = answer.json()
    assert set(body) == {"status", "error", "message"}, body
    assert body["status"] == status, body
    assert body["error"] == code, body
    return True


# ---------------------------------------------------------------- the mailbox


def free_port() -> int:
    """A port of this machine that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Mailbox:
    """A real SMTP server on this machine that keeps what it is given."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    refuses: str | None = None
    """Answer this to every mail (`"451 later"`) in place of taking it."""

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Mailbox]:
        mailbox = cls(free_port())
        controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
        controller.start()
        try:
            yield mailbox
        finally:
            controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuses is not None:
            return self.refuses
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        with self.arrived:
            self.mails.append(mail)
            self.arrived.notify_all()
        return "250 OK"

    def clear(self) -> None:
        with self.arrived:
            self.mails.clear()
            self.refuses = None

    def to(self, address: str) -> list[EmailMessage]:
        """What has arrived for an address, oldest first."""
        with self.arrived:
            return [mail for mail in self.mails if address.lower() in str(mail["To"]).lower()]

    def last(self, address: str) -> EmailMessage:
        """The newest mail to an address; it must be there."""
        found = self.to(address)
        assert found, f"no mail to {address}: {[(mail['To'], mail['Subject']) for mail in self.mails]}"
        return found[-1]


def link_of(mail: EmailMessage) -> str:
    return str(mail["X-Link"])


def ticket_of(mail: EmailMessage) -> str:
    return str(mail["X-Ticket"])


def query_of(url: str) -> dict[str, str]:
    """The arguments of an address's query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}
