"""Plain values → YAML text in one canonical form: what fits on a line stands on one, everything else is indented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

WIDTH: Final = 120
NEWLINE: Final = "\n"

_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.()/+ -]*(?<! )\Z")
_WORDS: Final = frozenset({"true", "false", "null"})
_OLD_WORDS: Final = frozenset({"yes", "no", "on", "off", "y", "n"})
"""Words that readers of older YAML take for booleans. As values they are quoted; the key `on` is left readable."""
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def entry(key: str, value: Any, indent: int = 0, open_levels: int = 0) -> Iterator[str]:
    """The lines of `key: value`. `open_levels` levels of the value are spread over lines even if they fit."""
    margin = " " * indent
    if isinstance(value, str) and _reads_by_line(value):
        yield f"{margin}{_key(key)}: {'|' if value.endswith(NEWLINE) else '|-'}"
        yield from (f"{margin}  {line}".rstrip() for line in _lines(value))
        return
    line = f"{margin}{_key(key)}: {_flow(value)}"
    is_open = isinstance(value, Mapping | list) and value
    if not is_open or (open_levels == 0 and len(line) <= WIDTH):
        yield line
        return
    yield f"{margin}{_key(key)}:"
    yield from _block(value, indent + 2, max(open_levels - 1, 0))


def comment(text: str) -> Iterator[str]:
    """The lines of `text` as a comment."""
    for line in text.splitlines():
        yield f"# {_UNPRINTABLE.sub(' ', line)}".rstrip()


def _reads_by_line(text: str) -> bool:
    """Whether text of several lines stands as it is: a reader of YAML takes no blank of it away, and all is visible."""
    first, *more = _lines(text)
    if not more or not first or not more[-1] or first.startswith(" "):
        return False
    return all(line.isprintable() and not line.endswith(" ") for line in (first, *more))


def _lines(text: str) -> list[str]:
    return text.removesuffix(NEWLINE).split(NEWLINE)


def _block(value: Any, indent: int, open_levels: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from entry(key, below, indent, open_levels)
        return
    for item in value:
        line = f"{' ' * indent}- {_flow(item)}"
        if not isinstance(item, Mapping | list) or not item or len(line) <= WIDTH:
            yield line
        else:
            first, *rest = _block(item, indent + 2, 0)
            yield f"{' ' * indent}- {first.lstrip(' ')}"
            yield from rest


def _flow(value: Any) -> str:
    match value:
        case Mapping():
            inside = ", ".join(f"{_key(key)}: {_flow(below)}" for key, below in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case list():
            return f"[{', '.join(_flow(item) for item in value)}]"
        case _:
            return _scalar(value)


def _key(text: str) -> str:
    return text if _PLAIN.match(text) and text.lower() not in _WORDS else _quoted(text)


def _scalar(value: str | int | Decimal | bool | None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value) if value.lower() in _OLD_WORDS else _key(value)
        case Decimal():
            return _decimal(value)
        case _:
            return str(value)


def _quoted(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", escaped)


def _decimal(value: Decimal) -> str:
    """A point keeps it a decimal when it is read again."""
    text = str(value)
    return text if "." in text or "E" in text else f"{text}.0"
