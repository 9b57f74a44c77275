"""The plan cache: hits without planning, bounds in bytes and shapes, fairness between roles."""

from __future__ import annotations

from typing import Any

import pytest
from engine_kit import ask

from gql_gen.dialects.document import Limits, read_operation
from gql_gen.engine import answer as answer_module
from gql_gen.engine.cache import Document, PlanCache, Prepared


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time a document is read into a plan."""
    seen: list[str] = []
    read = answer_module.read

    def counted(*arguments: Any) -> Any:
        seen.append("read")
        return read(*arguments)

    monkeypatch.setattr(answer_module, "read", counted)
    return seen


BY_KEY = "query ($id: Int!) { author_by_pk(id: $id) { name } }"


async def test_a_known_operation_is_not_planned_again(open_engine, database, readings) -> None:
    engine = await open_engine(database("shop"))
    names = [(await ask(engine, BY_KEY, {"id": number}))["data"]["author_by_pk"]["name"] for number in (1, 2, 3)]
    assert names == ["Ada Lindqvist", "Bao Nguyen", "Carla Ruiz"]
    assert len(readings) == 1


async def test_the_shape_of_a_filter_decides_not_its_values(open_engine, database, readings) -> None:
    engine = await open_engine(database("shop"))
    query = "query ($w: author_bool_exp) { author(where: $w, order_by: {id: asc}) { id } }"

    async def ids(where: Any) -> list[int]:
        return [row["id"] for row in (await ask(engine, query, {"w": where}))["data"]["author"]]

    assert await ids({"id": {"_eq": 1}}) == [1]
    planned = len(readings)
    assert await ids({"id": {"_eq": 2}}) == [2]
    assert await ids({"id": {"_eq": 4}}) == [4]
    assert len(readings) == planned
    assert await ids({"id": {"_gt": 2}}) == [3, 4]
    assert await ids({"_not": {"id": {"_gt": 2}}}) == [1, 2]
    assert await ids({"_or": []}) == []
    assert await ids({"_or": {}}) == [1, 2, 3, 4]
    assert await ids({}) == [1, 2, 3, 4]
    assert await ids(None) == [1, 2, 3, 4]


@pytest.mark.parametrize("first", [{"_or": []}, {"_or": {}}, {"_or": [{}]}])
async def test_empty_lists_and_objects_are_not_one_shape(open_engine, database, first) -> None:
    engine = await open_engine(database("shop"))
    query = "query ($w: author_bool_exp) { author(where: $w) { id } }"
    await ask(engine, query, {"w": first})
    await ask(engine, query, {"w": first})
    assert (await ask(engine, query, {"w": {"_or": []}}))["data"] == {"author": []}
    assert len((await ask(engine, query, {"w": {"_or": {}}}))["data"]["author"]) == 4


async def test_a_condition_counts_by_value(open_engine, database) -> None:
    engine = await open_engine(database("shop"))
    query = "query ($b: Boolean!) { author_by_pk(id: 1) { id name @include(if: $b) } }"
    for _ in range(2):
        assert (await ask(engine, query, {"b": True}))["data"]["author_by_pk"] == {"id": 1, "name": "Ada Lindqvist"}
        assert (await ask(engine, query, {"b": False}))["data"]["author_by_pk"] == {"id": 1}


async def test_a_direction_counts_by_value(open_engine, database) -> None:
    engine = await open_engine(database("shop"))
    query = "query ($d: order_by) { author(order_by: {id: $d}, limit: 1) { id } }"
    for _ in range(2):
        assert (await ask(engine, query, {"d": "asc"}))["data"] == {"author": [{"id": 1}]}
        assert (await ask(engine, query, {"d": "desc"}))["data"] == {"author": [{"id": 4}]}


async def test_roles_never_share_a_plan(open_engine, database) -> None:
    engine = await open_engine(database("shop"))
    query = "{ author(order_by: {id: asc}) { id } }"
    session = {"x-hasura-user-id": "2"}
    for _ in range(2):
        assert len((await ask(engine, query))["data"]["author"]) == 4
        assert (await ask(engine, query, role="user", session=session))["data"] == {"author": [{"id": 2}]}


def document(text: str) -> Document:
    return Document(read_operation(text, None, Limits()))


def test_documents_leave_from_the_role_that_holds_most() -> None:
    cache = PlanCache(60_000)
    cache.add("quiet", "{ a }", None, document("{ a }"))
    for number in range(200):
        text = f"{{ a{number} }}"
        cache.add("loud", text, None, document(text))
    assert cache.get("quiet", "{ a }", None) is not None
    assert cache.get("loud", "{ a0 }", None) is None
    assert cache.get("loud", "{ a199 }", None) is not None


def test_shapes_of_one_document_are_bounded() -> None:
    cache = PlanCache(10_000_000)
    known = document("{ a }")
    cache.add("user", "{ a }", None, known)
    for number in range(1_000):
        cache.keep("user", "{ a }", None, ("shape", number), Prepared(None, (b"",), (), (), ()))
    assert len(known.statements) <= 64
    cache.keep("user", "{ a }", None, ("x" * 20_000,), Prepared(None, (b"",), (), (), ()))
    assert ("x" * 20_000,) not in known.statements


def test_what_is_kept_stays_within_its_bytes() -> None:
    cache = PlanCache(200_000)
    for number in range(50):
        text = f"{{ a{number} }}"
        cache.add("user", text, None, document(text))
        cache.keep("user", text, None, (), Prepared(None, (b"x" * 60_000,), (), (), ()))
    kept = [number for number in range(50) if cache.get("user", f"{{ a{number} }}", None)]
    assert kept == [48, 49]
    cache.keep("user", "{ a0 }", None, (), Prepared(None, (b"x" * 60_000,), (), (), ()))
    assert [number for number in range(50) if cache.get("user", f"{{ a{number} }}", None)] == kept


def test_a_document_larger_than_all_is_not_kept() -> None:
    cache = PlanCache(10_000)
    cache.add("user", "{ a }" + " " * 10_000, None, document("{ a }"))
    assert cache.get("user", "{ a }" + " " * 10_000, None) is None
