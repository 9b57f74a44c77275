"""One thing made wrong in a document: each change names a node and what stands there instead."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from graphql import parse
from graphql.language import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    NameNode,
    Node,
    ObjectFieldNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    parse_value,
)

Pair = tuple[Node, Node]
Change = Callable[[Node, random.Random], Pair | None]
N = TypeVar("N", bound=Node)

LITERALS = (
    *("null", "1", "-1", "2.5", "2.0", "99999999999", '"a"', '"3"', "true", "nowhere", "asc", "[]", "[null]", "[1]"),
    *('["a"]', "[[1]]", "{}", "{nothing: 1}", "{_and: null}", "{id: {_eq: null}}", "$v0", "$nowhere"),
)
DIRECTIVES = (
    *("@nothing", "@skip", "@skip(if: null)", '@include(if: "true")', "@skip(if: $v0)", "@include(if: $nowhere)"),
    *("@skip(if: true, unless: true)", "@skip(if: false) @skip(if: false)", "@cached", "@deprecated"),
)
TYPES = ("Int", "Int!", "String", "author_bool_exp", "[Int!]", "Nothing", "author", "Int = true", "Int! = null")
SPREADS = ("...F0", "... on author { id }", "...None", "... on Nothing { id }", "... { __typename }")


def walk(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
        for each in fields(cast(Any, value)):
            if each.name != "loc":
                yield from walk(getattr(value, each.name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from walk(item)


def replaced(value: Any, old: Node, new: Node) -> Any:
    """The same tree with another node in one place."""
    if value is old:
        return new
    if isinstance(value, list | tuple):
        return tuple(replaced(item, old, new) for item in value)
    if not isinstance(value, Node) or not is_dataclass(value):
        return value
    kept = {each.name: getattr(value, each.name) for each in fields(value) if each.init and each.name != "loc"}
    return replace(cast(Any, value), **{name: replaced(item, old, new) for name, item in kept.items()})


def some(document: Node, kind: type[N], chance: random.Random) -> N | None:
    found = [node for node in walk(document) if isinstance(node, kind)]
    return chance.choice(found) if found else None


def operation_of(text_or_node: str | Node) -> OperationDefinitionNode:
    node = parse(text_or_node, no_location=True) if isinstance(text_or_node, str) else text_or_node
    return next(each for each in walk(node) if isinstance(each, OperationDefinitionNode))


def selection_of(text: str) -> SelectionNode:
    return operation_of(f"{{ {text} }}").selection_set.selections[0]


def literal(chance: random.Random) -> Any:
    return parse_value(chance.choice(LITERALS), no_location=True)


def renamed(kind: type[N], *names: str) -> Change:
    def change(document: Node, chance: random.Random) -> Pair | None:
        node = some(document, kind, chance)
        return (node, replace(cast(Any, node), name=NameNode(value=chance.choice(names)))) if node else None

    change.__name__ = f"rename_{kind.kind}"
    return change


def change_value(document: Node, chance: random.Random) -> Pair | None:
    node = some(document, chance.choice([ArgumentNode, ObjectFieldNode]), chance)
    return (node, replace(cast(Any, node), value=literal(chance))) if node else None


def change_arguments(document: Node, chance: random.Random) -> Pair | None:
    """One argument more, less, or twice."""
    node = some(document, FieldNode, chance)
    if node is None:
        return None
    old = tuple(node.arguments or ())
    extra = ArgumentNode(
        name=NameNode(value=chance.choice(["limit", "offset", "where", "x", "path"])), value=literal(chance)
    )
    return node, replace(node, arguments=chance.choice([old[1:], (*old, *old[:1]), (*old, extra)]))


def drop_selections(document: Node, chance: random.Random) -> Pair | None:
    node = some(document, FieldNode, chance)
    return (node, replace(node, selection_set=None)) if node else None


def add_selections(document: Node, chance: random.Random) -> Pair | None:
    node = some(document, FieldNode, chance)
    if node is None:
        return None
    inner = selection_of(chance.choice(["id", "nothing", "__typename", *SPREADS]))
    old = node.selection_set.selections if node.selection_set else ()
    return node, replace(node, selection_set=SelectionSetNode(selections=(*old, inner)))


def conflict(document: Node, chance: random.Random) -> Pair | None:
    """Another field, or the same with other arguments, under a name that is taken."""
    node = some(document, SelectionSetNode, chance)
    twins = [each for each in node.selections if isinstance(each, FieldNode)] if node else []
    if node is None or not twins:
        return None
    twin = chance.choice(twins)
    pair = chance.choice([RENAME_FIELD, RENAME_KEY, change_arguments, change_value])(twin, chance)
    changed = twin if pair is None else replaced(twin, *pair)
    return node, replace(node, selections=(*node.selections, changed))


def direct(document: Node, chance: random.Random) -> Pair | None:
    node = some(document, FieldNode, chance)
    given = cast(FieldNode, selection_of(f"x {chance.choice(DIRECTIVES)}")).directives
    return (node, replace(node, directives=given)) if node else None


def declare(document: Node, chance: random.Random) -> Pair | None:
    operation = operation_of(document)
    variable = chance.choice(["v0", "unused"])
    given = operation_of(f"query (${variable}: {chance.choice(TYPES)}) {{ a }}").variable_definitions
    return operation, replace(operation, variable_definitions=(*(operation.variable_definitions or ()), *(given or ())))


def retype(document: Node, chance: random.Random) -> Pair | None:
    node = some(document, VariableDefinitionNode, chance)
    text = chance.choice(["Int", "Int!", "String", "[Int]", "author_bool_exp!", "order_by"])
    (given,) = operation_of(f"query ($a: {text}) {{ a }}").variable_definitions or ()
    return (node, replace(node, type=given.type)) if node else None


def undeclare(document: Node, chance: random.Random) -> Pair | None:
    operation = operation_of(document)
    return operation, replace(operation, variable_definitions=tuple(operation.variable_definitions or ())[1:])


def spread(document: Node, chance: random.Random) -> Pair | None:
    """A fragment in a place where it may not belong, or within itself."""
    node = some(document, SelectionSetNode, chance)
    return (node, replace(node, selections=(*node.selections, selection_of(chance.choice(SPREADS))))) if node else None


def define(document: Node, chance: random.Random) -> Pair | None:
    """A fragment that nobody needs, or the name of one that is there."""
    assert isinstance(document, DocumentNode)
    text = f"fragment {chance.choice(['F0', 'Unused'])} on {chance.choice(['author', 'Nothing'])} {{ id }}"
    extra = parse(text, no_location=True).definitions
    return document, replace(document, definitions=(*document.definitions, *extra))


RENAME_FIELD = renamed(FieldNode, "nothing", "id", "author", "count", "__typename", "__nothing")
RENAME_KEY = renamed(ObjectFieldNode, "nothing", "_eq", "_and", "id", "predicate", "count")
CHANGES: tuple[Change, ...] = (
    *(RENAME_FIELD, RENAME_KEY, renamed(ArgumentNode, "nothing", "limit", "where", "id", "path", "if")),
    *(renamed(VariableNode, "v0", "nowhere"), change_value, change_arguments, drop_selections, add_selections),
    *(conflict, direct, declare, retype, undeclare, spread, define),
    # Values have the most ways to be wrong.
    *(change_value, change_value, change_value, change_value),
)
