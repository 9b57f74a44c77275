"""The pages of docs/auth as stories: their requests are sent one after the other to both engines over one database.

In an answer `"<name>"` stands for any text and keeps it: what is said later must be the same, and requests say `<name>`
for it. `"…"` is any value, `"…": "…"` in an object means that it has further keys, and `"…"` at the end of a list that
it goes on. Text bodies and headers may hold
both, too. `<totp code>` and `<next totp code>` are made of the text that was called `<totp secret>`; `<public key>` and
`<private key>` in settings are a pair, as PEM inside JSON.

Where settings change the engines are opened anew, over the same database; the mail box is empty then.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pyotp
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from docs.examples import AuthExchange, Sight
from docs.pages import ROOT, Block
from docs.running import ADDRESS, parts

from auth_engine.core.settings import read_settings as read_auth_settings
from auth_engine.core.settings import warnings as auth_warnings
from usher.serve import Service
from usher.settings import read_settings

MADE_BY_UP: Mapping[str, str] = {
    "HASURA_GRAPHQL_ADMIN_SECRET": "an-admin-secret",
    "HASURA_GRAPHQL_JWT_SECRET": '{"type": "HS256", "key": "a key that is at least thirty-two characters long"}',
    "AUTH_ENCRYPTION_KEYS": "a key that is at least thirty-two characters long",
    "AUTH_SERVER_URL": f"{ADDRESS}/v1/auth",
    "AUTH_CLIENT_URL": f"{ADDRESS}/console",
    "AUTH_DEV_MAIL_BOX": "true",
}
"""What `usher up` sets where the page sets nothing."""
FOR_SPEED: Mapping[str, str] = {
    "HASURA_GRAPHQL_PG_CONNECTIONS": "2",
    "AUTH_PG_CONNECTIONS": "3",
    "AUTH_EMAIL_ANSWER_WINDOW": "60",
    "AUTH_SIGNIN_FAILURE_STEP": "5",
}
PATIENCE_SECONDS = 10.0
"""For what happens beside the answers: mails, calls."""
_REMEMBERED = re.compile(r"<([a-z][a-z ]*)>")
_HOLE = re.compile(r"<([a-z][a-z ]*)>|…")
_CODES = {"totp code": 0, "next totp code": 30}
"""When they are the right ones, in seconds from now."""


class Told(dict[str, str]):
    """What earlier answers said, by the names that the page gave it."""

    def filled(self, text: str) -> str:
        return _REMEMBERED.sub(lambda match: self._said(match[1]), text)

    def _said(self, name: str) -> str:
        if name in _CODES:
            return pyotp.TOTP(self["totp secret"]).at(int(time.time()) + _CODES[name])
        return self[name]

    def fits(self, wanted: Any, got: Any) -> bool:
        """Whether an answer is the page's; what it calls by a name is kept."""
        match wanted:
            case str():
                return self._fits_text(wanted, got)
            case dict():
                if not isinstance(got, dict):
                    return False
                keys = wanted.keys() - {"…"}
                may_have_more = "…" in wanted
                return (keys == got.keys() or (may_have_more and keys <= got.keys())) and all(
                    self.fits(wanted[key], got[key]) for key in keys
                )
            case list():
                if len(wanted) > 1 and wanted[-1] == "…":
                    wanted, got = wanted[:-1], got[: len(wanted) - 1] if isinstance(got, list) else got
                return isinstance(got, list) and len(wanted) == len(got) and all(map(self.fits, wanted, got))
        return bool(wanted == got) and type(wanted) is type(got)

    def _fits_text(self, wanted: str, got: Any) -> bool:
        if wanted == "…":
            return True
        if not isinstance(got, str):
            return False
        names = [match[1] for match in _HOLE.finditer(wanted)]
        pattern = "(.*)".join(re.escape(part) for part in re.split(r"<[a-z][a-z ]*>|…", wanted))
        found = re.fullmatch(pattern, got, re.DOTALL)
        if found is None:
            return False
        said = {name: text for name, text in zip(names, found.groups(), strict=True) if name}
        if any(self.get(name, text) != text for name, text in said.items()):
            return False
        self.update(said)
        return True


# ---------------------------------------------------------------- what is seen beside the answers


@dataclass(slots=True)
class Receiver:
    """A service of this machine that is told by webhook, and keeps what it was told as text."""

    port: int = 0
    messages: list[str] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> AsyncIterator[Receiver]:
        receiver = cls()
        server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0)
        async with server:
            receiver.port = server.sockets[0].getsockname()[1]
            yield receiver

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().replace("\r\n", "\n")
        length = re.search(r"^content-length: (\d+)$", head, re.MULTILINE | re.IGNORECASE)
        body = await reader.readexactly(int(length[1]) if length else 0)
        self.messages.append(head + body.decode())
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()


