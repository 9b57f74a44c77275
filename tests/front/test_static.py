"""/console: exact files, strict headers, a plain page where nothing was built."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import httpx
import pytest

from usher.static import CONSOLE, console_app


def client_of(folder: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(console_app(folder)), base_url="http://localhost")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<p>built</p>")
    (tmp_path / "dist" / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / "dist" / "assets" / "app-1a2b.js.map").write_text("{}")
    (tmp_path / "secret.html").write_text("secret")
    return tmp_path


async def test_the_built_page_and_its_files_are_served(built: Path) -> None:
    async with client_of(built) as client:
        page = await client.get("/console/")
        script = await client.get("/console/assets/app-1a2b.js")
    assert (page.text, script.text) == ("<p>built</p>", "1")
    assert "immutable" in script.headers["cache-control"]
    assert page.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/console/../secret.html",
        "/console/%2e%2e/secret.html",
        "/console/assets/..%2f..%2fsecret.html",
        "/console//index.html",
        "/console/assets/app-1a2b.js.map",
        "/console/assets",
    ],
)
async def test_nothing_else_is_served(built: Path, path: str) -> None:
    async with client_of(built) as client:
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/", "/console"])
async def test_the_console_is_found_from_above(built: Path, path: str) -> None:
    async with client_of(built) as client:
        answer = await client.get(path)
    assert (answer.status_code, str(answer.next_request and answer.next_request.url)) == (
        307,
        "http://localhost/console/",
    )


async def test_only_reading_is_allowed(built: Path) -> None:
    async with client_of(built) as client:
        assert (await client.post("/console/")).status_code == 405
        assert (await client.head("/console/")).content == b""


@pytest.mark.parametrize("is_built", [True, False])
async def test_no_page_may_be_framed_or_load_from_elsewhere(built: Path, is_built: bool) -> None:
    async with client_of(built if is_built else CONSOLE.parent / "console") as client:
        headers = (await client.get("/console/")).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"


async def test_the_plain_page_allows_its_own_script_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "plain.html").write_bytes((CONSOLE / "plain.html").read_bytes())
    async with client_of(tmp_path) as client:
        page = await client.get("/console/")
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "//" not in re.sub(r"// \w+.*|\S+ // .*", "", script)


def test_the_lock_of_the_console_names_no_addresses() -> None:
    lock = (CONSOLE / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
