"""The stories of Hasura Auth's own JavaScript clients: Node beside the test, which hands over what a person would have.

A story writes one JSON object a line: what it needs (a mailed link, a code, a security key, a look into the database),
answered by a line, and at last what it saw.
"""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import pyotp
import pytest
from auth_kit import PASSWORD, Mailbox, link_of, ticket_of
from authenticator_kit import Authenticator
from clients.tools import NoTools, ensure_installed, find_node
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from live_kit import live

CLIENTS = Path(__file__).with_name("client")
STORY_SECONDS = 60
MAIL_SECONDS = 5
SMS_LOG = logging.getLogger("auth_engine.mail.sms")
LOOK = """
    select u.*, u.password_hash is not null as has_password,
        (select count(*) from auth.refresh_tokens t where t.user_id = u.id and t.type = 'regular') as sessions,
        (select count(*) from auth.refresh_tokens t where t.user_id = u.id and t.type = 'pat') as pats
    from auth.users u
    where u.email = $1 or u.id::text = $1 or u.phone_number = $1
"""

EVERYTHING_ON = {
    "AUTH_API_PREFIX": "/v1",
    "AUTH_ANONYMOUS_USERS_ENABLED": "true",
    "AUTH_EMAIL_PASSWORDLESS_ENABLED": "true",
    "AUTH_OTP_EMAIL_ENABLED": "true",
    "AUTH_MFA_ENABLED": "true",
    "AUTH_REQUIRE_ELEVATED_CLAIM": "recommended",
    "AUTH_WEBAUTHN_ENABLED": "true",
    "AUTH_SMS_PASSWORDLESS_ENABLED": "true",
    "AUTH_SMS_PROVIDER": "dev",
    "AUTH_PROVIDER_GITHUB_ENABLED": "true",
    "AUTH_PROVIDER_GITHUB_CLIENT_ID": "id",
    "AUTH_PROVIDER_GITHUB_CLIENT_SECRET": "secret",
    "AUTH_VERSION": "9.8.7",
}
STRICT = {"AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true"}

Story: TypeAlias = dict[str, dict[str, Any]]
"""Chapter → what the client saw in it."""


@dataclass(slots=True)
class World:
    """What a story may ask for."""

    database: str
    mailbox: Mailbox
    texts: list[str]
    """The lines of the log in which SMS are."""
    keys: dict[str, Authenticator] = field(default_factory=dict)

    def answer(self, asked: Mapping[str, Any]) -> Any:
        match asked["need"]:
            case "mail":
                return self._mail(asked["template"], asked["to"])
            case "sms":
                return next(text for text in reversed(self.texts) if asked["number"] in text).split()[-1].strip(".")
            case "totp":
                return pyotp.TOTP(asked["secret"]).now()
            case "key":
                authenticator = self.keys.setdefault(asked["name"], Authenticator())
                return getattr(authenticator, asked["use"])(asked["options"])
            case "look":
                return look(self.database, asked["user"])
        raise AssertionError(f"the story asks for {asked}")

    def _mail(self, template: str, address: str) -> dict[str, str]:
        """The newest of a template, which a busy machine may deliver after the answer's window; read once."""
        for _ in range(MAIL_SECONDS * 100):
            found = [mail for mail in self.mailbox.to(address) if mail["X-Email-Template"] == template]
            if found:
                with self.mailbox.arrived:
                    self.mailbox.mails.remove(found[-1])
                return {"link": link_of(found[-1]), "ticket": ticket_of(found[-1])}
            time.sleep(0.01)
        raise AssertionError(f"no {template} to {address}")


def look(database: str, user: str) -> dict[str, Any] | None:
    """A user's row, and how many sessions and personal access tokens they have."""
    rows = execute(database, LOOK, user)
    return json.loads(json.dumps(dict(rows[0]), default=str)) if rows else None


def execute(database: str, statement: str, *arguments: str) -> list[asyncpg.Record]:
    """A statement's rows, for who has no event loop."""

    async def ask() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(database)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
            return rows
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, ask()).result()


class _Texts(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def sms_log() -> Iterator[list[str]]:
    """The messages that AUTH_SMS_PROVIDER=dev writes to the log meanwhile."""
    texts, level = _Texts(), SMS_LOG.level
    SMS_LOG.addHandler(texts)
    SMS_LOG.setLevel(logging.INFO)
    try:
        yield texts.lines
    finally:
        SMS_LOG.setLevel(level)
        SMS_LOG.removeHandler(texts)


def tell(script: str, world: World, **addresses: str) -> Story:
    """Run a story to its end. Raises AssertionError where a chapter broke off."""
    given = json.dumps({**addresses, "password": PASSWORD, "run": time.time_ns() // 1000})
    process = subprocess.Popen(
        [find_node(), "--no-warnings", script, given],
        cwd=CLIENTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    timer = threading.Timer(STORY_SECONDS, process.kill)
    timer.start()
    try:
        story, said = _converse(process, world)
    finally:
        timer.cancel()
        process.kill()
        process.communicate()
    assert story is not None, f"{script} ended without its story: {said}"
    broken = {name: chapter for name, chapter in story.items() if "broken" in chapter}
    assert not broken, f"{script}: {json.dumps(broken, indent=1)}"
    return story


def _converse(process: subprocess.Popen[str], world: World) -> tuple[Story | None, str]:
    """Answer what the story needs until it is told; what Node said where it never is."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        said = json.loads(line)
        if "story" in said:
            return said["story"], ""
        process.stdin.write(json.dumps(world.answer(said)) + "\n")
        process.stdin.flush()
    return None, process.stderr.read()[-2000:]


def rsa_secret() -> str:
    """A new pair of keys, as HASURA_GRAPHQL_JWT_SECRET has it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return json.dumps({"type": "RS256", "key": public, "signing_key": private})


def story_of(script: str, database: str, mailbox: Mailbox) -> Story:
    """What a client sees of two engines over one database: one wants addresses verified. Skips without npm or Node."""
    install()
    settings = {**EVERYTHING_ON, "HASURA_GRAPHQL_JWT_SECRET": rsa_secret()}
    with (
        sms_log() as texts,
        live(database, mailbox, settings) as open_engine,
        live(database, mailbox, {**settings, **STRICT}) as strict_engine,
    ):
        return tell(script, World(database, mailbox, texts), open=open_engine, strict=strict_engine)


def install() -> None:
    """The clients as their lock file names them. Skips the test where that cannot be."""
    try:
        ensure_installed(CLIENTS)
        find_node()
    except NoTools as missing:
        pytest.skip(str(missing))
