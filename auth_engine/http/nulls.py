"""Telling a field that is null from one that is not there: the contract's optional fields may be left out, not null."""

from __future__ import annotations

import types
import typing
from typing import Any

import msgspec

from auth_engine.core.fields import NULLABLE


def ensure_no_nulls(value: Any, kind: Any) -> None:
    """Raises ValueError where a field of a struct is null and may not be. `value` was decoded as plain JSON."""
    if isinstance(value, list):
        for item in value:
            ensure_no_nulls(item, _item_type(kind))
        return
    struct = _struct_of(kind)
    if struct is None or not isinstance(value, dict):
        return
    hints = typing.get_type_hints(struct, include_extras=True)
    for each in msgspec.structs.fields(struct):
        if each.encode_name not in value:
            continue
        hint, inner = hints[each.name], value[each.encode_name]
        if inner is None and not _is_nullable(hint):
            raise ValueError(f"{each.encode_name} is null")
        ensure_no_nulls(inner, hint)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    if typing.get_origin(kind) is typing.Annotated:
        return _alternatives(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return tuple(each for part in typing.get_args(kind) for each in _alternatives(part))
    return (kind,)


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    found = (each for each in _alternatives(kind) if isinstance(each, type) and issubclass(each, msgspec.Struct))
    return next(found, None)


def _item_type(kind: Any) -> Any:
    lists = (each for each in _alternatives(kind) if typing.get_origin(each) is list)
    return next((typing.get_args(each)[0] for each in lists), object)


def _is_nullable(kind: Any) -> bool:
    if typing.get_origin(kind) is not typing.Annotated:
        return kind is type(None) or kind is Any
    return any(each == NULLABLE for each in kind.__metadata__)
