"""Processes: the CPU time of a tree of them, and the server under test, started as anybody would start it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
TICK_SECONDS: Final = 1 / os.sysconf("SC_CLK_TCK")
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 15.0
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


class BenchError(Exception):
    """The bench cannot go on; the message says why, and what to do."""


def cpu_seconds(root: int) -> float:
    """What a process and all its descendants have used; those that ended count through the parent that waited."""
    return sum(sum(stat.ticks) for stat in _family(root).values()) * TICK_SECONDS


def resident_bytes(root: int) -> dict[int, int]:
    """The resident memory of a process and of each of its descendants, by pid."""
    sizes = {pid: _field(pid, "VmRSS") for pid in _family(root)}
    return {pid: int(size.removesuffix("kB")) * 1024 for pid, size in sizes.items() if size is not None}


def _family(root: int) -> dict[int, _Stat]:
    stats = {int(entry): stat for entry in os.listdir("/proc") if entry.isdigit() and (stat := _stat(int(entry)))}
    family, front = {}, [root]
    while front:
        pid = front.pop()
        if pid in stats:
            family[pid] = stats[pid]
        front += [child for child, stat in stats.items() if stat.parent == pid]
    return family


def _field(pid: int, name: str) -> str | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it ended meanwhile
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")), None)


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    ticks: tuple[int, ...]
    """User and system time of its own, then of its children that ended."""


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # it ended meanwhile
        return None
    # The name in parentheses may hold anything; the fields after it are numbers.
    fields = text.rpartition(")")[2].split()
    return _Stat(int(fields[1]), tuple(int(field) for field in fields[11:15]))


@dataclass(frozen=True, slots=True)
class Server:
    pid: int
    port: int


@contextmanager
def usher(
    database_url: str, permissions: Path, log: Path, settings: Mapping[str, str], workers: int = 1
) -> Iterator[Server]:
    """`usher serve` on a free port of this machine."""
    flags = ["--port=0", f"--permissions={permissions}", f"--workers={workers}"]
    with _served(["usher", "serve", *flags], {"DATABASE_URL": database_url, **settings}, log) as server:
        yield server


@contextmanager
def auth_engine(database_url: str, log: Path, settings: Mapping[str, str]) -> Iterator[Server]:
    """`auth-engine serve` on a free port of this machine, one worker."""
    with _served(["usher.auth_cli", "serve", "--port=0"], {"DATABASE_URL": database_url, **settings}, log) as server:
        yield server


@contextmanager
def _served(module: list[str], settings: Mapping[str, str], log: Path) -> Iterator[Server]:
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **settings}
    command = [sys.executable, "-m", *module]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield Server(process.pid, _wait_for_port(process, log))
    finally:
        _stop(process)


def _wait_for_port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = _ADDRESS.search(log.read_text())
        if found:
            return int(found[1])
        time.sleep(0.005)
    raise BenchError(f"the server did not start:\n{log.read_text()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
