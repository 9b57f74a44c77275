"""The `path` argument of json columns: `$.a.b[0]["c d"]` → the keys for Postgres's `#>`."""

from __future__ import annotations

import re

from gql_gen.errors import ParseFailed

_STEP = re.compile(
    r"""
      \.?(?P<name>[^.\[\]"'\s]+)          # .name, or name at the start
    | \.?\[(?P<index>\d+)\]                  # [0]
    | \.?\["(?P<double>(?:[^"\\]|\\.)*)"\]   # ["any text"]
    | \.?\['(?P<single>(?:[^'\\]|\\.)*)'\]   # ['any text']
    """,
    re.VERBOSE,
)


def parse_json_path(text: str, at: str) -> tuple[str, ...]:
    """Keys and indexes in order; () for the whole value (`$`). Raises ParseFailed."""
    rest = text[1:] if text.startswith("$") else text
    keys: list[str] = []
    position = 0
    while position < len(rest):
        step = _STEP.match(rest, position)
        if step is None or "\x00" in step.group(0):
            raise ParseFailed(f"parse json path error: unexpected text at position {position + 1}", path=at)
        if step["name"] is not None and position > 0 and rest[position] != ".":
            raise ParseFailed(f"parse json path error: expected '.' or '[' at position {position + 1}", path=at)
        quoted = step["double"] if step["double"] is not None else step["single"]
        if quoted is not None:
            keys.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            keys.append(step["name"] or step["index"])
        position = step.end()
    return tuple(keys)
