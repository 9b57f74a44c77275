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
from auth_kit import PASSWORD, Mailbox, link_of, ticket_of
from authenticator_kit import Authenticator
from clients.tools import find_node

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
                self.mailbox.mails.remove(found[-1])
                return {"link": link_of(found[-1]), "ticket": ticket_of(found[-1])}
            time.sleep(0.01)
        raise AssertionError(f"no {template} to {address}")


def look(database: str, user: str) -> dict[str, Any] | None:
    """A user's row, and how many sessions and personal access tokens they have."""

    async def ask() -> dict[str, Any] | None:
        connection = await asyncpg.connect(database)
        try:
            row = await connection.fetchrow(LOOK, user)
        finally:
            await connection.close()
        return None if row is None else json.loads(json.dumps(dict(row), default=str))

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
    """Run a story to its end. Raises NoTools without Node, AssertionError where a chapter broke off."""
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
