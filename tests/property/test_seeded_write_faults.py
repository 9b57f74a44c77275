"""The oracle of writes can fail: with a fault put into the gate, the SQL or the transaction, it finds something wrong
soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from property import trial
from property.explore import Wrong
from property.make_write_world import make_write_world
from property.strategies import choices_of
from property.trial import Bench
from property.write_explore import WriteExplorer

from gql_gen.engine.refused import Refusals
from gql_gen.gate import writes
from gql_gen.model import writes as write_rules
from gql_gen.model.predicates import TRUE
from gql_gen.plan.nodes import ShowColumn
from gql_gen.plan.writes import OnConflict
from gql_gen.run.pool import Pool, Transaction
from gql_gen.sql import change, insert, insert_source, verdict
from gql_gen.sql.session import PING
from gql_gen.sql.text import Sql, sql

WORLDS = 60
MUTATIONS = 40
DENIALS = 15

Function = Callable[..., Any]


def with_field(original: Function, **fields: Any) -> Function:
    """The gate's function, some of what it put in place taken off again."""
    return lambda *arguments, **named: replace(original(*arguments, **named), **fields)


def without_check(original: Function) -> Function:
    return lambda *arguments: replace(original(*arguments), pred=TRUE)


def shown_to_all(original: Function) -> Function:
    def faulty(*arguments: Any) -> Any:
        found = original(*arguments)
        return None if found is None else replace(found, rule=TRUE)

    return faulty


def of_updates(original: Function, **fields: Any) -> Function:
    """Of conflicts that update, that is."""

    def faulty(*arguments: Any) -> OnConflict:
        found: OnConflict = original(*arguments)
        return replace(found, **fields) if found.update else found

    return faulty


def one_check_for_all(original: Function) -> Function:
    """Rows that a conflict updated are judged by the insert's check."""

    def faulty(*arguments: Any) -> Any:
        found = original(*arguments)
        conflict = found.on_conflict
        if conflict is None or not conflict.update:
            return found
        return replace(found, on_conflict=replace(conflict, check=found.check))

    return faulty


def only_for_updates(original: Function) -> Function:
    """An upsert's inserted rows are judged by the update's check."""

    def faulty(*arguments: Any) -> Any:
        found = original(*arguments)
        conflict = found.on_conflict
        return found if conflict is None or not conflict.update else replace(found, check=conflict.check)

    return faulty


@asynccontextmanager
async def kept_on_error(self: Pool, begin: str) -> AsyncIterator[Transaction]:
    """Every statement on its own."""
    async with self._held(PING) as link:
        yield Transaction(self, link)


def every_column(columns: Any, entity: Any, *_: Any) -> frozenset[str]:
    return frozenset(field.sql for field in entity.fields.values())


def without_failing(pred: Any, index: int, alias: str, relation: Any, writer: Any, *, tell: bool) -> Sql:
    """Checks are worked out, and their answer forgotten."""
    return sql("true")


def any_null_passes(original: Function) -> Function:
    """Unknown is taken for true."""

    def faulty(*arguments: Any, **named: Any) -> Sql:
        found: Sql = original(*arguments, **named)
        parts = tuple(part.replace(", false)", ", true)") if isinstance(part, str) else part for part in found.parts)
        return Sql(parts)

    return faulty


def with_all_cells(original: Function) -> Function:
    """What is shown is shown of every row."""

    def faulty(*arguments: Any) -> tuple[Any, ...]:
        return tuple(
            replace(show, column=replace(show.column, guard=None)) if isinstance(show, ShowColumn) else show
            for show in original(*arguments)
        )

    return faulty


def first_of_parents(original: Function) -> Function:
    """Told as a fault, and taken all the same."""

    def faulty(kind: str, role: str, theirs: list[tuple[str, Any]], *others: Any) -> Any:
        original(kind, role, theirs, *others)
        return next((rule for _, each in theirs if (rule := getattr(each, kind)) is not None), None)

    return faulty


async def always(*_: Any) -> bool:
    return True


