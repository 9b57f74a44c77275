"""A load generator for machines without wrk: keep-alive connections, one request at a time on each, no parsing but of
the length of an answer. Run as `python -m bench.client PORT FILE CONNECTIONS SECONDS`; prints one line of JSON."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import uvloop

from bench.requests import PATH

PATIENCE_SECONDS: Final = 10.0
_LENGTH: Final = b"content-length: "


class Tally:
    """What all connections found together. Latencies in seconds."""

    def __init__(self, begins: bytes, seconds: float) -> None:
        self.begins = begins
        self.started = time.perf_counter()
        self.deadline = self.started + seconds
        self.latencies: list[float] = []
        self.errors = 0
        self.wrong = b""

    def count(self, head: bytes, body: bytes, latency: float) -> None:
        self.latencies.append(latency)
        if not head.startswith(b"HTTP/1.1 200") or not body.startswith(self.begins):
            self.errors += 1
            self.wrong = body[:300]


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole. `done` is set at the deadline."""

    def __init__(self, requests: Iterator[bytes], tally: Tally) -> None:
        self._requests = requests
        self._tally = tally
        self._head = b""
        self._body: list[bytes] = []
        self._missing = 0
        self._sent = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._tally.errors += 1
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._body.append(data)
            self._missing -= len(data)
        else:
            head, end, body = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head, self._body = head, [body]
            self._missing = _length(head) - len(body)
        if self._missing <= 0:
            self._answered()

    def _answered(self) -> None:
        now = time.perf_counter()
        self._tally.count(self._head, b"".join(self._body), now - self._sent)
        self._head, self._body, self._missing = b"", [], 0
        if now < self._tally.deadline:
            self._send()
        elif not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(_LENGTH)
    return int(rest.partition(b"\r\n")[0])


def _read(path: Path, port: int) -> tuple[bytes, list[bytes]]:
    begins, *lines = path.read_bytes().splitlines()
    return begins, [_request(line, port) for line in lines]


def _request(line: bytes, port: int) -> bytes:
    token, _, body = line.partition(b"\t")
    head = (
        b"POST %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    return head % (PATH.encode(), port, token, len(body)) + body


async def load(port: int, path: Path, connections: int, seconds: float) -> dict[str, object]:
    """Ask until the time is over, wait for the answers under way, and report."""
    begins, requests = _read(path, port)
    turns = itertools.cycle(requests)
    tally = Tally(begins, seconds)
    loop = asyncio.get_running_loop()
    pairs = [
        await loop.create_connection(lambda: Connection(turns, tally), "127.0.0.1", port) for _ in range(connections)
    ]
    await asyncio.wait([protocol.done for _, protocol in pairs], timeout=seconds + PATIENCE_SECONDS)
    tally.errors += sum(not protocol.done.done() for _, protocol in pairs)
    for transport, protocol in pairs:
        protocol.done.cancel()
        transport.close()
    return _report(tally, time.perf_counter() - tally.started)


def _report(tally: Tally, seconds: float) -> dict[str, object]:
    ordered = sorted(tally.latencies) or [0.0]
    return {
        "answers": len(tally.latencies),
        "seconds": seconds,
        "errors": tally.errors,
        "p50": ordered[len(ordered) // 2] * 1000,
        "p99": ordered[len(ordered) * 99 // 100] * 1000,
        "wrong": tally.wrong.decode(errors="replace"),
    }


def main() -> None:
    port, path, connections, seconds = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report = runner.run(load(int(port), Path(path), int(connections), float(seconds)))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
