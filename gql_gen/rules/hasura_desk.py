"""The desk where every object of Hasura's metadata is opened: what is not known or not honoured stops here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, assert_never, cast

from gql_gen.rules.faults import listed, nearest
from gql_gen.rules.hasura_keys import KEYS, Honoured, Leavable, Noted, Refused, Treatment
from gql_gen.session import ADMIN

Thing = TypeVar("Thing")


class ImportRefused(Exception):
    """What cannot be carried over: (JSON path, reason), all of it at once."""

    def __init__(self, refusals: tuple[tuple[str, str], ...]) -> None:
        super().__init__("\n".join(f"{path}: {reason}" for path, reason in refusals))
        self.refusals = refusals


@dataclass(slots=True)
class Desk:
    """Keeps the list of refusals, and of what was left out or noted, while an import goes on."""

    without: frozenset[str]
    refusals: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, path: str, reason: str) -> None:
        self.refusals.append((path, reason))

    def check(self) -> None:
        """Raises ImportRefused when anything was refused."""
        if self.refusals:
            raise ImportRefused(tuple(dict.fromkeys(self.refusals)))

    def open(self, kind: str, value: Any, path: str) -> dict[str, Any]:
        """The honoured keys of an object that are not null. Every other key is refused, left out or noted."""
        if not isinstance(value, dict):
            self.refuse(path, f"expected {kind}: an object")
            return {}
        treatments = KEYS[kind]
        honoured: dict[str, Any] = {}
        for key, below in value.items():
            treatment = treatments.get(key)
            if treatment is None:
                hint = nearest(key, treatments)
                self.refuse(step(path, key), "this key is not known" + (f"; {hint}" if hint else ""))
            elif self.honours(treatment, below, step(path, key)):
                honoured[key] = below
        return honoured

    def honours(self, treatment: Treatment, value: Any, path: str) -> bool:
        """Whether the value is to be carried over; otherwise it is dealt with here."""
        match treatment:
            case Honoured(kind=kind):
                if kind in self.without and not is_empty(value):
                    self.leave_out(kind, value, path)
                return value is not None and kind not in self.without
            case _ if is_empty(value):
                return False
            case Noted(note=note):
                self.notes.append(f"{path}: {note}")
            case Leavable(kind=kind) if kind in self.without:
                self.leave_out(kind, value, path)
            case Leavable(kind=kind):
                self.refuse(path, f"not served yet; to import without it: --without {kind}")
            case Refused(reason=reason):
                self.refuse(path, reason)
            case _:
                assert_never(treatment)
        return False

    def leave_out(self, kind: str | None, value: Any, path: str) -> None:
        count = f", {len(value)} of them" if isinstance(value, list) and len(value) > 1 else ""
        self.left_out.append(f"{path} ({kind}{count})")

    def items(self, value: Any, path: str) -> Iterator[tuple[Any, str]]:
        """The items of a list with their paths; null is an empty list."""
        if value is not None and not isinstance(value, list):
            self.refuse(path, "expected a list")
            return
        for index, item in enumerate(value or ()):
            yield item, f"{path}[{index}]"

    def pairs(self, value: Any, path: str) -> Iterator[tuple[str, Any, str]]:
        """The keys, values and paths of an object whose keys are names; null is an empty object."""
        if value is not None and not isinstance(value, dict):
            self.refuse(path, "expected an object")
            return
        for key, item in (value or {}).items():
            yield key, item, step(path, key)

    def expect(self, kind: type[Thing], value: Any, path: str, default: Thing) -> Thing:
        """The value when it is of the kind, which for int excludes true and false; otherwise refused."""
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        self.refuse(path, f"expected {_WORDS[kind]}")
        return default

    def optional(self, kind: type[Thing], found: dict[str, Any], key: str, path: str) -> Thing | None:
        """The value under a key that may be absent."""
        value = found.get(key)
        if value is None:
            return None
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        self.refuse(step(path, key), f"expected {_WORDS[kind]}")
        return None

    def chosen(self, values: Sequence[str], value: Any, path: str) -> str | None:
        """One of a few texts; None when it is absent, or refused."""
        if value is not None and value not in values:
            self.refuse(path, f"expected {listed(values)}")
            return None
        return cast(str | None, value)

    def role(self, value: Any, path: str, why_not_admin: str) -> str | None:
        """The name of a role that is not admin; None when it is refused."""
        if value == ADMIN:
            self.refuse(path, why_not_admin)
        elif not isinstance(value, str) or not value:
            self.refuse(path, "expected the name of a role")
        else:
            return value
        return None

    def roles(self, value: Any, path: str, why_not_admin: str) -> tuple[str, ...]:
        """A list of such names without repetitions."""
        found = (self.role(item, at, why_not_admin) for item, at in self.items(value, path))
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def texts(self, value: Any, path: str) -> tuple[str, ...]:
        """A list of texts without repetitions."""
        return tuple(dict.fromkeys(self.expect(str, item, at, "") for item, at in self.items(value, path)))


_WORDS: dict[type, str] = {str: "text", bool: "true or false", int: "a whole number"}


def step(path: str, key: str) -> str:
    """The JSON path one key further."""
    return f"{path}.{key}" if key.isidentifier() else f"{path}[{key!r}]"


def is_empty(value: Any) -> bool:
    """Whether a value says nothing: null, false, an empty text, list or object, or only such things."""
    match value:
        case dict():
            return all(is_empty(below) for below in value.values())
        case list():
            return not value
        case _:
            return value is None or value is False or value == ""
