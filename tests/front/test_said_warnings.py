"""What hands out more than the rules seem to say is said by every command that reads both rules and database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from front.commands import Serving, run_usher

SCHEMA = """
create table note (id int primary key, title text);
alter table note enable row level security;
create view heading as select id, title as words from note;
"""
RULES = "version: 1\ntables:\n  note: { hide: [title] }\n  heading: {}\n"
AROUND = "public.heading steps around the row security of public.note"
LEAK = 'column "words" of public.heading shows public.note.title, hidden at'


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    schema, permissions = tmp_path / "schema.sql", tmp_path / "permissions.yaml"
    schema.write_text(SCHEMA)
    permissions.write_text(RULES)
    return schema, permissions


@pytest.mark.parametrize("command", ["generate", "check"])
def test_generate_and_check_warn_and_go_on(command: str, files: tuple[Path, Path], tmp_path: Path) -> None:
    schema, permissions = files
    ended = run_usher(command, "--schema", schema, "--permissions", permissions, "--out", tmp_path / "generated")
    assert ended.code == 0
    assert f"usher: warning: {permissions}:4:3: {AROUND}" in ended.error
    assert f"usher: warning: {permissions}:4:3: {LEAK}" in ended.error


def test_serving_warns_at_the_start_and_after_an_edit(
    start: Callable[..., Serving], files: tuple[Path, Path], data_dir: Path
) -> None:
    schema, permissions = files
    permissions.write_text("version: 1\ntables: {heading: {}}\n")
    options = ("up", "--port", 0, "--data-dir", data_dir, "--schema", schema, "--permissions", permissions)
    serving = start(*options)
    said = serving.wait_for("Ctrl-C stops it.")
    assert AROUND in said
    assert LEAK not in said
    permissions.write_text(RULES)
    assert LEAK in serving.wait_for("permissions reloaded")
