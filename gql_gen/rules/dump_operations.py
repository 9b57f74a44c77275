"""What concerns whole operations, as it is written: functions, roles, limits, collections and the allow list."""

from __future__ import annotations

from typing import Any, get_args

from gql_gen.rules.dump_parts import chosen, name_list, names_or_all, present
from gql_gen.rules.types import FunctionRoot, FunctionRules, LimitRules, RateRule, RoleRules, Rules


def function_tree(function: FunctionRules) -> dict[str, Any]:
    """The rules of one function."""
    root_fields = {root: function.root_fields.get(root) for root in get_args(FunctionRoot)}
    return present(
        name=function.name,
        comment=function.comment,
        root_fields={root: chosen(found) for root, found in root_fields.items() if found is not None} or None,
        exposed_as=function.exposed_as,
        session_argument=function.session_argument,
        permissions=None if function.permissions is None else name_list(function.permissions),
    )


def role_tree(role: RoleRules) -> dict[str, Any]:
    """One role. Those it inherits from keep their order."""
    return present(
        inherits=[name for name, _ in role.inherits] or None,
        introspection=None if role.introspection else False,
        limits=limits_tree(role.limits) or None,
    )


def limits_tree(limits: LimitRules) -> dict[str, Any]:
    """The limits that are set; nothing when none is."""
    return present(
        depth=limits.depth,
        nodes=limits.nodes,
        batch=limits.batch,
        seconds=limits.seconds,
        rows=limits.rows,
        rate=None if limits.rate is None else _rate(limits.rate),
    )


def collections_tree(rules: Rules) -> dict[str, Any]:
    """The collections and their queries in the order they were written in."""
    return {
        name: {query.name: query.text for query in collection} for name, collection in rules.query_collections.items()
    }


def allow_list_tree(rules: Rules) -> dict[str, Any]:
    """The allowed collections by name."""
    allowed = sorted(rules.allow_list, key=lambda found: found.collection)
    return {found.collection: names_or_all(found.roles) for found in allowed}


def _rate(rate: RateRule) -> dict[str, Any]:
    return present(per_minute=rate.per_minute, by=list(rate.by) or None)
