"""The plain text of an HTML mail, for readers that show no HTML. Links stand on lines of their own, unbroken."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_SILENT: Final = frozenset({"style", "script", "head", "title"})
_BREAKS: Final = frozenset(
    {"p", "div", "br", "tr", "table", "h1", "h2", "h3", "h4", "li", "ul", "ol", "section", "hr", "body", "html"}
)
_SPACES: Final = re.compile(r"[ \t\r\n\f\v\xa0]+")


def plain_text(html: str) -> str:
    """Words and links, a paragraph a line; never raises."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [_SPACES.sub(" ", line).strip() for line in "".join(reader.parts).split("\n")]
    return "\n\n".join(line for line in lines if line) + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag == "a":
            self._links.append((dict(attributes).get("href") or "", len(self.parts)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag == "a" and self._links:
            address, start = self._links.pop()
            if address and "".join(self.parts[start:]).strip() != address:
                self.parts.append(f":\n{address}\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            # Line ends of the source are spaces; those that structure the text are ours.
            self.parts.append(_SPACES.sub(" ", data))
