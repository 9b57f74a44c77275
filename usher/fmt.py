"""`usher fmt`: permissions.yaml in its canonical order, so that a diff shows only what changed. Comments stay.

The canonical order is that of gql_gen.rules.dump. Whole entries move, as lines, with the comments above them; what
stands on one line keeps its form.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from gql_gen.rules.dump import dump_rules
from gql_gen.rules.load import load_rules, parse_rules
from gql_gen.rules.reading import Keyed, Node, read_yaml


def format_file(path: Path, *, write: bool) -> bool:
    """Whether the file was in canonical order; otherwise it is written, when told so."""
    load_rules(path)  # what cannot be read is said with its place
    text = path.read_text(encoding="utf-8-sig")
    arranged = formatted(text, str(path))
    if write and arranged != text:
        path.write_text(arranged, encoding="utf-8")
    return arranged == text


def formatted(text: str, file: str) -> str:
    """The same rules in canonical order. Raises RulesError when the text holds none."""
    canonical = dump_rules(parse_rules(text, file))
    lines = text.splitlines()
    # Blanks at the ends of lines go, but for those within a text that they are part of.
    for candidate in ([line.rstrip() for line in lines], lines):
        arranged = _arranged(candidate, file, read_yaml(canonical, file))
        if dump_rules(parse_rules(arranged, file)) == canonical:
            return arranged
    raise AssertionError("formatting would change the rules")


def _arranged(lines: list[str], file: str, canonical: Node) -> str:
    node = read_yaml("\n".join(lines), file)
    head = _head(lines, node)
    body = _region(lines, node, canonical, head, len(lines))
    return "\n".join([*lines[:head], *body]).rstrip() + "\n"


def _head(lines: list[str], node: Node) -> int:
    """Where the comment at the top of the file ends: at the last blank line above the first key."""
    first = node.at.line - 1
    return next((place + 1 for place in range(first - 1, -1, -1) if not lines[place]), 0)


def _region(lines: list[str], node: Node, canonical: Node | None, start: int, end: int) -> list[str]:
    """The lines from `start` to `end`, which hold `node` and the comments around it, in canonical order."""
    if not _is_block(node) or not isinstance(node, Keyed) or not isinstance(canonical, Keyed):
        return lines[start:end]
    cuts = [start, *(_with_comments(lines, entry.at.line - 1, entry.at.column - 1) for entry in node.entries[1:]), end]
    order = {entry.key: place for place, entry in enumerate(canonical.entries)}
    pieces: list[tuple[int, list[str]]] = []
    for entry, (first, last) in zip(node.entries, pairwise(cuts), strict=True):
        below = entry.at.line  # the line after the key's
        inner = _region(lines, entry.value, canonical.get(entry.key), below, last)
        pieces.append((order.get(entry.key, -1), lines[first:below] + inner))
    if all(place >= 0 for place, _ in pieces):
        pieces.sort(key=lambda piece: piece[0])
    return _joined([piece for _, piece in pieces], was_first=lines[start:end])


def _is_block(node: Node) -> bool:
    """True for a mapping with a key per line: it begins where its first key does, not at a brace."""
    return isinstance(node, Keyed) and bool(node.entries) and node.at == node.entries[0].at


def _with_comments(lines: list[str], key: int, column: int) -> int:
    """The first line of what belongs to a key: the blank lines and the comments above it, unless they stand deeper."""
    first = key
    while first > 0 and (not lines[first - 1] or _is_comment(lines[first - 1], column)):
        first -= 1
    return first


def _is_comment(line: str, column: int) -> bool:
    content = line.lstrip()
    return content.startswith("#") and len(line) - len(content) <= column


def _joined(pieces: list[list[str]], was_first: list[str]) -> list[str]:
    """The pieces one after the other. Where blank lines set some apart, each is set apart by one."""
    if not any(pieces) or [line for piece in pieces for line in piece] == was_first:
        return was_first
    separated = any(piece and not piece[0] for piece in pieces)
    spread = [_trimmed(piece) for piece in pieces]
    gap = [""] if separated else []
    joined = spread[0]
    for piece in spread[1:]:
        joined = [*joined, *gap, *piece]
    return joined + [""] * _blank_tail(was_first)


def _trimmed(piece: list[str]) -> list[str]:
    filled = [place for place, line in enumerate(piece) if line]
    return piece[filled[0] : filled[-1] + 1] if filled else []


def _blank_tail(lines: list[str]) -> int:
    tail = 0
    while tail < len(lines) and not lines[-1 - tail]:
        tail += 1
    return tail
