"""uvicorn's HTTP protocol with fewer system calls: the head of an answer leaves together with its body.

uvicorn writes the two one after the other, and uvloop sends each at once: two system calls, and a client woken twice.
ASGI allows a server to keep the head back until the body comes.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "
_INTERIM = b"HTTP/1.1 1"
"""100 Continue, 101 Switching Protocols: somebody waits for these."""
_END_OF_HEAD = b"\r\n\r\n"


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's own protocol over a transport that joins heads with bodies."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(JoiningTransport(transport))  # type: ignore[arg-type]

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
