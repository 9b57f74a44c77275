"""The command line, run as a person would run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOREIGN_SETTINGS = ("HASURA_GRAPHQL_", "USHER_", "AUTH_", "POSTGRES_", "DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    error: str


def environment(**settings: str) -> dict[str, str]:
    """The process's environment, with no settings of usher's but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_SETTINGS)}
    return {**kept, "PYTHONPATH": str(ROOT), **settings}


def run_usher(*arguments: object, module: str = "usher", **settings: str) -> Ended:
    """A command that ends by itself."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(**settings), capture_output=True, text=True, timeout=60, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


class Serving:
    """A command that serves until it is told to stop; its output goes to a file."""

    def __init__(
        self, folder: Path, arguments: tuple[object, ...], settings: dict[str, str], module: str = "usher"
    ) -> None:
        self.log = folder / "log"
        with self.log.open("w") as log:
            command = [sys.executable, "-m", module, *map(str, arguments)]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment(**settings), stdout=log, stderr=log)

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str, seconds: float = 30) -> str:
        """What was said, as soon as it contains the text."""
        deadline = time.monotonic() + seconds
        while text not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)
        return self.said

    def stop(self, number: int = signal.SIGINT) -> int:
        """The exit code after a signal."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)
