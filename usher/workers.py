"""Several processes behind one socket, and the one that looks after them."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import signal
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

import structlog

from usher.failures import StartRefused, explain
from usher.serve import GRACE_SECONDS, STOP_SIGNALS, Servable, serve

log = structlog.get_logger("usher")

PATIENCE_SECONDS: Final = GRACE_SECONDS + 5
SHORT_LIFE_SECONDS: Final = 1.0


def serve_by(
    workers: int, service: Servable, listener: socket.socket, on_ready: Callable[[], None] | None = None
) -> None:
    """Serve by so many processes; one needs no other to look after it."""
    if workers == 1:
        serve(service, listener, on_ready)
    else:
        serve_many(service, listener, workers, on_ready)


def serve_many(
    service: Servable, listener: socket.socket, workers: int, on_ready: Callable[[], None] | None = None
) -> None:
    """Serve by several processes. One that dies is replaced; one that cannot start ends all. The others follow when the
    first one serves, so that what is wrong is said once."""
    context = multiprocessing.get_context("spawn")
    quiet = service.quietly()

    def start() -> SpawnProcess:
        return _started(context.Process(target=_work, args=(quiet, listener), daemon=False))

    serves, says = context.Pipe(duplex=False)
    crew = [_started(context.Process(target=_work, args=(service, listener, says), daemon=False))]
    says.close()
    try:
        _await_first(crew[0], serves)
        crew += [start() for _ in range(workers - 1)]
        if on_ready is not None:
            on_ready()
        _look_after(crew, start)
    finally:
        _dismiss(crew)


def _started(process: SpawnProcess) -> SpawnProcess:
    process.start()
    return process


def _await_first(process: SpawnProcess, serves: Connection) -> None:
    try:
        serves.recv()
    except EOFError:
        process.join()
        raise StartRefused("a worker could not start; its reason stands above") from None


def _work(service: Servable, listener: socket.socket, says: Connection | None = None) -> None:
    from usher.log import configure_log

    configure_log()
    try:
        serve(service, listener, None if says is None else lambda: says.send(True))
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        log.error("worker cannot start", reason=message)
        sys.exit(1)


def _look_after(crew: list[SpawnProcess], start: Callable[[], SpawnProcess]) -> None:
    while True:
        multiprocessing.connection.wait([process.sentinel for process in crew])
        for place, process in enumerate(crew):
            if process.is_alive():
                continue
            if process.exitcode == 1:
                raise StartRefused("a worker could not start; its reason stands above")
            log.warning("worker ended and is replaced", exit_code=process.exitcode)
            time.sleep(SHORT_LIFE_SECONDS)
            crew[place] = start()


def _dismiss(crew: list[SpawnProcess]) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    for process in crew:
        process.terminate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    for process in crew:
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
