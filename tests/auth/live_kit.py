"""An auth engine behind a real HTTP server, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import uvicorn
from auth_kit import SETTINGS, Mailbox, free_port

from auth_engine.app import AuthEngine
from auth_engine.core.settings import read_settings

_START_SECONDS = 20


@contextmanager
def live(database: str, mailbox: Mailbox, settings: Mapping[str, str]) -> Iterator[str]:
    """The address of an engine over this database, AUTH_API_PREFIX included; it has ended when the block has."""
    port = free_port()
    address = f"http://127.0.0.1:{port}{settings.get('AUTH_API_PREFIX', '')}"
    smtp = {"AUTH_SMTP_HOST": "127.0.0.1", "AUTH_SMTP_PORT": str(mailbox.port)}
    environment = {**SETTINGS, "AUTH_SERVER_URL": address, **smtp, **settings}
    ready = threading.Event()
    told: dict[str, Any] = {}

    async def run() -> None:
        engine = await AuthEngine.open(read_settings(environment), database)
        server = uvicorn.Server(
            uvicorn.Config(engine.app, port=port, lifespan="off", log_config=None, access_log=False)
        )
        told["server"] = server
        ready.set()
        try:
            await server.serve()
        finally:
            await engine.close()

    def work() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            told["error"] = error
            ready.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(_START_SECONDS), "the server did not start"
    if "error" in told:
        raise told["error"]
    try:
        _await_serving(told["server"], thread)
        yield address
    finally:
        told["server"].should_exit = True
        thread.join(_START_SECONDS)


def _await_serving(server: uvicorn.Server, thread: threading.Thread) -> None:
    for _ in range(_START_SECONDS * 100):
        if server.started or not thread.is_alive():
            break
        threading.Event().wait(0.01)
    assert server.started, "the server did not start"
