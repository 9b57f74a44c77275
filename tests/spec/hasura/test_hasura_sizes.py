"""What is too large to write down: many roots, many aggregates, long names, and variables of changing shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from runner import House, Street

from gql_gen.ask import DocumentAsk
from gql_gen.engine.answer import Engine
from gql_gen.session import ADMIN, Caller

SHOP = House("shop", "shop", "hasura", "{}")
ROOMY = House("shop", "shop", "hasura", '{"max_fields": 20000, "max_tokens": 100000}')


async def ask(engine: Engine, query: str, variables: dict[str, Any] | None = None) -> Any:
    reply = await engine.answer(DocumentAsk(query, None, variables or {}), Caller(ADMIN, {}))
    return json.loads(reply.body)


async def test_1500_roots_are_answered_in_one_statement_and_in_order(street: Street) -> None:
    roots = [f"r{index}: tag_by_pk(id: {index % 5}) {{ name }}" for index in range(500)]
    roots += [f"s{index}: tag_aggregate {{ aggregate {{ count }} }}" for index in range(500)]
    roots += [f"t{index}: tag(limit: 1, order_by: {{ id: asc }}) {{ id }}" for index in range(500)]
    answer = await ask(await street.engine(ROOMY), "{" + " ".join(roots) + "}")
    names = [None, {"name": "craft"}, {"name": "nature"}, {"name": "history"}, {"name": "unused"}]
    wanted: dict[str, Any] = {f"r{index}": names[index % 5] for index in range(500)}
    wanted |= {f"s{index}": {"aggregate": {"count": 4}} for index in range(500)}
    wanted |= {f"t{index}": [{"id": 1}] for index in range(500)}
    assert list(answer["data"].items()) == list(wanted.items())


@pytest.mark.parametrize("count", [49, 50, 51, 120, 1_100])
async def test_any_number_of_aggregates_may_be_asked_for_at_once(street: Street, count: int) -> None:
    functions = " ".join(f"c{index}: count(columns: [{'rating' if index % 2 else 'id'}])" for index in range(count))
    answer = await ask(await street.engine(ROOMY), f"{{ article_aggregate {{ aggregate {{ {functions} }} }} }}")
    wanted = {f"c{index}": 5 if index % 2 else 6 for index in range(count)}
    assert answer == {"data": {"article_aggregate": {"aggregate": wanted}}}


@pytest.mark.parametrize("count", [999, 1_001, 1_700])
@pytest.mark.parametrize("order", ["", "(order_by: { views: asc })"])
async def test_any_number_of_columns_may_be_asked_for_at_once(street: Street, count: int, order: str) -> None:
    columns = " ".join(f"c{index}: title" for index in range(count))
    query = f"{{ author_by_pk(id: 3) {{ articles{order} {{ {columns} }} }} }}"
    answer = await ask(await street.engine(ROOMY), query)
    assert answer == {"data": {"author_by_pk": {"articles": [{f"c{index}": "Ink" for index in range(count)}]}}}


@pytest.mark.parametrize("length", [62, 63, 64, 200])
@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("{ tag_by_pk(id: 1) { ALIAS: name } }", ("tag_by_pk",)),
        ("{ tag(limit: 1, order_by: { id: asc }) { ALIAS: name } }", ("tag", 0)),
        ("{ tag_aggregate(order_by: { id: asc }) { nodes { ALIAS: name } } }", ("tag_aggregate", "nodes", 0)),
        ("{ tag_aggregate(where: {id: {_eq: 1}}) { ALIAS: aggregate { count } } }", ("tag_aggregate",)),
        ("{ tag_aggregate { aggregate { ALIAS: count } } }", ("tag_aggregate", "aggregate")),
        ("{ tag_aggregate { aggregate { min { ALIAS: name } } } }", ("tag_aggregate", "aggregate", "min")),
        ("{ tag_by_pk(id: 1) { ALIAS: marks(limit: 0) { weight } } }", ("tag_by_pk",)),
        ("{ ALIAS: tag_by_pk(id: 1) { name } }", ()),
    ],
)
async def test_names_of_the_answer_are_never_cut(
    street: Street, length: int, query: str, path: tuple[str | int, ...]
) -> None:
    alias = "a" * length
    found = (await ask(await street.engine(SHOP), query.replace("ALIAS", alias)))["data"]
    for step in path:
        found = found[step]
    assert list(found) == [alias]


async def test_a_cached_statement_never_answers_variables_of_another_shape(street: Street) -> None:
    """One document, many shapes, each asked again after all the others."""
    engine = await street.engine(SHOP)
    query = "query ($w: article_bool_exp) { article(where: $w, order_by: { id: asc }) { id } }"
    everything, nothing = [1, 2, 3, 4, 5, 6], list[int]()
    shapes: list[tuple[Any, list[int]]] = [
        (None, everything),
        ({}, everything),
        ({"_or": []}, nothing),
        ({"_or": {}}, everything),
        ({"_or": [{}]}, everything),
        ({"_and": []}, everything),
        ({"_and": {}}, everything),
        ({"_not": {}}, nothing),
        ({"id": {"_in": []}}, nothing),
        ({"id": {"_in": [2]}}, [2]),
        ({"id": {"_in": 3}}, [3]),
        ({"id": {"_nin": []}}, everything),
        ({"id": {"_is_null": True}}, nothing),
        ({"id": {"_is_null": False}}, everything),
        ({"rating": {"_is_null": True}}, [3]),
        ({"state": {"_eq": "draft"}}, [3]),
        ({"state": {"_eq": "review"}}, [5]),
        ({"meta": {"_contains": []}}, [6]),
        ({"meta": {"_contains": {}}}, [1, 2, 4, 5]),
        ({"meta": {"_eq": {"words": 4, "editor": {"name": "Carla"}}}}, [4]),
        ({"keywords": {"_in": [["food"]]}}, [4]),
        ({"keywords": {"_in": [["food"], []]}}, [3, 4]),
        ({"_or": [{"id": {"_eq": 1}}, {"id": {"_eq": 2}}]}, [1, 2]),
        ({"_or": [{"id": {"_eq": 1}}, {"title": {"_eq": "Ink"}}]}, [1, 6]),
        ({"id": {"_lt": 3}, "author_id": {"_gt": 1}}, nothing),
        ({"author_id": {"_gt": 1}, "id": {"_lt": 5}}, [4]),
    ]
    for variables, ids in [*shapes, *reversed(shapes)]:
        answer = await ask(engine, query, {"w": variables})
        assert answer == {"data": {"article": [{"id": each} for each in ids]}}, variables


async def test_a_cached_statement_never_answers_another_default_or_condition(street: Street) -> None:
    engine = await street.engine(SHOP)
    query = """query ($on: [article_select_column!] = [author_id], $way: order_by = asc, $all: Boolean = false) {
        article(distinct_on: $on, order_by: { author_id: $way }) {
            author_id id @include(if: $all) state @skip(if: $all)
        }
    }"""
    sent: list[dict[str, Any]] = [
        {},
        {"way": "desc"},
        {"way": None, "on": None},
        {"on": []},
        {"on": "author_id"},
        {"on": ["author_id"], "all": True},
        {"all": False},
    ]
    first = [await ask(engine, query, variables) for variables in sent]
    assert [await ask(engine, query, variables) for variables in reversed(sent)] == first[::-1]
    assert [len(answer["data"]["article"]) for answer in first] == [3, 3, 6, 6, 3, 3, 3]
    assert list(first[5]["data"]["article"][0]) == ["author_id", "id"]
    assert [row["author_id"] for row in first[1]["data"]["article"]] == [3, 2, 1]
