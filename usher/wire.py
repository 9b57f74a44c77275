"""uvicorn's HTTP protocol with fewer system calls, and with an end to what is no body.

The head of an answer leaves together with its body: uvicorn writes the two one after the other, and uvloop sends each
at once: two system calls, and a client woken twice. ASGI allows a server to keep the head back until the body comes.

Bodies are bounded by who reads them. Heads, trailers and extensions of chunks nobody bounds: uvicorn collects them for
as long as they come, and takes trailers for headers.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "
_INTERIM = b"HTTP/1.1 1"
"""100 Continue, 101 Switching Protocols: somebody waits for these."""
_END_OF_HEAD = b"\r\n\r\n"
MOST_HEAD_BYTES: Final = 65_536
"""Of a request's head, more or less: what comes at once is looked at as a whole."""
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's own protocol over a transport that joins heads with bodies."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(JoiningTransport(transport))  # type: ignore[arg-type]
        # Since the last end of a head, or the last byte of a body.
        self._idle_bytes = 0
        self._has_moved = False

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._has_moved:
            self._has_moved = False
            self._idle_bytes = 0
            return
        self._idle_bytes += len(data)
        if self._idle_bytes > MOST_HEAD_BYTES:
            self._hang_up()

    def _hang_up(self) -> None:
        if self.transport.is_closing():
            return
        # In the middle of an answer nothing else can be said.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_TOO_LARGE)
        self.transport.close()

    def on_headers_complete(self) -> None:
        # What comes after the body is no header: proxies that write over those of visitors do not look there.
        self.scope["headers"] = self.headers.copy()
        self._has_moved = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._has_moved = True
        super().on_body(body)

    def on_response_complete(self) -> None:
        # An answer without a body (HEAD, 204) has no second write that would take its head along.
        self.transport.flush()  # type: ignore[attr-defined]
        super().on_response_complete()


class JoiningTransport:
    """Holds the head of an answer until the next write, or until `flush` or `close`."""

    __slots__ = ("_held", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def write(self, data: bytes) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.writelines((held, data))
        elif data.startswith(_HEAD) and data.endswith(_END_OF_HEAD) and not data.startswith(_INTERIM):
            self._held = data
        else:
            self._transport.write(data)

    def flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
