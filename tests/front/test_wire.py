"""Answers on the wire: head and body in one write, and every kind of answer whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from usher.wire import JoiningTransport, OneWriteProtocol


class Recorder:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def writelines(self, data: tuple[bytes, ...]) -> None:
        self.writes.append(b"".join(data))

    def close(self) -> None:
        self.writes.append(b"<closed>")


def test_head_and_body_leave_together() -> None:
    recorder = Recorder()
    transport = JoiningTransport(recorder)  # type: ignore[arg-type]
    transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
    transport.write(b"body")
    transport.write(b"more")
    assert recorder.writes == [b"HTTP/1.1 200 OK\r\n\r\nbody", b"more"]


def test_a_head_alone_leaves_when_flushed_or_closed() -> None:
    recorder = Recorder()
    transport = JoiningTransport(recorder)  # type: ignore[arg-type]
    transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert recorder.writes == []
    transport.flush()
    transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    transport.close()
    assert recorder.writes == [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"<closed>",
    ]


def test_interim_answers_never_wait() -> None:
    recorder = Recorder()
    transport = JoiningTransport(recorder)  # type: ignore[arg-type]
    transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert recorder.writes == [b"HTTP/1.1 100 Continue\r\n\r\n"]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """/empty answers 204, /pieces in three chunks, anything else its path."""
    path = scope["path"]
    status = 204 if path == "/empty" else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    if path == "/pieces":
        for piece in (b"one ", b"two "):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0.01)
    body = {"/pieces": b"three", "/empty": b""}.get(path, path.encode())
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    configuration = uvicorn.Config(application, port=0, http=OneWriteProtocol, lifespan="off", log_config=None)
    server = uvicorn.Server(configuration)
    server.capture_signals = lambda: __import__("contextlib").nullcontext()  # type: ignore[method-assign]
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn sets a flag, no event)
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await running


async def exchange(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_every_answer_of_a_connection_arrives(port: int) -> None:
    last = b"Host: x\r\nConnection: close\r\n\r\n"
    request = b"".join(
        [
            b"GET /empty HTTP/1.1\r\nHost: x\r\n\r\n",
            b"HEAD /head HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /last HTTP/1.1\r\n" + last,
        ]
    )
    answer = await exchange(port, request)
    assert answer.count(b"HTTP/1.1 ") == 4
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert b"one " in answer
    assert b"three" in answer.split(b"one ")[1]
    assert b"/last" in answer.split(b"three")[1]


async def test_a_malformed_request_is_told_so(port: int) -> None:
    assert (await exchange(port, b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
