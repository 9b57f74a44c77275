"""Installing and starting the provider of npm's `oidc-provider`."""

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

import httpx
from auth_kit import free_port

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
STAMP = MODULES / ".made-from-lock"
INSTALL = ("ci", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1", "--fetch-timeout=20000")


class NoTools(Exception):
    """There is no npm here, or it cannot install. The message says why."""


@dataclass(frozen=True, slots=True)
class CertifiedProvider:
    """A provider at `issuer`, whose one client may come back to one address."""

    issuer: str

    async def visit(self, url: str, login_hint: str) -> str:
        """Walk through the provider's pages as somebody; the address that the browser is sent back to."""
        async with httpx.AsyncClient(trust_env=False) as browser:
            answer = await browser.get(url, params={**dict(httpx.URL(url).params), "login_hint": login_hint})
            for _ in range(10):
                address = answer.headers.get("location")
                assert address is not None, answer.text
                target = httpx.URL(answer.url).join(address)
                if not str(target).startswith(self.issuer):
                    return str(target)
                answer = await browser.get(target)
        raise AssertionError("the provider's pages do not end")


@contextmanager
def running(redirect_uri: str) -> Iterator[CertifiedProvider]:
    """Raises NoTools."""
    _ensure_installed()
    node, port = shutil.which("node"), free_port()
    if node is None:
        raise NoTools("node is not there")
    command = [node, str(HERE / "provider.mjs"), str(port), redirect_uri]
    settings = {**os.environ, "NODE_NO_WARNINGS": "1"}
    process = subprocess.Popen(
        command, cwd=HERE, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if line.strip() == "ready":
                break
        else:
            raise AssertionError("".join(said))
        yield CertifiedProvider(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _ensure_installed() -> None:
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    with (HERE / ".installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.is_file() and STAMP.read_text() == wanted:
            return
        npm = shutil.which("npm")
        if npm is None:
            raise NoTools("npm is not there")
        done = subprocess.run(
            [npm, *INSTALL], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300
        )
        if done.returncode:
            raise NoTools(f"npm cannot install: {done.stdout.strip()[-500:]}")
        STAMP.write_text(wanted)
