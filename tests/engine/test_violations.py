"""What is told of a violated constraint where a write touches several rows, hidden ones among them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from engine_kit import ask, code

from gql_gen.engine.answer import Engine

SCHEMA = """
create schema here;
set search_path = here;
create table team (id int primary key, owner text not null, place int unique);
create table task (id int primary key, team_id int references team);
insert into team values (1, 'ann', 10), (2, 'bob', 20), (3, 'ann', 30);
insert into task values (1, 1), (2, 2);
"""
RULES = """
version: 1
naming: hasura
roles: { user: {} }
tables:
  here.team:
    name: team
    permissions:
      user:
        select: { columns: "*", filter: { owner: { _eq: X-Hasura-User } } }
        update: { columns: [place], filter: {} }
        delete: { filter: {} }
  here.task: { permissions: { user: { select: { columns: "*", filter: {} } } } }
"""
HIDDEN = {
    "message": "check constraint of an insert/update permission has failed",
    "extensions": {"path": "$", "code": "permission-error"},
}


@pytest.fixture
async def engine(open_engine: Callable[..., Awaitable[Engine]], fresh_database: Callable[[str], str]) -> Engine:
    url = fresh_database("shop")
    connection = await asyncpg.connect(url)
    await connection.execute(SCHEMA)
    await connection.close()
    return await open_engine(url, RULES, strict=True)


async def asked(engine: Engine, mutation: str) -> Any:
    return await ask(
        engine, f"mutation {{ {mutation} {{ affected_rows }} }}", role="user", session={"x-hasura-user": "ann"}
    )


@pytest.mark.parametrize("mutation", ["delete_team(where: {})", "update_team(where: {}, _set: {place: 30})"])
async def test_where_hidden_rows_are_touched_too_nothing_is_told(engine: Engine, mutation: str) -> None:
    assert await asked(engine, mutation) == {"errors": [HIDDEN]}


@pytest.mark.parametrize(
    "mutation", ["delete_team(where: {id: {_lt: 9}})", "update_team(where: {id: {_eq: 1}}, _set: {place: 30})"]
)
async def test_of_rows_that_the_role_sees_it_is(engine: Engine, mutation: str) -> None:
    assert code(await asked(engine, mutation)) == "constraint-violation"
