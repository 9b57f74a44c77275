"""What concerns whole operations, read from nodes that already have the file's shape: functions, roles, limits,
collections of queries and the allow list."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Literal, cast

from graphql import GraphQLSyntaxError, OperationDefinitionNode, parse
from graphql.language import ExecutableDefinitionNode

from gql_gen.catalog.types import Ident
from gql_gen.rules.faults import Faults
from gql_gen.rules.reading import Entry, Keyed, Leaf, Node
from gql_gen.rules.tables import entries, flag, name_and_comment, names, names_or_all, text
from gql_gen.rules.types import (
    NO_LIMITS,
    AllowedCollection,
    CollectedQuery,
    FunctionRoot,
    FunctionRules,
    LimitRules,
    Mark,
    RateRule,
    RoleRules,
)


def read_function(ident: Ident, node: Keyed, at: Mark) -> FunctionRules:
    """The rules of one function, `at` the place of its name."""
    return FunctionRules(
        ident=ident,
        at=at,
        name=text(node, "name"),
        comment=text(node, "comment"),
        root_fields=MappingProxyType(
            {cast(FunctionRoot, entry.key): name_and_comment(entry) for entry in entries(node, "root_fields")}
        ),
        exposed_as=cast(Literal["query", "mutation"] | None, text(node, "exposed_as")),
        session_argument=text(node, "session_argument"),
        permissions=None if node.get("permissions") is None else names(node.get("permissions")),
    )


def read_role(entry: Entry) -> RoleRules:
    """One entry of `roles`."""
    node = entry.value
    if not isinstance(node, Keyed):
        return RoleRules(entry.key, entry.at)
    return RoleRules(
        name=entry.key,
        at=entry.at,
        inherits=names(node.get("inherits")),
        introspection=flag(node, "introspection", default=True),
        limits=read_limits(node.get("limits")),
    )


# ---------------------------------------------------------------- limits


def read_limits(node: Node | None) -> LimitRules:
    """The limits at `node`; none when there is no node."""
    if not isinstance(node, Keyed):
        return NO_LIMITS
    return LimitRules(
        depth=_whole(node, "depth"),
        nodes=_whole(node, "nodes"),
        batch=_whole(node, "batch"),
        seconds=_number(node, "seconds"),
        rows=_whole(node, "rows"),
        rate=_rate(node.get("rate")),
    )


def _whole(node: Keyed, key: str) -> int | None:
    number = _number(node, key)
    return number if isinstance(number, int) else None


def _number(node: Keyed, key: str) -> int | Decimal | None:
    leaf = node.get(key)
    return leaf.json if isinstance(leaf, Leaf) and isinstance(leaf.json, int | Decimal) else None


def _rate(node: Node | None) -> RateRule | None:
    per_minute = _whole(node, "per_minute") if isinstance(node, Keyed) else None
    if not isinstance(node, Keyed) or per_minute is None:
        return None
    by = dict.fromkeys(name.lower() for name, _ in names(node.get("by")))
    return RateRule(per_minute, tuple(by))


# ---------------------------------------------------------------- collections of queries


def read_collection(entry: Entry, faults: Faults) -> tuple[CollectedQuery, ...]:
    """The queries of one collection. A text that is not one operation is a fault."""
    found: list[CollectedQuery] = []
    for query in entries_of(entry.value):
        if not isinstance(query.value, Leaf) or not isinstance(query.value.json, str):
            continue
        problem = query_problem(query.value.json)
        if problem is not None:
            faults.add(query.value.at, f'the query "{query.key}" {problem}')
        found.append(CollectedQuery(query.key, query.value.json, query.at))
    return tuple(found)


def query_problem(query: str) -> str | None:
    """Why a text cannot be a collected query: one operation, perhaps with fragments. None when it can."""
    try:
        document = parse(query, no_location=True)
    except GraphQLSyntaxError as error:
        where = error.locations[0] if error.locations else None
        place = "" if where is None else f" (its line {where.line}, column {where.column})"
        return f"is not GraphQL: {error.message.removeprefix('Syntax Error: ')}{place}"
    if not all(isinstance(definition, ExecutableDefinitionNode) for definition in document.definitions):
        return "defines types, which is no operation"
    operations = sum(isinstance(definition, OperationDefinitionNode) for definition in document.definitions)
    return None if operations == 1 else f"holds {operations or 'no'} operations, and should hold one"


def read_allowed(entry: Entry) -> AllowedCollection:
    """One entry of `allow_list`."""
    return AllowedCollection(entry.key, names_or_all(entry.value), entry.at)


def entries_of(node: Node) -> tuple[Entry, ...]:
    """The entries of a mapping; none of anything else."""
    return node.entries if isinstance(node, Keyed) else ()
