"""Settings read from an environment into frozen dataclasses: each field says which variables it comes from.

A value that cannot be read is refused with a message that names its variable and never shows the value, which may be a
secret. A name that nobody knows is a warning, for it may be a typo.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, field, fields
from typing import Any, Final, TypeVar

T = TypeVar("T")

TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE_WORDS: Final = frozenset({"false", "f", "no", "n", "off", "0"})


class Unreadable(ValueError):
    """What a variable should have been; never what it was, which may be a secret."""


def variable(*names: str, read: Callable[[str], T], default: object = None, secret: bool = False) -> Any:
    """A field of a settings class and the variables it comes from: the first that is set. Secrets stay out of repr."""
    metadata = {"names": names, "read": read, "secret": secret}
    if isinstance(default, dict):
        return field(default_factory=dict, repr=not secret, metadata=metadata)
    return field(default=default, repr=not secret, metadata=metadata)


def variables(settings: Any) -> tuple[Field[Any], ...]:
    """The fields that come from variables, in the order in which they are written."""
    return tuple(each for each in fields(settings) if "names" in each.metadata)


def text(value: str) -> str:
    if not value.strip():
        raise Unreadable("is set but empty")
    return value


def switch(value: str) -> bool:
    word = value.strip().lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise Unreadable("must be true or false")
    return word in TRUE_WORDS


def number(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers within these bounds."""

    def read(value: str) -> int:
        stripped = value.strip()
        if not (stripped.isascii() and stripped.isdigit() and len(stripped) <= 20 and least <= int(stripped) <= most):
            raise Unreadable(f"must be a whole number from {least:,} to {most:,}")
        return int(stripped)

    return read


def choice(*words: str) -> Callable[[str], str]:
    """A reader of one word of several, whatever its case."""

    def read(value: str) -> str:
        word = value.strip().lower()
        if word not in words:
            raise Unreadable(f"must be one of {', '.join(words)}")
        return word

    return read


def values_of(settings: type[Any], source: Mapping[str, str]) -> dict[str, Any]:
    """What the environment says of a settings class, by field. Raises Unreadable, naming the variable."""
    values: dict[str, Any] = {}
    for each in variables(settings):
        name = next((name for name in each.metadata["names"] if name in source), None)
        if name is None:
            continue
        try:
            values[each.name] = each.metadata["read"](source[name])
        except Unreadable as fault:
            raise Unreadable(f"{name} {fault}") from None
    return values


def unknown_names(source: Iterable[str], prefixes: tuple[str, ...], known: set[str], whose: str) -> tuple[str, ...]:
    """A warning for each variable that looks like a setting and is none."""
    unknown = sorted(name for name in source if name.startswith(prefixes) and name not in known)
    return tuple(_unknown(name, known, whose) for name in unknown)


def _unknown(name: str, known: set[str], whose: str) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    hint = f": did you mean {nearest[0]}?" if nearest else ""
    return f"{name} is not a setting of {whose} and changes nothing{hint}"
