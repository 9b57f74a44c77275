"""The layers hold, and the page that draws them tells the truth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from importlinter.application import use_cases
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "ARCHITECTURE.md"
PACKAGES = ("usher", "gql_gen", "auth_engine")


def test_every_import_points_the_right_way(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_the_contracts_are_the_ones_meant() -> None:
    """A contract that was lost would be kept by everyone."""
    options = use_cases.read_user_options(str(ROOT / "pyproject.toml"))
    assert len(options.contracts_options) >= 7
    text = " ".join(str(option["name"]) for option in options.contracts_options)
    for word in ("one gate", "one way", "never meet", "HTTP lives at the edge", "driver", "dialects stand apart"):
        assert word in text


def folders() -> set[str]:
    """Every folder of the packages that holds Python."""
    return {path.parent.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}


def drawn() -> set[str]:
    """The folders that ARCHITECTURE.md lists: a line each, its path from the top, ending in a slash."""
    block = next(text for text in re.findall(r"```\n(.*?)```", PAGE.read_text(), re.DOTALL) if "gql_gen/" in text)
    return set(re.findall(r"^([\w/]+)/\s+\S", block, re.MULTILINE))


def test_the_page_lists_every_folder_and_no_other() -> None:
    shown = {folder for folder in drawn() if folder.split("/")[0] in PACKAGES}
    assert shown - {"usher/console"} == folders()
