"""Collecting what is wrong, so that a reader of a rules file learns all of it at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from gql_gen.rules.types import Fault, Mark, RulesError


@dataclass(slots=True)
class Faults:
    """The faults found so far."""

    found: list[Fault] = field(default_factory=list)

    def add(self, at: Mark, message: str, hint: str | None = None) -> None:
        self.found.append(Fault(at, message, hint))

    def check(self) -> None:
        """Raises everything found, in the order of the file."""
        if self.found:
            unique = dict.fromkeys(self.found)
            raise RulesError(tuple(sorted(unique, key=lambda fault: (fault.at.line, fault.at.column))))


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """A hint that names the valid spelling closest to `name`, when one is close."""
    by_lower = {word.lower(): word for word in valid}
    close = get_close_matches(name.lower(), by_lower, n=1)
    return f'did you mean "{by_lower[close[0]]}"?' if close else None


def listed(names: Iterable[str]) -> str:
    """`a, b or c`; "nothing" for nothing."""
    *most, last = tuple(names) or ("nothing",)
    return f"{', '.join(most)} or {last}" if most else last
