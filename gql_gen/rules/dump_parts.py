"""Small trees that every part of a written rules file is made of."""

from __future__ import annotations

from typing import Any

from gql_gen.rules.types import Mark, NameAndComment


def present(**values: Any) -> dict[str, Any]:
    """Without what is None. Nothing else goes: a limit of 0, no root fields and an empty comment each say something."""
    return {key: value for key, value in values.items() if value is not None}


def name_list(names: tuple[tuple[str, Mark], ...]) -> list[str]:
    """Names in one order, without their places."""
    return sorted(name for name, _ in names)


def names_or_all(names: tuple[tuple[str, Mark], ...] | None) -> Any:
    """None is written "*"."""
    return "*" if names is None else name_list(names)


def chosen(found: NameAndComment) -> Any:
    """A bare name when there is no comment."""
    if found.name is not None and found.comment is None:
        return found.name
    return present(name=found.name, comment=found.comment)