FAULTS: Mapping[str, tuple[Any, str, Any]] = MappingProxyType(
    {
        "an update reaches rows beyond its filter": (writes, "_update", with_field(writes._update, rule=TRUE)),
        "a delete reaches rows beyond its filter": (writes, "_delete", with_field(writes._delete, rule=TRUE)),
        "no check is asked": (writes, "_check", without_check(writes._check)),
        "checks do not stop anything": (change, "verdict", without_failing),
        "a check that is unknown passes": (insert, "verdict", any_null_passes(verdict.verdict)),
        "an insert forgets its presets": (writes, "_insert", with_field(writes._insert, presets=())),
        "an update forgets its presets": (writes, "_update", with_field(writes._update, presets=())),
        "an answer shows rows that the role may not select": (writes, "_answer", shown_to_all(writes._answer)),
        "a caller's filter walks through hidden rows": (writes, "_where", lambda where, *_: where),
        "a write picks hidden rows by their values": (writes, "_reached", lambda rule, *_, **__: rule.filter),
        "rows of others are related without leave": (writes, "_may_exist", lambda *_: False),
        "an upsert reaches rows beyond the update's filter": (
            writes,
            "_on_conflict",
            of_updates(writes._on_conflict, rule=TRUE),
        ),
        "an upsert forgets the update's presets": (
            writes,
            "_on_conflict",
            of_updates(writes._on_conflict, presets=()),
        ),
        "an upsert forgets its own filter": (writes, "_on_conflict", of_updates(writes._on_conflict, where=TRUE)),
        "updated rows are judged by the insert's check": (writes, "_insert", one_check_for_all(writes._insert)),
        "inserted rows are judged by the update's check": (writes, "_insert", only_for_updates(writes._insert)),
        "an error does not undo what came before it": (Pool, "transaction", kept_on_error),
        "every column is writable": (write_rules, "listed_columns", every_column),
        "rules for backends are for all": (write_rules.Writes, "for_everyone", lambda self: self),
        "an absent key is null": (insert_source.Source, "_default", lambda *_: sql("null")),
        "hidden cells are given back": (writes, "_shows", with_all_cells(writes._shows)),
        "new values are made of hidden cells": (writes, "_seen_values", lambda *_: ()),
        "of two rules that differ one is inherited": (
            write_rules,
            "_inherited",
            first_of_parents(write_rules._inherited),
        ),
        "hidden rows are told of": (Refusals, "_may_tell", always),
        "related rows are read too early": (change, "reaches_again", lambda _: False),
    }
)


SHY: Mapping[str, int] = MappingProxyType(
    {
        "checks do not stop anything": 3,
        "an update forgets its presets": 2,
        "an answer shows rows that the role may not select": 2,
        "a caller's filter walks through hidden rows": 2,
        "rows of others are related without leave": 2,
        "an upsert reaches rows beyond the update's filter": 4,
        "an upsert forgets its own filter": 1,
        "hidden cells are given back": 7,
        "new values are made of hidden cells": 23,
        "hidden rows are told of": 16,
        "related rows are read too early": 4,
    }
)
"""Worlds that come before these are known to show nothing of a fault."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_writing_is_found(bench: Bench, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    explorer = WriteExplorer(bench, may_reduce=False)
    visited: list[int] = []

    async def explore(numbers: Iterable[int]) -> None:
        for number in numbers:
            visited.append(number)
            choices = choices_of(number)
            world = make_write_world(choices)
            await explorer.explore(world, choices, MUTATIONS)
            await explorer.deny(world, choices, DENIALS)

    monkeypatch.setattr(*FAULTS[fault])
    # That rules differ is told all the same.
    monkeypatch.setattr(trial, "check_faults", lambda *_: None)
    first = SHY.get(fault, 0)
    with pytest.raises(Wrong):
        asyncio.run(explore(range(first, first + WORLDS)))
    monkeypatch.undo()
    # It was the fault, and nothing else that is wrong with this world.
    asyncio.run(explore(visited[-1:]))
