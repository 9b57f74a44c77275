"""A Postgres and a `usher serve` of the test's own, which can be killed without a warning and started again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from usher.postgres import EmbeddedPostgres

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DATABASE = "crash"
SECRET = "known to these tests alone"
START_SECONDS = 30.0
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


class Database:
    """A durable server: what it acknowledged must outlive it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = EmbeddedPostgres.start(folder)
        self._server.create_database(DATABASE)
        self._server.apply(DATABASE, HERE / "schema.sql")

    @property
    def url(self) -> str:
        return self._server.url(DATABASE)

    def kill(self) -> None:
        """End the server and all its processes at once, as a power cut would."""
        postmaster = self._postmaster()
        os.kill(postmaster, signal.SIGSTOP)  # from now on it has no new children
        for pid in (*_children(postmaster), postmaster):
            _kill(pid)
        self._server.stop()

    def kill_one_connection(self) -> None:
        """End one process that serves a connection: the server then throws all of them out and recovers by itself."""
        for pid in _children(self._postmaster()):
            if f" {DATABASE} ".encode() in _title(pid):
                _kill(pid)
                return

    def start(self) -> None:
        """On the same data: it replays its log."""
        url = self.url
        self._server = EmbeddedPostgres.start(self._folder)
        assert self.url == url

    def stop(self) -> None:
        self._server.stop()

    def _postmaster(self) -> int:
        return int((self._folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


class Usher:
    """`usher serve` with one worker, on a port that changes with each start."""

    def __init__(self, database_url: str, log: Path) -> None:
        self._database_url = database_url
        self._log = log
        self.start()

    def start(self) -> None:
        """Returns when it serves."""
        command = [sys.executable, "-m", "usher", "serve", "--port=0", f"--permissions={HERE / 'permissions.yaml'}"]
        settings = {"DATABASE_URL": self._database_url, "HASURA_GRAPHQL_ADMIN_SECRET": SECRET}
        environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **settings}
        started = len(self.said)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        self.address = self._wait_for_address(started)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _wait_for_address(self, started: int) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if found := ADDRESS.search(self.said, started):
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"usher does not start:\n{self.said[started:]}")


@contextmanager
def standing() -> Iterator[tuple[Database, Usher]]:
    """Both, stopped at the end, and their folder gone."""
    with tempfile.TemporaryDirectory(prefix="usher-crash-") as folder:
        database = Database(Path(folder) / "data")
        try:
            usher = Usher(database.url, Path(folder) / "log")
            try:
                yield database, usher
            finally:
                usher.stop()
        finally:
            database.stop()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _title(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:  # it ended meanwhile
        return b""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