class Log(logging.Handler):
    """The lines of the auth engine's log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _named_lines(text: str) -> dict[str, str]:
    """`Name: value`, a line each."""
    return {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}


def _message_fits(block: Block, message: str, told: Told) -> bool:
    """First line, the headers that the page names, and the body."""
    first, wanted, text = parts(block)
    given_first, headers, body = parts(Block(block.page, block.line, block.info, message))
    given = dict(headers)
    return (
        first == given_first
        and all(told.fits(value, given.get(name, "-")) for name, value in wanted)
        and told.fits(json.loads(text), json.loads(body))
    )


# ---------------------------------------------------------------- the engines


@dataclass(slots=True)
class BothEngines:
    """GraphQL and auth as one service over a database, under the settings of the step that is told."""

    url: str
    log: Log
    receiver: Receiver
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _settings: Mapping[str, str] | None = None
    _client: httpx.AsyncClient | None = None

    @classmethod
    @asynccontextmanager
    async def over(cls, url: str) -> AsyncIterator[BothEngines]:
        log = Log()
        logger = logging.getLogger("auth_engine")
        async with Receiver.listening() as receiver:
            engines = cls(url, log, receiver)
            logger.addHandler(log)
            try:
                yield engines
            finally:
                logger.removeHandler(log)
                await engines._stack.aclose()

    async def client(self, settings: Mapping[str, str]) -> httpx.AsyncClient:
        """Speaks to engines that were opened under these settings."""
        if self._client is None or settings != self._settings:
            await self._stack.aclose()
            self._settings, self._client = settings, await self._stack.enter_async_context(self._opened(settings))
        return self._client

    @asynccontextmanager
    async def _opened(self, settings: Mapping[str, str]) -> AsyncIterator[httpx.AsyncClient]:
        assert auth_warnings(settings) == ()
        environment = {**MADE_BY_UP, **FOR_SPEED, **{name: _with_pair(value) for name, value in settings.items()}}
        if "AUTH_WEBHOOK_URL" in environment:
            path = urlsplit(environment["AUTH_WEBHOOK_URL"]).path
            environment["AUTH_WEBHOOK_URL"] = f"http://127.0.0.1:{self.receiver.port}{path}"
        auth = read_auth_settings(environment)
        service = Service(read_settings(environment), self.url, ROOT / "permissions.yaml", strict=True, auth=auth)
        async with service.opened() as app:
            transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
                yield client

    async def tell(self, step: AuthExchange | Sight, told: Told) -> None:
        """Send the step's request and look at its answer, or look for what it says can be seen."""
        client = await self.client(step.settings)
        if isinstance(step, AuthExchange):
            return await _exchange(step, client, told)
        if step.where == "token":
            said = jwt.decode(told["access token"], options={"verify_signature": False})
            assert told.fits(json.loads(step.block.text), said), f"{step.block.place}: {said}"
            return None
        return await self._see(step, client, told)

    async def _see(self, sight: Sight, client: httpx.AsyncClient, told: Told) -> None:
        """The newest that fits."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found, fits = await self._found(sight, client)
            for each in found:
                attempt = Told(told)
                if fits(each, attempt):
                    told.update(attempt)
                    return
            assert time.monotonic() < deadline, f"{sight.block.place}: {found}"
            await asyncio.sleep(0.02)

    async def _found(
        self, sight: Sight, client: httpx.AsyncClient
    ) -> tuple[Iterable[Any], Callable[[Any, Told], bool]]:
        match sight.where:
            case "mailed":
                mails = (await client.get("/v1/auth/dev/mail")).json()["mails"]
                wanted = {**{name.lower(): value for name, value in _named_lines(sight.block.text).items()}, "…": "…"}
                return mails, lambda mail, told: told.fits(wanted, mail)
            case "logged":
                return self.log.lines[::-1], lambda line, told: told.fits(sight.block.text.strip(), line)
            case _:
                return self.receiver.messages[::-1], partial(_message_fits, sight.block)


@cache
def _pair() -> tuple[str, str]:
    """A public key and its private one, as PEM inside a JSON text."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    secret = private.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain).decode()
    public = private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return json.dumps(public)[1:-1], json.dumps(secret)[1:-1]


def _with_pair(value: str) -> str:
    if "<public key>" not in value:
        return value
    public, private = _pair()
    return value.replace("<public key>", public).replace("<private key>", private)


async def _exchange(exchange: AuthExchange, client: httpx.AsyncClient, told: Told) -> None:
    first, headers, body = parts(exchange.block)
    method, target, _ = told.filled(first).split(" ")
    place = urlsplit(target)
    answer = await client.request(
        method,
        f"{place.path}?{place.query}" if place.query else place.path,
        headers={name: told.filled(value) for name, value in headers},
        content=told.filled(body).encode() or None,
    )
    status_line, wanted_headers, wanted = parts(exchange.answer)
    assert status_line.split(" ")[1] == str(answer.status_code), f"{exchange.block.place}: {answer.text}"
    for name, value in wanted_headers:
        assert told.fits(value, answer.headers.get(name, "-")), f"{exchange.block.place}: {name}: {answer.headers}"
    assert told.fits(*_bodies(wanted, answer)), f"{exchange.block.place}: {answer.text}"


def _bodies(wanted: str, answer: httpx.Response) -> tuple[Any, Any]:
    """The page's and the answer's, read as what the answer says it is."""
    kind = answer.headers.get("content-type", "")
    if wanted == "…" or "json" not in kind:
        return wanted, answer.text
    if "ndjson" in kind:
        return _lines_of_json(wanted), _lines_of_json(answer.text)
    return json.loads(wanted), answer.json()


def _lines_of_json(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]
