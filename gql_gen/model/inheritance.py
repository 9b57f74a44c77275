"""What a role is granted: what stands under its own name, and where nothing does, what its parents are granted.

Rights to select are joined. Rights to write come along only where all parents that have one have the same, since the
join of two write rules would allow what neither of them does.
"""

from __future__ import annotations

from collections.abc import Iterator

from gql_gen.rules.types import Rules, SelectRule, TableRules


def parents_of(role: str, rules: Rules) -> tuple[str, ...]:
    """The roles that a role inherits directly."""
    found = rules.roles.get(role)
    return () if found is None else tuple(name for name, _ in found.inherits)


def family(role: str, rules: Rules) -> Iterator[str]:
    """The role and all that it inherits, each once."""
    seen: set[str] = set()
    waiting = [role]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            waiting.extend(parents_of(name, rules))


Grants = tuple[SelectRule, ...]
"""The grants that stand under one role's name for one table."""


def select_grants(table: TableRules, role: str, rules: Rules) -> tuple[Grants, ...]:
    """The grants to select from a table, by the role they are from: the role's own, or else all of its parents'."""
    return _grants(table, role, rules, {})


def _grants(table: TableRules, role: str, rules: Rules, known: dict[str, tuple[Grants, ...]]) -> tuple[Grants, ...]:
    if role not in known:
        own = table.permissions.get(role)
        known[role] = (own.select,) if own is not None and own.select else ()
        if not known[role]:
            joined = (grants for name in parents_of(role, rules) for grants in _grants(table, name, rules, known))
            known[role] = tuple({id(grants): grants for grants in joined}.values())
    return known[role]
