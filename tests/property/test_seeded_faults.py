"""The oracle can fail: with a fault put into the gate, the SQL or the cache, it finds a wrong answer soon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from property.explore import Explorer, Wrong
from property.leaks import Leak, LeakHunter
from property.make_world import make_world
from property.strategies import choices_of
from property.trial import Bench

from gql_gen.engine import cache
from gql_gen.gate import asked, reads
from gql_gen.model import grants, inheritance, roles
from gql_gen.model.predicates import AggregateTest, All, CastRef, ColumnRef, Exists
from gql_gen.model.types import RoleModel
from gql_gen.plan.nodes import Aggregate, Select, ShowAggregate, ShowColumn, SortKey
from gql_gen.run.checks import Checks
from gql_gen.sql import page, where
from gql_gen.sql.operators import TEMPLATES, Template
from gql_gen.sql.text import Sql

WORLDS = 40
OPERATIONS = 30
SHY: Mapping[str, int] = {
    "a caller's filter walks through hidden rows": 2,
    "a count of related rows counts hidden ones": 2,
    "a hidden cell is compared": 1,
    "a hidden cell is sorted by": 1,
    "a hidden cell is aggregated": 8,
    "a hidden cell is shown": 1,
    "aggregates are made of all rows": 1,
    "rows of functions have no rule": 3,
    "a field is computed for hidden rows": 1,
}
"""Worlds that come before these are known to show nothing of a fault."""
SHY_OF_PATTERNS = (46, 110)
"""The same of a broken pattern, and where to give up."""

Function = Callable[..., Any]


def without_rule(original: Function, kind: type[Any]) -> Function:
    """The gate's function, its rule taken off again."""

    def faulty(*arguments: Any) -> Any:
        found = original(*arguments)
        return replace(found, rule=None) if isinstance(found, kind) else found

    return faulty


def without_row_limit(original: Function) -> Function:
    return lambda *arguments: replace(original(*arguments), row_limit=None)


def without_hop_rules(original: Function) -> Function:
    def faulty(*arguments: Any) -> SortKey:
        found: SortKey = original(*arguments)
        return replace(found, hops=tuple(replace(hop, rule=None) for hop in found.hops))

    return faulty


def unguarded(tree: Any) -> Any:
    """A column, or what holds one, with its cells in every row."""
    match tree:
        case ColumnRef():
            return replace(tree, guard=None)
        case CastRef() | SortKey() | ShowColumn() if tree.column is not None:
            return replace(tree, column=unguarded(tree.column))
        case ShowAggregate():
            return replace(tree, columns=tuple(map(unguarded, tree.columns)))
        case _:
            return tree


def without_guards(original: Function) -> Function:
    return lambda *arguments, **named: unguarded(original(*arguments, **named))


def without_rule_of_calls(original: Function) -> Function:
    def faulty(*arguments: Any) -> Select:
        found: Select = original(*arguments)
        return found if found.rows is None else replace(found, rule=None)

    return faulty


def joined_by_and(original: Function) -> Function:
    def faulty(preds: Any) -> Any:
        parts = tuple(dict.fromkeys(preds))
        return original(parts) if len(parts) < 2 else All(parts)

    return faulty


def only_first(original: Function) -> Function:
    return lambda *arguments: original(*arguments)[:1]


def over_all_rows(original: Function) -> Function:
    def faulty(node: Aggregate, role: RoleModel) -> Aggregate:
        found: Aggregate = original(node, role)
        return replace(found, rule=role.entities[node.relation].rule)

    return faulty


def computed_anyway(original: Function) -> Function:
    return lambda *arguments, **named: replace(original(*arguments, **named), guard=None)


def every_column(columns: Any, entity: Any, *_: Any) -> frozenset[str]:
    return frozenset(field.sql for field in entity.fields.values())


FAULTS: Mapping[str, tuple[Any, str, Any]] = {
    "a caller's filter walks through hidden rows": (asked, "predicate", without_rule(asked.predicate, Exists)),
    "an order looks at hidden rows": (asked, "sort_key", without_hop_rules(asked.sort_key)),
    "a count of related rows counts hidden ones": (
        asked,
        "_aggregate_test",
        without_rule(asked._aggregate_test, AggregateTest),
    ),
    "a list shows hidden rows": (reads, "_select", without_rule(reads._select, Select)),
    "an aggregate counts hidden rows": (reads, "_aggregate", without_rule(reads._aggregate, Aggregate)),
    "the role's limit is forgotten": (reads, "_select", without_row_limit(reads._select)),
    "every column is readable": (grants, "listed_columns", every_column),
    "a hidden cell is compared": (asked, "_operand", without_guards(asked._operand)),
    "a hidden cell is sorted by": (asked, "sort_key", without_guards(asked.sort_key)),
    "a hidden cell is aggregated": (reads, "_group_part", without_guards(reads._group_part)),
    "a hidden cell is shown": (reads, "shown", without_guards(reads.shown)),
    "grants narrow each other": (grants, "any_of", joined_by_and(grants.any_of)),
    "one role is inherited of several": (roles, "select_grants", only_first(inheritance.select_grants)),
    "aggregates are made of all rows": (reads, "_aggregate", over_all_rows(reads._aggregate)),
    "rows of functions have no rule": (reads, "_select", without_rule_of_calls(reads._select)),
    "a field is computed for hidden rows": (asked, "readable_computed", computed_anyway(asked.readable_computed)),
    "_nin means different from any": (where, "TEMPLATES", {**TEMPLATES, "_nin": Template("<>", "any")}),
    "nulls sort where they like": (page, "direction", lambda key: Sql((f" {key.direction}",))),
    "all variables have one shape": (cache, "shape_of", lambda *_: ()),
}


def seed(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, faulty: Any) -> None:
    """Puts the fault in place there, and wherever else the gate knows the same function."""
    original = getattr(module, name)
    for place in (module, reads):
        if getattr(place, name, None) is original:
            monkeypatch.setattr(place, name, faulty)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(benches: tuple[Bench, Bench], monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    explorer = Explorer(benches[0], may_reduce=False)
    visited: list[int] = []

    async def explore(numbers: Iterable[int]) -> None:
        for number in numbers:
            visited.append(number)
            choices = choices_of(number)
            await explorer.explore(make_world(choices), choices, OPERATIONS)

    seed(monkeypatch, *FAULTS[fault])
    first = SHY.get(fault, 0)
    with pytest.raises(Wrong):
        asyncio.run(explore(range(first, first + WORLDS)))
    monkeypatch.undo()
    # It was the fault, and nothing else that is wrong with this world.
    asyncio.run(explore(visited[-1:]))


def test_a_pattern_that_fails_on_hidden_rows_is_found(
    benches: tuple[Bench, Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_check(*_: Any) -> None:
        pass

    monkeypatch.setattr(Checks, "pattern", no_check)
    hunter = LeakHunter(*benches)

    async def hunt() -> None:
        for number in range(*SHY_OF_PATTERNS):
            choices = choices_of(number)
            await hunter.hunt(make_world(choices), choices, 50)

    with pytest.raises(Leak):
        asyncio.run(hunt())
