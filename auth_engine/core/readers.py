"""Readers of the kinds of values that AUTH_* variables hold. Each raises Unreadable, which never shows the value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from commons.addresses import Network, parse_networks
from commons.environment import Unreadable

T = TypeVar("T")

_GO_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)")
_GO_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_RATE: Final = re.compile(r"\s*([0-9]{1,9})\s*/\s*(.+)")
_LONGEST_DURATION: Final = 100
"""Characters."""
LEAST_KEY_CHARACTERS: Final = 32


def words(value: str) -> tuple[str, ...]:
    """A comma-separated list; empty entries are dropped."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def address(value: str) -> str:
    """An http or https address; a closing slash is cut."""
    stripped = value.strip()
    try:
        parts = urlsplit(stripped)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or any(character.isspace() or character in '<>"' for character in stripped):
        raise Unreadable("must be an address that begins with http:// or https://")
    return stripped.removesuffix("/")


def go_duration(value: str) -> int:
    """`5m`, `1h30m`, `30s` as whole seconds, at least one."""
    seconds = _go_seconds(value.strip())
    if seconds is None:
        raise Unreadable("must be a duration such as 30s, 5m or 1h")
    if not 1 <= seconds <= 1_000_000_000:
        raise Unreadable("must be a duration of at least one second")
    return int(seconds)


def _go_seconds(text: str) -> float | None:
    """None for what Go's time.ParseDuration would not read, signs aside."""
    parts = _GO_PART.findall(text[:_LONGEST_DURATION])
    if not parts or "".join(amount + unit for amount, unit in parts) != text:
        return None
    return sum(float(amount) * _GO_SECONDS[unit] for amount, unit in parts)


def duration(least: int, most: int) -> Callable[[str], int]:
    """Milliseconds: a plain number, or a duration such as 400ms or 10s."""

    def read(value: str) -> int:
        stripped = value.strip()
        if stripped.isascii() and stripped.isdigit():
            milliseconds = int(stripped[:12])
        else:
            seconds = _go_seconds(stripped)
            if seconds is None:
                raise Unreadable("must be milliseconds, or a duration such as 400ms or 10s")
            milliseconds = round(seconds * 1000)
        if not least <= milliseconds <= most:
            raise Unreadable(f"must be from {least} to {most} milliseconds")
        return milliseconds

    return read


def rate(make: Callable[[int, int], T]) -> Callable[[str], T]:
    """`20/5m`: so many in so long."""

    def read(value: str) -> T:
        match = _RATE.fullmatch(value)
        if match is None or int(match[1]) < 1:
            raise Unreadable("must be a number and a duration, such as 20/5m")
        return make(int(match[1]), go_duration(match[2].strip()))

    return read


def networks(value: str) -> tuple[Network, ...]:
    try:
        return parse_networks(value)
    except ValueError:
        raise Unreadable("must be a list of addresses or networks, such as 10.0.0.0/8") from None


def encryption_keys(value: str) -> tuple[str, ...]:
    keys = words(value)
    if any(len(key) < LEAST_KEY_CHARACTERS for key in keys):
        raise Unreadable(f"must be keys of at least {LEAST_KEY_CHARACTERS} characters, separated by commas")
    return keys


def claim_paths(value: str) -> Mapping[str, str]:
    """A JSON object: name of a claim → path."""
    found = _object(value)
    if not all(isinstance(path, str) and path for path in found.values()):
        raise Unreadable('must be a JSON object of paths, such as {"org": "profile.organisation.id"}')
    return found


def claim_defaults(value: str) -> Mapping[str, Any]:
    return _object(value)


def _object(value: str) -> dict[str, Any]:
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unreadable("must be a JSON object")
    return found
