"""A page of docs/ as its fenced blocks, each with the notes in the HTML comment right above it.

<!-- as manager 1; with the rules above -->
```graphql
{ orgs { name } }
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NOTES = frozenset(
    {
        *("as", "with", "at", "file", "written", "run", "exits", "from", "faults", "workflow", "excerpt"),
        *("settings", "mailed", "logged", "called"),
    }
)
"""What an HTML comment above a block may say; the words after one of these are its value."""

_FENCE = re.compile(r"(?P<indent> *)```(?P<info>.*)")
_COMMENT = re.compile(r"<!--(?P<text>.*)-->")


class BadPage(Exception):
    """A block that no test would run; the message begins with page and line."""


@dataclass(frozen=True, slots=True)
class Block:
    """`info` is what stands behind the opening backticks, in words: the language first. `line` is that of the text."""

    page: str
    line: int
    info: tuple[str, ...]
    text: str
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def language(self) -> str:
        return self.info[0] if self.info else ""

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    def bad(self, message: str) -> BadPage:
        return BadPage(f"{self.place}: {message}")


def pages() -> list[Path]:
    """Every page, those of the folders below included."""
    return sorted(DOCS.rglob("*.md"))


def blocks_of(path: Path) -> list[Block]:
    return list(blocks(path.read_text(encoding="utf-8"), path.relative_to(DOCS).as_posix()))


def blocks(text: str, page: str) -> Iterator[Block]:
    """The fenced blocks of a page in their order. Raises BadPage for what could hide one."""
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        opening = _opening(lines, number, page)
        if opening is None:
            number += 1
            continue
        last = _closing(lines, number, page)
        notes = _notes(lines, number, page)
        yield Block(page, number + 2, tuple(opening.split()), "\n".join(lines[number + 1 : last]) + "\n", notes)
        number = last + 1


def _opening(lines: list[str], number: int, page: str) -> str | None:
    line = lines[number]
    if line.startswith("~~~"):
        raise BadPage(f"{page}:{number + 1}: fences are made of backticks")
    if line.startswith("    ") and (number == 0 or not lines[number - 1].strip()):
        raise BadPage(f"{page}:{number + 1}: an indented block is never run: fence it")
    fence = _FENCE.fullmatch(line)
    if fence is None:
        return None
    if fence["indent"] or "`" in fence["info"]:
        raise BadPage(f"{page}:{number + 1}: a fence is three backticks at the line's start and a language")
    return fence["info"]


def _closing(lines: list[str], opening: int, page: str) -> int:
    for number in range(opening + 1, len(lines)):
        if lines[number] == "```":
            return number
    raise BadPage(f"{page}:{opening + 1}: this block is never closed")


def _notes(lines: list[str], opening: int, page: str) -> dict[str, str]:
    """What the comment above says. A blank line between the two is allowed, prose is not."""
    above = opening - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    comment = _COMMENT.fullmatch(lines[above].strip()) if above >= 0 else None
    if comment is None:
        return {}
    found: dict[str, str] = {}
    for part in comment["text"].split(";"):
        word, _, value = part.strip().partition(" ")
        if word not in NOTES or word in found:
            raise BadPage(f"{page}:{above + 1}: {word!r} is no note of ours, or stands twice")
        found[word] = value.strip()
    return found
