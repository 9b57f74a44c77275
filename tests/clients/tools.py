"""The tools of GraphQL clients as they come from npm: installed once for each lock file, run in any folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
INSTALL = ("ci", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1", "--fetch-timeout=20000")
CONSOLE_NODE = HERE.parents[1] / "usher/console/.build/node/bin"
"""The Node that the console was built with, where the machine has none."""


class NoTools(Exception):
    """There is no npm here, or it cannot install. The message says why."""


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    said: str


def ensure_installed(folder: Path = HERE) -> None:
    """Make node_modules what the folder's lock file says. Raises NoTools; several processes may ask at once."""
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules/.made-from-lock"
    with _alone(folder):
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        npm = shutil.which("npm", path=_path())
        if npm is None:
            raise NoTools("npm is not there")
        done = _run([npm, *INSTALL], folder, {})
        if done.code:
            raise NoTools(f"npm cannot install: {done.said.strip()[-500:]}")
        stamp.write_text(wanted)


def find_node() -> str:
    """Where Node is. Raises NoTools."""
    node = shutil.which("node", path=_path())
    if node is None:
        raise NoTools("Node is not there")
    return node


def run_tool(name: str, *arguments: str, folder: Path, **environment: str) -> Ended:
    """A tool of node_modules, run in a folder; its output is one text."""
    link = folder / "node_modules"
    if not link.exists():
        link.symlink_to(MODULES)
    return _run([str(MODULES / ".bin" / name), *arguments], folder, environment)


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> Ended:
    settings = {**os.environ, "PATH": _path(), "NO_COLOR": "1", "CI": "true", **environment}
    done = subprocess.run(
        command, cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300
    )
    return Ended(done.returncode, done.stdout)


def _path() -> str:
    return os.pathsep.join((os.environ.get("PATH", os.defpath), str(CONSOLE_NODE)))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
