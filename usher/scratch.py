"""What makes a scratch server fast: it lives in memory where there is room, and writes nothing for after a crash."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

PREFIX: Final = "usher-scratch-"
MEMORY: Final = Path("/dev/shm")
"""Linux' folder in memory. Elsewhere there is none, and in many containers it is small."""
ROOM: Final = 2 * 1024**3
"""Bytes that must be free there: a test run takes some hundred megabytes for each of its servers."""
ABANDONED_AFTER: Final = 600.0
"""Seconds. A younger folder may be one that is being made."""

# It is thrown away: nothing that it loses in a crash was ever wanted.
SETTINGS: Final[Mapping[str, str]] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "wal_init_zero": "off",
    "wal_recycle": "off",
    "shared_buffers": "64MB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "io_method": "sync",
}

# How createdb copies a template: file by file, not page by page through the log.
COPIES: Final[Sequence[str]] = ("--strategy=file_copy",)


def in_memory() -> Path | None:
    """A folder whose files are never on a disk; None when there is none, or little room."""
    try:
        return MEMORY if shutil.disk_usage(MEMORY).free >= ROOM else None
    except OSError:
        return None


def abandoned(memory: Path) -> Iterator[Path]:
    """Folders of scratch servers that are no longer being made. Whoever holds a folder's lock still needs it."""
    for folder in memory.glob(f"{PREFIX}*"):
        try:
            is_old = time.time() - folder.stat().st_mtime > ABANDONED_AFTER
        except OSError:
            continue
        if is_old:
            yield folder
