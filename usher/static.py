"""/console: the built GraphiQL page, or a plain query page of our own where it was not built.

Files are read once, at the start, and served by exact name from memory: no path of a visitor's ever reaches the disk.
Nothing is fetched from elsewhere, and the headers forbid it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

CONSOLE: Final = Path(__file__).parent / "console"

MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".json": "application/json",
}

# GraphiQL's editor writes style elements and runs its language services in workers made from our own files.
GRAPHIQL_POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
INLINE: Final = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """A file of the console, ready to send."""

    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]


def console_app(folder: Path = CONSOLE) -> ASGIApp:
    """The console below /console/, and a redirect to it from / and /console."""
    pages = _built_pages(folder / "dist") or {"": _plain_page(folder / "plain.html")}

    async def console(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            await _send(send, 405, Page(b"", ((b"allow", b"GET, HEAD"),)))
        elif path in ("/", "/console"):
            # Relative, so that it holds behind a proxy's prefix too.
            await _send(send, 307, Page(b"", ((b"location", b"console/"),)))
        elif (page := pages.get(path.removeprefix("/console/"))) is not None:
            await _send(send, 200, page, with_body=scope["method"] == "GET")
        else:
            await _send(send, 404, Page(b"not found", ((b"content-type", b"text/plain"),)))

    return console


async def _send(send: Send, status: int, page: Page, *, with_body: bool = True) -> None:
    headers = [*page.headers, (b"content-length", str(len(page.body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": page.body if with_body else b""})


def _built_pages(dist: Path) -> dict[str, Page]:
    """Every file of the build by its path; empty when it was not built, or not to its end."""
    if not (dist / "index.html").is_file():
        return {}
    files = (path for path in sorted(dist.rglob("*")) if path.is_file() and path.suffix in MEDIA_TYPES)
    pages = {path.relative_to(dist).as_posix(): _page(path, GRAPHIQL_POLICY) for path in files}
    return {"": pages["index.html"], **pages}


def _plain_page(path: Path) -> Page:
    """The page that needs no build. Its one script and one style are allowed by their hashes and nothing else is."""
    allowed = {kind: f"'sha256-{_digest(text)}'" for kind, text in INLINE.findall(path.read_bytes())}
    return _page(
        path,
        f"default-src 'none'; script-src {allowed[b'script']}; style-src {allowed[b'style']}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )


def _digest(text: bytes) -> str:
    return base64.b64encode(hashlib.sha256(text).digest()).decode()


def _page(path: Path, policy: str) -> Page:
    # Names of built files carry a hash of their content, so they may be kept; the page that names them may not.
    keep = "no-cache" if path.suffix == ".html" else "public, max-age=31536000, immutable"
    headers = {
        "content-type": MEDIA_TYPES[path.suffix],
        "cache-control": keep,
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
    }
    return Page(path.read_bytes(), tuple((name.encode(), value.encode()) for name, value in headers.items()))
