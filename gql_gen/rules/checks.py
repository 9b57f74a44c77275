"""What one part of a rules file says about another: that what is named is there, and that nothing turns in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gql_gen.rules.expressions import references
from gql_gen.rules.faults import Faults, nearest
from gql_gen.rules.types import BoolExp, Mark, Rules, TablePermissions
from gql_gen.session import ADMIN

Mentions = Mapping[str, tuple[tuple[str, Mark], ...]]
"""A name → the names that it mentions, each with its place."""


def check_rules(rules: Rules, faults: Faults) -> None:
    """Finds every name that leads nowhere, and every circle."""
    _check_permissions(rules, faults)
    _check_inheritance(rules, faults)
    _check_allow_list(rules, faults)
    _check_named(rules, faults)


# ---------------------------------------------------------------- roles


def _check_permissions(rules: Rules, faults: Faults) -> None:
    if ADMIN in rules.roles:
        faults.add(rules.roles[ADMIN].at, "the role admin is always there and cannot be listed")
    tables = "admin may do everything with every table and cannot be given permissions"
    for table in rules.tables.values():
        _check_roles(((role, found.at) for role, found in table.permissions.items()), tables, rules, faults)
    for function in rules.functions.values():
        _check_roles(function.permissions or (), "admin may call every function and cannot be listed", rules, faults)


def _check_inheritance(rules: Rules, faults: Faults) -> None:
    parents = {name: role.inherits for name, role in rules.roles.items()}
    for above in parents.values():
        _check_roles(above, "nobody can inherit what admin may do", rules, faults)
    _check_circles(parents, "a role cannot inherit from itself", faults)


def _check_allow_list(rules: Rules, faults: Faults) -> None:
    for allowed in rules.allow_list:
        if allowed.collection not in rules.query_collections:
            message = f'there is no collection named "{allowed.collection}" under "query_collections"'
            faults.add(allowed.at, message, nearest(allowed.collection, rules.query_collections))
        _check_roles(allowed.roles or (), "admin may ask anything and cannot be listed", rules, faults)


def _check_roles(mentions: Iterable[tuple[str, Mark]], why_not_admin: str, rules: Rules, faults: Faults) -> None:
    for role, at in mentions:
        if role == ADMIN:
            faults.add(at, why_not_admin)
        elif role not in rules.roles:
            hint = nearest(role, rules.roles) or 'add it under "roles" at the top of the file'
            faults.add(at, f'the role "{role}" is not listed under "roles"', hint)


# ---------------------------------------------------------------- named rules


def _check_named(rules: Rules, faults: Faults) -> None:
    for expression in _expressions(rules):
        for mention in references(expression):
            if mention.name not in rules.named:
                hint = nearest(mention.name, rules.named)
                faults.add(mention.at, f'there is no rule named "{mention.name}" under "rules"', hint)
    mentions = {
        name: tuple((mention.name, mention.at) for mention in references(expression))
        for name, expression in rules.named.items()
    }
    _check_circles(mentions, "a rule cannot use itself", faults)


def _expressions(rules: Rules) -> Iterator[BoolExp]:
    """Every expression of the file: named rules first, then table by table."""
    yield from rules.named.values()
    for table in rules.tables.values():
        for permissions in table.permissions.values():
            yield from _granting(permissions)


def _granting(permissions: TablePermissions) -> Iterator[BoolExp]:
    for grant in permissions.select:
        yield grant.filter
    if permissions.insert is not None:
        yield permissions.insert.check
    if permissions.update is not None:
        yield permissions.update.filter
        if permissions.update.check is not None:
            yield permissions.update.check
    if permissions.delete is not None:
        yield permissions.delete.filter


# ---------------------------------------------------------------- circles


def _check_circles(mentions: Mentions, message: str, faults: Faults) -> None:
    finished: set[str] = set()
    for name in mentions:
        if name not in finished:
            _walk(name, mentions, finished, message, faults)


def _walk(start: str, mentions: Mentions, finished: set[str], message: str, faults: Faults) -> None:
    """Depth first and without recursion: a chain may be long."""
    path, waiting = [start], [iter(mentions[start])]
    while path:
        name, at = next(waiting[-1], (None, None))
        if name is None or at is None:
            waiting.pop()
            finished.add(path.pop())
        elif name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            faults.add(at, f"{message}: {circle}")
        elif name in mentions and name not in finished:
            path.append(name)
            waiting.append(iter(mentions[name]))
