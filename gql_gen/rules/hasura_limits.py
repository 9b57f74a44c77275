"""The API limits of Hasura's metadata → LimitRules, of all roles and of single ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from gql_gen.rules.expressions import is_session_variable, session_name
from gql_gen.rules.hasura_desk import Desk, step
from gql_gen.rules.types import NO_LIMITS, LimitRules, RateRule

_NOT_ADMIN: Final = "admin is never limited here"
_Limit = int | Decimal | RateRule
_Reader = Callable[[Any, Desk, str], _Limit | None]


@dataclass(frozen=True, slots=True)
class ImportedLimits:
    """Those of every role, and those that single roles have in their place."""

    whole: LimitRules = NO_LIMITS
    by_role: Mapping[str, LimitRules] = field(default_factory=lambda: MappingProxyType({}))


def import_limits(value: Any, desk: Desk, path: str) -> ImportedLimits:
    """What `api_limits` says. Limits that Hasura did not enforce are noted and not carried over."""
    found = desk.open("the API limits", value or {}, path)
    if desk.optional(bool, found, "disabled", path):
        desk.notes.append(f"{path}: disabled in Hasura, so none of it is carried over")
        return ImportedLimits()
    whole: dict[str, Any] = {}
    by_role: dict[str, dict[str, Any]] = {}
    for key, (name, read) in _LIMITS.items():
        of_all, of_roles = _limit(found.get(key), read, desk, step(path, key))
        whole[name] = of_all
        for role, limit in of_roles.items():
            by_role.setdefault(role, {})[name] = limit
    limits = {role: LimitRules(**found) for role, found in by_role.items()}
    return ImportedLimits(LimitRules(**whole), MappingProxyType(limits))


def _limit(value: Any, read: _Reader, desk: Desk, path: str) -> tuple[_Limit | None, dict[str, _Limit]]:
    found = desk.open("an API limit", value or {}, path)
    if desk.chosen(("enabled", "disabled"), found.get("state"), step(path, "state")) == "disabled":
        desk.notes.append(f"{path}: disabled in Hasura, so it is not carried over")
        return None, {}
    of_all = read(found["global"], desk, step(path, "global")) if "global" in found else None
    of_roles: dict[str, _Limit] = {}
    for key, below, here in desk.pairs(found.get("per_role"), step(path, "per_role")):
        role, limit = desk.role(key, here, _NOT_ADMIN), read(below, desk, here)
        if role is not None and limit is not None:
            of_roles[role] = limit
    return of_all, of_roles


def _count(value: Any, desk: Desk, path: str) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    desk.refuse(path, "expected a whole number, 1 or more")
    return None


def _seconds(value: Any, desk: Desk, path: str) -> int | Decimal | None:
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and value > 0:
        return value
    desk.refuse(path, "expected a number of seconds above 0")
    return None


def _rate(value: Any, desk: Desk, path: str) -> RateRule | None:
    found = desk.open("a rate limit", value, path)
    per_minute = _count(found.get("max_reqs_per_min"), desk, step(path, "max_reqs_per_min"))
    by = _counted_by(found.get("unique_params"), desk, step(path, "unique_params"))
    return None if per_minute is None else RateRule(per_minute, by)


def _counted_by(value: Any, desk: Desk, path: str) -> tuple[str, ...]:
    """One text or a list: "IP" in any case, or session variables."""
    names = desk.texts([value] if isinstance(value, str) else value, path)
    for name in names:
        if name.lower() != "ip" and not is_session_variable(name):
            desk.refuse(path, f'"{name}" is neither IP nor a session variable')
    return tuple(dict.fromkeys(session_name(name) for name in names))


_LIMITS: Final[Mapping[str, tuple[str, _Reader]]] = {
    "depth_limit": ("depth", _count),
    "node_limit": ("nodes", _count),
    "batch_limit": ("batch", _count),
    "time_limit": ("seconds", _seconds),
    "rate_limit": ("rate", _rate),
}
"""Key of the metadata → the limit's name here, and what reads it."""
