"""Asks the server over HTTP as fast as it answers: by wrk where it is installed, else by a client of our own."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.processes import ROOT, BenchError
from bench.requests import PATH

PATIENCE_SECONDS: Final = 30
GENERATORS: Final = ("wrk", "python")


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients saw. Latencies in milliseconds; `cpu` is what the load generator itself used, in seconds."""

    answers: int
    seconds: float
    errors: int
    p50: float
    p99: float
    wrong: str
    cpu: float

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


def best_generator() -> str:
    return "wrk" if shutil.which("wrk", path=os.defpath) else "python"


def run_load(generator: str, port: int, requests: Path, connections: int, seconds: int) -> Load:
    """Load the server for so long. Raises BenchError when the generator itself fails."""
    before = _children()
    done = subprocess.run(
        _command(generator, port, requests, connections, seconds),
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=seconds + PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"the load generator failed:\n{done.stdout}{done.stderr}")
    return Load(**json.loads(done.stdout.splitlines()[-1]), cpu=_children() - before)


def _command(generator: str, port: int, requests: Path, connections: int, seconds: int) -> list[str]:
    if generator == "python":
        return [sys.executable, "-m", "bench.client", str(port), str(requests), str(connections), str(seconds)]
    script = Path(__file__).with_name("wrk.lua")
    flags = ["--threads=1", f"--connections={connections}", f"--duration={seconds}s", "--timeout=20s"]
    return ["wrk", *flags, f"--script={script}", f"http://127.0.0.1:{port}{PATH}", "--", str(requests)]


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
