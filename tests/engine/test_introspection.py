"""Introspection answers what tools ask, and no more than that."""

from __future__ import annotations

import pytest
from engine_kit import ask
from graphql import build_client_schema, get_introspection_query

FIRST, LAST = "{ __schema { types { ...A } } } ", "fragment A on __Type { name fields { name type { ...A } } }"


async def test_the_usual_query_gives_the_roles_schema(open_engine, database) -> None:
    engine = await open_engine(database("shop"))
    query = get_introspection_query(specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True)
    answer = await ask(engine, query, role="user")
    schema = build_client_schema(answer["data"])
    links = {"articles", "articles_aggregate", "authors", "mentor"}
    assert set(schema.type_map["author"].fields) == {"id", "name", "born"} | links
    assert "password_hash" not in str(answer)


@pytest.mark.parametrize(
    "query",
    [
        FIRST + LAST,
        "{ " + " ".join(f"s{index}: __schema {{ types {{ name fields {{ name }} }} }}" for index in range(100)) + " }",
        "{ __schema { " + " ".join(f"t{index}: types {{ name }}" for index in range(100)) + " } }",
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
        "{ __schema { nothing } }",
        "{ __schema }",
        "{ __schema { types } }",
        "{ __type { name } }",
    ],
)
async def test_a_bomb_or_a_slip_is_refused(open_engine, database, query) -> None:
    engine = await open_engine(database("shop"))
    answer = await ask(engine, query)
    assert answer["errors"][0]["extensions"]["code"] == "validation-failed"
    assert "data" not in answer


async def test_a_hidden_type_does_not_exist(open_engine, database) -> None:
    engine = await open_engine(database("shop"))
    assert (await ask(engine, '{ __type(name: "comment") { name } }', role="user"))["data"] == {"__type": None}
    assert (await ask(engine, '{ __type(name: "author") { name } __typename }'))["data"] == {
        "__type": {"name": "author"},
        "__typename": "query_root",
    }


async def test_mutations_are_told_to_who_has_any(open_engine, database) -> None:
    engine = await open_engine(database("shop"))
    query = """{
      __schema { mutationType { name } }
      __type(name: "author_on_conflict") { inputFields { name defaultValue } }
    }"""
    assert (await ask(engine, query))["data"] == {
        "__schema": {"mutationType": {"name": "mutation_root"}},
        "__type": {
            "inputFields": [
                {"name": "constraint", "defaultValue": None},
                {"name": "return_existing", "defaultValue": None},
                {"name": "update_columns", "defaultValue": "[]"},
                {"name": "where", "defaultValue": None},
            ]
        },
    }
    assert (await ask(engine, query, role="user"))["data"] == {"__schema": {"mutationType": None}, "__type": None}
