"""Moments as tokens write them."""

from __future__ import annotations

from typing import Any, Final, TypeGuard

_BEYOND: Final = 1e15


def is_moment(value: Any) -> TypeGuard[float]:
    """Whether it is a NumericDate (RFC 7519 §2) of any time that anybody could mean."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _BEYOND
