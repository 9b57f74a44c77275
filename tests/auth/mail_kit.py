"""Servers of this machine for tests of what leaves: SMTP that keeps raw bytes, one that misbehaves, and HTTP."""

from __future__ import annotations

import asyncio
import base64
import hmac
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import msgspec
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from auth_kit import AuthServer, free_port

from auth_engine.core.clock import SystemClock
from auth_engine.core.settings import Settings, read_settings
from auth_engine.mail.letters import Letter, Template
from auth_engine.mail.mailer import Mailer
from auth_engine.net.outside import Outside

Serve = Callable[..., Awaitable[AuthServer]]
"""The fixture `serve`."""
LINK = "http://auth.test/verify?redirectTo=https%3A%2F%2Fapp.test&ticket=verifyEmail%3A1&type=emailVerify"


def a_letter(template: Template = Template.EMAIL_VERIFY, **fields: str) -> Letter:
    given = {
        "to": "somebody@example.test",
        "locale": "en",
        "display_name": "Somebody",
        "email": "somebody@example.test",
        "link": LINK,
        "ticket": "verifyEmail:1",
        "redirect_to": "https://app.test",
    }
    return Letter(template=template.value, **{**given, **fields})


def settings_of(**variables: str) -> Settings:
    return read_settings(
        {
            "AUTH_SERVER_URL": "http://auth.test",
            "AUTH_CLIENT_URL": "https://app.test",
            "AUTH_SMTP_SENDER": "usher <usher@auth.test>",
            **variables,
        }
    )


@asynccontextmanager
async def mailer_of(**variables: str) -> AsyncIterator[Mailer]:
    outside = Outside()
    try:
        yield Mailer.of(settings_of(**variables), outside, SystemClock())
    finally:
        await outside.close()


# ---------------------------------------------------------------- SMTP


@dataclass(slots=True)
class RawSmtp:
    """Keeps what came as it came, and how its client signed in."""

    port: int = 0
    contents: list[bytes] = field(default_factory=list)
    logins: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, host: str = "127.0.0.1", **options: Any) -> Iterator[RawSmtp]:
        keeper = cls(free_port())
        controller = Controller(keeper, hostname=host, port=keeper.port, authenticator=keeper.authenticate, **options)
        controller.start()
        try:
            yield keeper
        finally:
            controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.contents.append(envelope.content)
        return "250 OK"

    async def auth_CRAM__MD5(self, server: SMTP, args: list[str]) -> AuthResult:
        """RFC 2195."""
        challenge = b"<1@auth.test>"
        answer = await server.challenge_auth(challenge)
        assert isinstance(answer, bytes)
        user, _, digest = answer.partition(b" ")
        right = hmac.digest(b"secret", challenge, "md5").hex().encode()
        self.logins.append(("CRAM-MD5", user, b"secret" if digest == right else b""))
        return AuthResult(success=digest == right, handled=False)

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((mechanism, data.login, data.password))
        return AuthResult(success=data.password == b"secret", handled=False)


@asynccontextmanager
async def rude_server(greeting: bytes = b"") -> AsyncIterator[int]:
    """Says this much, then nothing; hangs up at once where it is `b"drop"`. Its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if greeting != b"drop":
                writer.write(greeting)
                await reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


# ---------------------------------------------------------------- HTTP


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the stub was sent."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(slots=True)
class HttpStub:
    """Answers `answers` one after the other, then 200; keeps what was asked."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, Any]] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[HttpStub]:
        stub = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                stub.asked.append(Asked(self.path, {key.lower(): value for key, value in self.headers.items()}, body))
                status, answer = stub.answers.pop(0) if stub.answers else (200, {})
                content = msgspec.json.encode(answer)
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        stub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def is_signed(asked: Asked, key: bytes) -> bool:
    """Whether the request carries the signature of Standard Webhooks under this key."""
    signed = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    expected = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return asked.headers["webhook-signature"] == f"v1,{expected}"


async def until(found: Any, seconds: float = 5.0) -> None:
    """Return when `found()` is true; fail after so many seconds."""
    async with asyncio.timeout(seconds):
        while not found():  # noqa: ASYNC110 (what is waited for may be in another thread)
            await asyncio.sleep(0.01)
