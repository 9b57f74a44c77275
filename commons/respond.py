"""Writing an answer: compression, the two ASGI messages, and the small JSON pages."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from starlette.types import Send

Header = tuple[bytes, bytes]

JSON: Final[Header] = (b"content-type", b"application/json; charset=utf-8")
_GZIPPED: Final[list[Header]] = [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
_THREAD_FROM: Final = 64 * 1024


async def send_bytes(send: Send, status: int, body: bytes, headers: list[Header]) -> None:
    """Send a whole answer. `headers` is added to."""
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_gzipped(send: Send, status: int, body: bytes, headers: list[Header]) -> None:
    """Send a whole answer compressed, fast rather than small; long ones are compressed beside the event loop."""
    headers += _GZIPPED
    is_long = len(body) >= _THREAD_FROM
    packed = await asyncio.to_thread(gzip.compress, body, 1, mtime=0) if is_long else gzip.compress(body, 1, mtime=0)
    await send_bytes(send, status, packed, headers)


async def send_json(send: Send, status: int, page: Any, headers: Iterable[Header] = ()) -> None:
    """Send a small JSON document."""
    await send_bytes(send, status, msgspec.json.encode(page), [JSON, *headers])
