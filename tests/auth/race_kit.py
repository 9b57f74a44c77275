"""Two processes of the auth engine over one database, and many requests that reach them in the same moment."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from auth_kit import PASSWORD, SETTINGS, Mailbox, new_address
from front.commands import ROOT, environment

START_SECONDS = 30.0
ANSWER_SECONDS = 30.0
ADDRESS = re.compile(r"Serving on (http://127\.0\.0\.1:\d+)")


# ---------------------------------------------------------------- processes


class Process:
    """`auth-engine serve`, begun. Its output goes to a file."""

    def __init__(self, database: str, log: Path, settings: Mapping[str, str], port: int = 0) -> None:
        self._log = log
        command = [sys.executable, "-m", "usher.auth_cli", "serve", "--port", str(port), "--database-url", database]
        with log.open("ab") as output:
            self._started = output.tell()
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment(**settings), stdout=output, stderr=output
            )

    @property
    def said(self) -> str:
        """By this process and by those that wrote to the same file before."""
        return self._log.read_text(errors="replace")

    def wait(self) -> str:
        """Where it serves, as soon as it does."""
        deadline = time.monotonic() + START_SECONDS
        while (found := ADDRESS.search(self.said, self._started)) is None:
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)
        return found[1]

    def kill(self) -> None:
        """End it without a warning."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


def process_settings(mailbox: Mailbox, **more: str) -> dict[str, str]:
    """Those of the tests, mails going to the mailbox."""
    return {**SETTINGS, "AUTH_SMTP_HOST": "127.0.0.1", "AUTH_SMTP_PORT": str(mailbox.port), **more}


# ---------------------------------------------------------------- requests


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: a GET without a body unless it has one."""

    path: str
    body: Any = None
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"

    def encoded(self, host: str) -> bytes:
        body = b"" if self.body is None else json.dumps(self.body).encode()
        headers = {"Host": host, "Connection": "close", "Content-Length": str(len(body)), **self.headers}
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(path: str, **headers: str) -> Ask:
    return Ask(path, method="GET", headers=headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The code of a refusal, in its body or in where it sends the browser; empty when it is none."""
        if "location" in self.headers:
            found = re.search(r"[?&]error=([^&]*)", self.headers["location"])
            return found[1] if found else ""
        return "" if self.status == 200 else str(self.json["error"])


async def at_once(addresses: Sequence[str], asks: Sequence[Ask]) -> list[Answer]:
    """Ask each on a connection of its own, the processes by turns. All connections are there before the first request
    leaves. Raises OSError or EOFError when a process goes away. An answer of 5xx fails the test."""
    hosts = [urlsplit(addresses[number % len(addresses)]) for number in range(len(asks))]
    wires = await asyncio.gather(*(asyncio.open_connection(each.hostname, each.port) for each in hosts))
    try:
        for (_, writer), ask, host in zip(wires, asks, hosts, strict=True):
            writer.write(ask.encoded(host.netloc))
        async with asyncio.timeout(ANSWER_SECONDS):
            answers = await asyncio.gather(*(_answer(reader) for reader, _ in wires))
    finally:
        for _, writer in wires:
            writer.close()
    assert all(answer.status < 500 for answer in answers), [each.body for each in answers if each.status >= 500]
    return list(answers)


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head, found, body = (await reader.read()).partition(b"\r\n\r\n")
    if not found:
        raise EOFError("the process went away")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if len(body) != int(headers.get("content-length", "0")):
        raise EOFError("the process went away amid an answer")
    return Answer(int(status.split()[1]), headers, body)


# ---------------------------------------------------------------- the pair


@dataclass(frozen=True, slots=True)
class Pair:
    """Two processes that serve, and the mailbox of both."""

    addresses: tuple[str, ...]
    processes: tuple[Process, ...]
    mailbox: Mailbox

    @classmethod
    async def of(cls, processes: tuple[Process, ...], mailbox: Mailbox) -> Pair:
        addresses = await asyncio.gather(*(asyncio.to_thread(process.wait) for process in processes))
        return cls(tuple(addresses), processes, mailbox)

    async def ask(self, path: str, body: Any = None, token: str | None = None, **headers: str) -> Answer:
        """A POST to the first process."""
        (answer,) = await at_once(self.addresses, [Ask(path, body, token, headers)])
        return answer

    async def get(self, path: str, token: str | None = None) -> Answer:
        (answer,) = await at_once(self.addresses, [Ask(path, token=token, method="GET")])
        return answer

    async def race(self, *asks: Ask, times: int = 50) -> list[Answer]:
        """So many requests at once over both; several are asked by turns."""
        return await at_once(self.addresses, [asks[number // 2 % len(asks)] for number in range(times)])

    async def sign_up(self, address: str | None = None) -> dict[str, Any]:
        body = {"email": address or new_address(), "password": PASSWORD}
        answer = await self.ask("/signup/email-password", body)
        assert answer.status == 200, answer.body
        session: dict[str, Any] = answer.json["session"]
        return session

    async def sign_in(self, address: str, password: str = PASSWORD) -> Answer:
        return await self.ask("/signin/email-password", {"email": address, "password": password})

    async def mailed(self, path: str, address: str, body: Any = None, token: str | None = None, **headers: str) -> Any:
        """Ask for a mail to the address, and wait for it."""
        before = len(self.mailbox.to(address))
        answer = await self.ask(path, body, token, **headers)
        assert answer.status == 200, answer.body
        await until(lambda: len(self.mailbox.to(address)) > before)
        return self.mailbox.last(address)

    def code_to(self, number: str) -> str:
        """The newest code that AUTH_SMS_PROVIDER=dev wrote to a log."""
        found = re.findall(rf"SMS to {re.escape(number)}: .*?(\d{{6}})", self.processes[0].said)
        assert found, self.processes[0].said
        return str(found[-1])


async def until(condition: Any, seconds: float = 15.0) -> None:
    """Wait for the condition to hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.01)


@contextmanager
def running(database: str, folder: Path, settings: Mapping[str, str], count: int = 2) -> Iterator[tuple[Process, ...]]:
    """Processes that are started at once, on a database that may be empty; ended with the block."""
    processes = tuple(Process(database, folder / f"log{number}", settings) for number in range(count))
    try:
        yield processes
    finally:
        for process in processes:
            process.stop()


# ---------------------------------------------------------------- what became of it


def won(answer: Answer) -> bool:
    """Whether a redemption succeeded: an answer of 200, or a redirect that carries a session or a ticket."""
    if "location" in answer.headers:
        return "refreshToken=" in answer.headers["location"] or "mfaTicket=" in answer.headers["location"]
    return answer.status == 200


def one_won(answers: Sequence[Answer], *codes: str) -> Answer:
    """The one that succeeded; all the others were refused with one of these codes."""
    winners = [answer for answer in answers if won(answer)]
    assert len(winners) == 1, [(each.status, each.headers.get("location"), each.body) for each in answers]
    losers = {answer.error for answer in answers if not won(answer)}
    assert losers <= set(codes), losers
    return winners[0]
