"""A bad argument gives one error at its own path, whatever rows exist."""

from __future__ import annotations

import asyncpg
import pytest
from engine_kit import ask

RULES = """
version: 1
naming: hasura
tables:
  author: {}
  article: {}
"""

BAD = [
    ('{name: {_like: "x\\\\"}}', "bad-request", "name._like"),
    ('{name: {_ilike: "\\\\\\\\\\\\"}}', "bad-request", "name._ilike"),
    ('{name: {_regex: "("}}', "bad-request", "name._regex"),
    ('{name: {_similar: "("}}', "bad-request", "name._similar"),
    ('{born: {_eq: "2020-13-01"}}', "data-exception", "born._eq"),
    ('{born: {_in: ["2020-01-01", "x"]}}', "data-exception", "born._in[1]"),
    ('{articles: {reading_time: {_gt: "long"}}}', "data-exception", "articles.reading_time._gt"),
    ("{articles: {state: {_eq: gone}}}", "validation-failed", "articles.state._eq"),
]


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize(("where", "code", "path"), BAD)
async def test_the_error_does_not_depend_on_rows(open_engine, fresh_database, where, code, path, empty) -> None:
    url = fresh_database("shop")
    if empty:
        connection = await asyncpg.connect(url)
        await connection.execute("truncate author cascade")
        await connection.close()
    engine = await open_engine(url, RULES)
    for _ in range(2):
        answer = await ask(engine, f"{{ author(where: {where}) {{ id }} }}")
        assert answer["errors"][0]["extensions"] == {"path": f"$.selectionSet.author.args.where.{path}", "code": code}


async def test_the_same_holds_for_variables(open_engine, database) -> None:
    engine = await open_engine(database("shop"), RULES)
    query = "query ($d: date, $p: String) { author(where: {born: {_eq: $d}, name: {_like: $p}}) { id } }"
    assert (await ask(engine, query, {"d": "1971-03-14", "p": "Ada%"}))["data"] == {"author": [{"id": 1}]}
    bad_date = await ask(engine, query, {"d": "1971-03-99", "p": "Ada%"})
    assert bad_date["errors"][0]["extensions"]["path"] == "$.selectionSet.author.args.where.born._eq"
    bad_pattern = await ask(engine, query, {"d": "1971-03-14", "p": "Ada\\"})
    assert bad_pattern["errors"][0]["extensions"]["code"] == "bad-request"
    assert (await ask(engine, query, {"d": "1971-03-14", "p": "Ada%"}))["data"] == {"author": [{"id": 1}]}


async def test_a_bad_session_variable_is_the_callers_error(open_engine, database) -> None:
    rules = RULES.replace("version: 1", "version: 1\nroles: {user: {}}").replace(
        "  author: {}",
        "  author:\n    permissions:\n      user: {select: {columns: [id], filter: {id: {_eq: X-Hasura-User-Id}}}}",
    )
    engine = await open_engine(database("shop"), rules)
    answer = await ask(engine, "{ author { id } }", role="user", session={"x-hasura-user-id": "one"})
    assert answer["errors"][0]["extensions"]["code"] == "data-exception"
    missing = await ask(engine, "{ author { id } }", role="user")
    assert missing["errors"][0] == {
        "message": 'missing session variable: "x-hasura-user-id"',
        "extensions": {"path": "$", "code": "not-found"},
    }
