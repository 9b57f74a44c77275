"""Where a node's rows come from, and which of them are meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gql_gen.catalog.types import Ident
from gql_gen.plan.nodes import Aggregate, Connection, Select
from gql_gen.sql.text import NOTHING, Sql
from gql_gen.sql.where import Writer, condition, joined

Base = Callable[[Ident, str], Sql]
"""Where rows come from: a relation and an alias → a from item. The relation itself, or rows at hand."""


@dataclass(frozen=True, slots=True)
class Outer:
    """The row that a nested node hangs on."""

    alias: str
    relation: Ident
    on: tuple[tuple[str, str], ...]


def tests_of(
    node: Select | Aggregate | Connection, alias: str, outer: Outer | None, writer: Writer
) -> tuple[Sql, Sql, Sql]:
    """What the rows of a node must fulfil: the link to the row it hangs on, the role's rule, the caller's filter; each
    empty where there is nothing to test."""
    link = NOTHING if outer is None else joined(outer.on, (outer.relation, node.relation), (outer.alias, alias), writer)
    return (
        link,
        condition(node.rule, (alias,), (node.relation,), writer),
        condition(node.where, (alias,), (node.relation,), writer),
    )
