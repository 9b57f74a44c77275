"""Scratch servers live in memory, and what a killed owner leaves behind there is given back."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from usher import scratch
from usher.postgres import MARK, MARK_TEXT, EmbeddedPostgres, _claim, _sweep

LONG_AGO = time.time() - 2 * scratch.ABANDONED_AFTER


def left_behind(memory: Path, name: str, changed: float) -> Path:
    folder = memory / f"{scratch.PREFIX}{name}"
    (folder / "postgres").mkdir(parents=True)
    (folder / MARK).write_text(MARK_TEXT)
    os.utime(folder, (changed, changed))
    return folder


def test_only_what_is_old_and_nobodys_is_swept(tmp_path: Path) -> None:
    dead, young, used = (
        left_behind(tmp_path, name, at) for name, at in (("a", LONG_AGO), ("b", time.time()), ("c", LONG_AGO))
    )
    other = tmp_path / "somebody"
    other.mkdir()
    os.utime(other, (LONG_AGO, LONG_AGO))
    with _claim(used):
        _sweep(tmp_path)
    assert {*tmp_path.iterdir()} == {young, used, other}
    assert not dead.exists()


def test_where_there_is_little_room_a_disk_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scratch, "MEMORY", tmp_path)
    monkeypatch.setattr(scratch, "ROOM", 0)
    assert scratch.in_memory() == tmp_path
    monkeypatch.setattr(scratch, "ROOM", 2**62)
    assert scratch.in_memory() is None
    monkeypatch.setattr(scratch, "MEMORY", tmp_path / "missing")
    assert scratch.in_memory() is None


def test_a_server_is_as_good_on_a_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "ROOM", 2**62)
    with EmbeddedPostgres.scratch() as server:
        assert scratch.MEMORY not in server.data_dir.parents
        server.create_database("copied")
        server.create_database("copy", "copied")
        assert {"copied", "copy"} <= server.databases()
