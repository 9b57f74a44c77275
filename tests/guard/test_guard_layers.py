"""The layers hold, and the page that draws them tells the truth."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "ARCHITECTURE.md"
PACKAGES = ("usher", "gql_gen", "auth_engine", "commons")


def test_every_import_points_the_right_way() -> None:
    """In a process of its own: import-linter sets up logging for whoever runs it."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_contracts_are_the_ones_meant() -> None:
    """A contract that was lost would be kept by everyone."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert len(contracts) >= 7
    text = " ".join(contract["name"] for contract in contracts)
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
