"""Permitted writes → programs: the statements of each mutation root, in the order to run them."""

from __future__ import annotations

from typing import assert_never

from gql_gen.catalog.types import Catalog
from gql_gen.gate.types import Permitted
from gql_gen.plan.writes import Delete, Insert, Invoke, Update, UpdateMany, Write, WritePlan
from gql_gen.sql.change import write_change
from gql_gen.sql.insert import write_insert
from gql_gen.sql.program import NONE_CHANGED, Builder, Program, result
from gql_gen.sql.read import node_value
from gql_gen.sql.related import write_update


def render_writes(permitted: Permitted[WritePlan], catalog: Catalog, *, tell: bool = False) -> tuple[Program, ...]:
    """A program for each root. With `tell` checks do not raise: each statement's last column says which parts failed,
    for explanations in development; such a program must be rolled back."""
    return tuple(_program(root.node, Builder(catalog, tell)) for root in permitted.plan.roots)


def _program(node: Write, build: Builder) -> Program:
    match node:
        case Insert():
            return build.program((write_insert(node, build),), is_list=False)
        case Update():
            return build.program((write_update(node, build),), is_list=False)
        case UpdateMany():
            answers = tuple(write_update(update, build) for update in node.updates)
            return build.program(answers, is_list=True)
        case Delete():
            return build.program((write_change(node, build),), is_list=False)
        case Invoke():
            writer = build.writer()
            value = node_value(node.root.node, None, writer)
            return build.program((build.step(result([value, NONE_CHANGED], []), writer, None),), is_list=False)
        case _:
            assert_never(node)
