"""Links between pages lead somewhere, and the index knows every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.pages import DOCS, ROOT, pages

LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
READ = [*pages(), ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.md"]


@pytest.mark.parametrize("page", READ, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    targets = [link["target"] for link in LINK.finditer(text) if "://" not in link["target"]]
    assert [target for target in targets if not _leads_somewhere(page, target)] == []


def _leads_somewhere(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    there = (page.parent / path) if path else page
    return there.exists() and (not anchor or anchor in _anchors(there))


def _anchors(page: Path) -> set[str]:
    """Headings as a forge makes anchors of them."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_names_every_page() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    named = {link["target"] for link in LINK.finditer(index)}
    assert {page.name for page in DOCS.glob("*.md")} - {"index.md"} <= named
