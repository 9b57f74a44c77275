"""Which addresses a browser may be sent to. Auth contract §1, "Allowed redirect URLs".

Each entry of the list stands for itself and everything below it. `*` stays inside one host label or path segment, `**`
crosses them; `?`, `[…]` and `{a,b}` as in globs. What browsers read differently than people is refused: control
characters, spaces, backslashes, `<>"`, and steps up (`..`), which lead out of what an entry allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, urlencode

_REFUSED: Final = re.compile(r"[\x00-\x20\x7f-\xa0\s<>\"\\]")
_UPWARDS: Final = re.compile(r"/(?:\.|%2e){2}(?:/|\Z)", re.IGNORECASE)
"""A segment that browsers take as a step up, out of what an entry allows."""
_WITHIN: Final = r"[^./]"
"""One character that is no separator."""
_HOST: Final = re.compile(r"https?://(?:[^/{}]|\{[^/{}]*\})*(?=/)", re.IGNORECASE)
_TOKENS: Final = re.compile(r"\*\*|\*|\?|\[[^\]]+\]|\{[^{}]*\}|.", re.DOTALL)
MAX_CHARACTERS: Final = 4_096


class RedirectRules:
    """The allowed targets, compiled once."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._patterns = tuple(re.compile(pattern) for entry in entries for pattern in _patterns(entry))

    def allow(self, target: str) -> bool:
        """Whether a browser may be sent there."""
        if len(target) > MAX_CHARACTERS or _REFUSED.search(target):
            return False
        bare = target.partition("#")[0].partition("?")[0]
        parts = bare.partition("://")
        if not parts[1] or "@" in parts[2].partition("/")[0] or _UPWARDS.search(bare):
            return False
        return any(pattern.fullmatch(each) for each in (bare, f"{bare}/") for pattern in self._patterns)


def _patterns(entry: str) -> tuple[str, ...]:
    """Regular expressions for an entry: itself and everything below, a default port written or not."""
    bare = entry.strip()
    if bare.endswith("/**"):
        base = bare.removesuffix("/**")
    elif bare.endswith("/*"):
        base = bare.removesuffix("/*")
    else:
        base = bare.removesuffix("/")
    return tuple(_entry(f"{each}/**") for each in _with_ports(base))


def _with_ports(base: str) -> tuple[str, ...]:
    scheme, separator, rest = base.partition("://")
    port = {"http": "80", "https": "443"}.get(scheme.lower())
    host, slash, path = rest.partition("/")
    if not separator or port is None:
        return (base,)
    if host.endswith(f":{port}"):
        return (base, f"{scheme}://{host.removesuffix(f':{port}')}{slash}{path}")
    if re.search(r":[0-9*?\[{]", host) and not host.endswith("]"):
        return (base,)
    return (base, f"{scheme}://{host}:{port}{slash}{path}")


def _entry(pattern: str) -> str:
    """An entry as a regular expression. In the host `**` crosses dots alone: beyond the first slash lies what anybody
    may write."""
    host = _HOST.match(pattern)
    end = 0 if host is None else host.end()
    return _glob(pattern[:end], "[^/]*") + _glob(pattern[end:], ".*")


def _glob(pattern: str, across: str) -> str:
    return "".join(_translated(token, across) for token in _TOKENS.findall(pattern))


def _translated(token: str, across: str) -> str:
    match token[0]:
        case "*":
            return across if token == "**" else f"{_WITHIN}*"
        case "?":
            return _WITHIN
        case "[" if len(token) > 1:
            inside = token[1:-1]
            negated = inside.startswith(("!", "^"))
            members = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside[1:] if negated else inside)
            return f"[{'^./' if negated else ''}{members}]" if _is_sound(members) else re.escape(token)
        case "{" if len(token) > 1:
            return f"(?:{'|'.join(_glob(choice, across) for choice in token[1:-1].split(','))})"
        case _:
            return re.escape(token)


def _is_sound(members: str) -> bool:
    """Whether a class of characters can be written so: `b-a` cannot."""
    try:
        re.compile(f"[{members}]")
    except re.error:
        return False
    return bool(members)


def with_query(url: str, values: dict[str, str]) -> str:
    """The address with these values set in its query, which is sorted by key; what was there and the fragment stay."""
    # Cut as the rules cut it; what stands before, such as `my-app:///in`, goes out as it came.
    rest, mark, fragment = url.partition("#")
    bare, _, former = rest.partition("?")
    kept = [(name, value) for name, value in parse_qsl(former, keep_blank_values=True) if name not in values]
    query = urlencode(sorted([*kept, *values.items()], key=lambda pair: pair[0]))
    return f"{bare}?{query}{mark}{fragment}"
