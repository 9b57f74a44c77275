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


def select_grants(table: TableRules, role: str, rules: Rules) -> tuple[SelectRule, ...]:
    """The grants to select from a table: the role's own, or else all of its parents'."""
    return tuple(_grants(table, role, rules, {}))


def _grants(
    table: TableRules, role: str, rules: Rules, known: dict[str, tuple[SelectRule, ...]]
) -> tuple[SelectRule, ...]:
    if role not in known:
        own = table.permissions.get(role)
        known[role] = () if own is None else own.select
        if not known[role]:
            joined = (grant for name in parents_of(role, rules) for grant in _grants(table, name, rules, known))
            known[role] = tuple({id(grant): grant for grant in joined}.values())
    return known[role]
