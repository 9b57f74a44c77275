"""permissions.yaml, watched while it is served: a good edit takes effect, a broken one is only reported."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import watchfiles

from gql_gen.rules.load import load_rules
from gql_gen.rules.types import RulesError
from usher.failures import explain

if TYPE_CHECKING:
    from gql_gen.engine.answer import Engine

log = structlog.get_logger("usher")


@contextlib.asynccontextmanager
async def watching_rules(engine: Engine, permissions: Path) -> AsyncIterator[None]:
    """Reload the engine's rules whenever the file's text changes, until the block is left."""
    stop = asyncio.Event()
    watching = asyncio.create_task(_watch(engine, permissions, stop))
    try:
        yield
    finally:
        stop.set()
        await watching


async def _watch(engine: Engine, permissions: Path, stop: asyncio.Event) -> None:
    served = _text(permissions)
    # The folder is watched, not the file: editors and config maps put a new file in the old one's place.
    async for _ in watchfiles.awatch(permissions.parent, stop_event=stop, recursive=False):
        text = _text(permissions)
        if text is None or text == served:
            continue
        served = text
        try:
            await _reload(engine, permissions)
        except Exception:  # whatever happens, the next edit must find a watcher
            log.exception("permissions could not be reloaded; the last good rules stay", file=str(permissions))


async def _reload(engine: Engine, permissions: Path) -> None:
    try:
        await engine.reload(await asyncio.to_thread(load_rules, permissions))
    except RulesError as broken:
        for fault in broken.faults:
            log.error("broken permissions", fault=str(fault))
        log.error("the last good rules stay", file=str(permissions))
        return
    except Exception as error:
        if (message := explain(error)) is None:
            raise
        log.error("permissions could not be reloaded; the last good rules stay", reason=message)
        return
    await report(engine)
    log.info("permissions reloaded", file=str(permissions))


async def report(engine: Engine) -> None:
    """Log what of the rules could not be carried over, and what hands out more than they seem to say."""
    for fault in engine.faults:
        log.warning("left out", fault=str(fault))
    for warning in await asyncio.to_thread(engine.warnings):
        log.warning("hands out more than the rules seem to say", warning=str(warning))


def _text(path: Path) -> bytes | None:
    """None while the file is missing, as it may be for a moment while an editor saves."""
    try:
        return path.read_bytes()
    except OSError:
        return None
