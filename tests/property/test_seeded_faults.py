"""The oracle can fail: with a fault put into the gate, the SQL or the cache, it finds a wrong answer soon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from property.explore import Explorer, Wrong
from property.leaks import Leak, LeakHunter
from property.make_world import make_world
from property.strategies import choices_of
from property.trial import Bench

from gql_gen.engine import cache
from gql_gen.gate import reads
from gql_gen.model import roles
from gql_gen.model.predicates import AggregateTest, Exists
from gql_gen.plan.nodes import Aggregate, Select, SortKey
from gql_gen.run.checks import Checks
from gql_gen.sql import page, where
from gql_gen.sql.operators import TEMPLATES, Template
from gql_gen.sql.text import Sql

WORLDS = 40
OPERATIONS = 30

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


def every_column(columns: Any, entity: Any, *_: Any) -> frozenset[str]:
    return frozenset(field.sql for field in entity.fields.values())


FAULTS: Mapping[str, tuple[Any, str, Any]] = {
    "a caller's filter walks through hidden rows": (reads, "predicate", without_rule(reads.predicate, Exists)),
    "an order looks at hidden rows": (reads, "_sort", without_hop_rules(reads._sort)),
    "a count of related rows counts hidden ones": (
        reads,
        "_aggregate_test",
        without_rule(reads._aggregate_test, AggregateTest),
    ),
    "a list shows hidden rows": (reads, "_select", without_rule(reads._select, Select)),
    "an aggregate counts hidden rows": (reads, "_aggregate", without_rule(reads._aggregate, Aggregate)),
    "the role's limit is forgotten": (reads, "_select", without_row_limit(reads._select)),
    "every column is readable": (roles, "listed_columns", every_column),
    "_nin means different from any": (where, "TEMPLATES", {**TEMPLATES, "_nin": Template("<>", "any")}),
    "nulls sort where they like": (page, "direction", lambda key: Sql((f" {key.direction}",))),
    "all variables have one shape": (cache, "shape_of", lambda *_: ()),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(benches: tuple[Bench, Bench], monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    explorer = Explorer(benches[0], may_reduce=False)

    async def explore() -> None:
        for number in range(WORLDS):
            choices = choices_of(number)
            await explorer.explore(make_world(choices), choices, OPERATIONS)

    with pytest.raises(Wrong):
        asyncio.run(explore())


def test_a_pattern_that_fails_on_hidden_rows_is_found(
    benches: tuple[Bench, Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_check(*_: Any) -> None:
        pass

    monkeypatch.setattr(Checks, "pattern", no_check)
    hunter = LeakHunter(*benches)

    async def hunt() -> None:
        for number in range(WORLDS):
            choices = choices_of(number)
            await hunter.hunt(make_world(choices), choices, OPERATIONS)

    with pytest.raises(Leak):
        asyncio.run(hunt())
