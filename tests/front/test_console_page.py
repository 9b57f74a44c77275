"""The console, opened in a headless Chromium: it loads, its policy stops nothing of its own, and it asks."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from front.commands import Serving, environment
from front.test_serving import ADDRESS

from usher.static import CONSOLE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium")


def page_of(address: str, profile: Path) -> tuple[str, str]:
    """The document after its scripts ran, and what the browser's console said."""
    assert CHROMIUM is not None
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"]
    done = subprocess.run(
        [CHROMIUM, *flags, f"--user-data-dir={profile}", "--virtual-time-budget=15000", "--dump-dom", address],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
        check=False,
    )
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.skipif(not (CONSOLE / "dist" / "index.html").is_file(), reason="the console is not built: make console")
def test_graphiql_opens_and_reads_the_schema(start: Callable[..., Serving], example: str, tmp_path: Path) -> None:
    serving = start("serve", "--port", 0, "--database-url", example)
    (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
    document, said = page_of(f"{address}/console/", tmp_path / "profile")
    assert "graphiql-container" in document
    assert "role-switch" in document
    assert "Organisations" in document
    assert "Content Security Policy" not in said
    assert "Error" not in said
