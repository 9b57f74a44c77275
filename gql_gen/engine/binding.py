"""The common values bound in one step: what needs no second look is told by one test of type and form.

A plan holds such a binder for each of its variables. None from it means "look closer": `encode` then says what is
wrong, or finds a rarer form, and the database is asked where only it can know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gql_gen.model.predicates import ValueType

Quick = Callable[[Any], str | None]

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch


def quick_binder(type_: ValueType) -> Quick | None:
    """A function from a JSON value to its text when that is certain to be right, else to None."""
    if (
        type_.inside is not None
        or type_.is_list
        or type_.element is not None
        or type_.labels is not None
        or type_.pg.schema != "pg_catalog"
    ):
        return None
    if type_.bound is not None:
        return _page
    return _QUICK.get(type_.pg.name)


def _uuid(value: Any) -> str | None:
    return value if type(value) is str and _UUID(value) is not None else None


def _text(value: Any) -> str | None:
    return value if type(value) is str and value.isascii() and "\0" not in value else None


def _integer(bits: int) -> Quick:
    limit = 2 ** (bits - 1)

    def bind(value: Any) -> str | None:
        return str(value) if type(value) is int and -limit <= value < limit else None

    return bind


def _page(value: Any) -> str | None:
    return str(value) if type(value) is int and 0 <= value < 2**31 else None


def _boolean(value: Any) -> str | None:
    return "true" if value is True else "false" if value is False else None


_QUICK: Mapping[str, Quick] = MappingProxyType(
    {
        "uuid": _uuid,
        "text": _text,
        "varchar": _text,
        "int2": _integer(16),
        "int4": _integer(32),
        "int8": _integer(64),
        "bool": _boolean,
    }
)
