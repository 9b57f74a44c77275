"""Operations at and beyond what one Postgres row or name can hold."""

from __future__ import annotations

from engine_kit import ask

RULES = "version: 1\nnaming: hasura\ntables:\n  author: {}\n  tag: {}\n"


async def test_more_roots_than_a_row_has_columns(open_engine, database) -> None:
    engine = await open_engine(database("shop"), RULES, max_fields=20_000, max_tokens=50_000)
    roots = " ".join(f"r{index}: tag_by_pk(id: {index % 6}) {{ name }}" for index in range(1_800))
    answer = await ask(engine, f"{{ {roots} }}")
    assert len(answer["data"]) == 1_800
    assert answer["data"]["r1"] == {"name": "craft"}
    assert answer["data"]["r5"] is None


async def test_more_fields_than_a_row_has_columns(open_engine, database) -> None:
    engine = await open_engine(database("shop"), RULES, max_fields=20_000)
    fields = " ".join(f"f{index}: name" for index in range(1_800))
    answer = await ask(engine, f"{{ author(order_by: {{id: asc}}) {{ {fields} }} }}")
    assert [len(row) for row in answer["data"]["author"]] == [1_800] * 4
    assert answer["data"]["author"][1]["f1799"] == "Bao Nguyen"


async def test_keys_longer_than_postgres_names(open_engine, database) -> None:
    engine = await open_engine(database("shop"), RULES)
    first, second = "k" * 80 + "a", "k" * 80 + "b"
    query = f"{{ {first}: author_by_pk(id: 1) {{ {first}: id {second}: name }} }}"
    assert (await ask(engine, query))["data"] == {first: {first: 1, second: "Ada Lindqvist"}}


async def test_too_many_tokens_are_said_so(open_engine, database) -> None:
    engine = await open_engine(database("shop"), RULES, max_tokens=100)
    answer = await ask(engine, "{ author { " + "id " * 100 + "} }")
    assert answer["errors"][0]["message"] == "the query has more than 100 tokens"


async def test_wide_filters_in_variables_are_bounded(open_engine, database) -> None:
    engine = await open_engine(database("shop"), RULES)
    query = "query ($w: author_bool_exp) { author(where: $w) { id } }"
    many = {"_or": [{"id": {"_eq": index}} for index in range(2_000)]}
    assert len((await ask(engine, query, {"w": many}))["data"]["author"]) == 4
    too_many = {"_or": [{"id": {"_eq": index}} for index in range(20_000)]}
    answer = await ask(engine, query, {"w": too_many})
    assert answer["errors"][0]["message"] == "the arguments hold more than 10000 fields"
    assert len((await ask(engine, query, {"w": {}}))["data"]["author"]) == 4


async def test_a_long_list_is_one_value(open_engine, database) -> None:
    engine = await open_engine(database("shop"), RULES)
    query = "query ($ids: [Int!]!) { author(where: {id: {_in: $ids}}, order_by: {id: asc}) { id } }"
    assert (await ask(engine, query, {"ids": list(range(2, 200_000))}))["data"] == {
        "author": [{"id": 2}, {"id": 3}, {"id": 4}]
    }
