"""Things on shelves, many alike and with many gaps, and short ways to page through them.

`user` sees what is not hidden, with prices and weights of what is its own alone, which may be hidden; of the owners
those that have a rank. `few` sees at most three at a time. `blind` may not read keys.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from gql_gen.ask import Dialect, DocumentAsk
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import parse_rules
from gql_gen.session import Caller
from usher.postgres import EmbeddedPostgres

SCHEMA = """
create schema extra;
create extension citext schema extra;
create type mood as enum ('glad', 'calm', 'sad');
create domain grams as double precision check (value > -1000000);
create table owner (id integer primary key, name text, rank integer not null);
create table item (
    shelf text not null, number integer not null, name text, size integer, price numeric(8, 3), weight grams,
    seen timestamptz, day date, flag boolean, tags text[], mood mood, meta jsonb, code extra.citext, uid uuid,
    hidden boolean not null, owner_id integer references owner, primary key (shelf, number)
);
create table plain (word text);
insert into owner values (1, 'Ada', 1), (2, null, 2), (3, 'Cy', 0), (4, 'Ada', 3);
insert into plain values ('a'), ('b');
create function shout(row_of item) returns text stable language plpgsql as $$ begin
    if row_of.name = 'dough' then raise exception 'no shouting of %', row_of.number; end if;
    return upper(row_of.name);
end $$;
create function sized(low integer) returns setof item stable language sql as
    $$ select * from item where size >= low $$;
"""

RULES = """
version: 1
naming: hasura
roles: { user: {}, few: {}, blind: {} }
functions: { sized: { permissions: [user] } }
tables:
  plain: { permissions: { user: { select: { columns: [word], filter: {} } } } }
  owner:
    permissions:
      user: { select: { columns: [id, name, rank], filter: { rank: { _gt: 0 } }, allow_aggregations: true } }
      few: { select: { columns: [id, name], filter: {} } }
  item:
    computed_fields: { shout: shout }
    permissions:
      user:
        select:
          - columns:
              [shelf, number, name, size, seen, day, flag, tags, mood, meta, code, uid, owner_id]
            filter: { hidden: { _eq: false } }
            computed_fields: [shout]
            allow_aggregations: true
          - { columns: [shelf, number, price, weight], filter: { owner_id: X-Hasura-User-Id } }
        insert: { columns: [shelf, number, name], check: {}, set: { hidden: false } }
      few: { select: { columns: [shelf, number, name, owner_id], filter: { hidden: { _eq: false } }, limit: 3 } }
      blind: { select: { columns: [name, owner_id], filter: { hidden: { _eq: false } } } }
"""
_ROWS = 60


def rows() -> list[tuple[Any, ...]]:
    """Rows of `item` as SQL texts: few different values, a third of them null, none of them `dough` in sight."""
    dice = random.Random(7)

    def some(*values: str) -> str | None:
        return dice.choice((None, *values, *values))

    found = []
    for place in range(_ROWS):
        hidden = dice.random() < 0.3
        found.append(
            (
                dice.choice("ab"),
                str(place),
                some("ä", "b", 'quo"te\\', "C\n") if not hidden else "dough",
                some("-1", "7", "2147483647"),
                some("1.100", "99999.999", "-3", "NaN"),
                some("0.1", "1e-300", "Infinity", "2.5"),
                some("2020-01-01 00:00:00.000001+00", "infinity", "0044-03-15 12:00:00+00 BC"),
                some("2020-02-29", "-infinity"),
                some("true", "false"),
                some("{}", '{a,NULL,"b,c"}', "{a}"),
                some("glad", "calm", "sad"),
                some("null", '{"a": [1, null]}', '"text"', "1.50"),
                some("x", "X", "y"),
                some("00000000-0000-0000-0000-000000000001", "ffffffff-0000-0000-0000-000000000001"),
                str(hidden).lower(),
                some("1", "2", "3", "4"),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Shelf:
    """An engine over these tables, and the database itself."""

    engine: Engine
    connection: asyncpg.Connection

    async def ask(
        self,
        text: str,
        variables: Mapping[str, Any] | None = None,
        *,
        role: str = "user",
        user: int = 1,
        dialect: Dialect = "relay",
    ) -> Any:
        """The whole answer, decoded."""
        ask = DocumentAsk(text, None, variables or {}, dialect=dialect)
        return json.loads((await self.engine.answer(ask, Caller(role, {"x-hasura-user-id": str(user)}))).body)

    async def data(self, text: str, variables: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """The data of an answer without errors."""
        answer = await self.ask(text, variables, **more)
        assert list(answer) == ["data"], answer
        return answer["data"]

    async def refused(self, text: str, variables: Mapping[str, Any] | None = None, **more: Any) -> tuple[str, str, str]:
        """Message, path and code of a refusal, the same whether the values stand in the document or not."""
        answer = await self.ask(text, variables, **more)
        assert list(answer) == ["errors"], answer
        error = answer["errors"][0]
        return error["message"], error["extensions"]["path"], error["extensions"]["code"]


def token(value: Any) -> str:
    """What a caller could make up: base64 of JSON, or of a text as it stands."""
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.b64encode(text.encode()).decode()


def untoken(text: str) -> Any:
    return json.loads(base64.b64decode(text))


@asynccontextmanager
async def opened_shelf(
    postgres: EmbeddedPostgres, name: str, rules: str = RULES, *, before: str = "", **settings: Any
) -> AsyncIterator[Shelf]:
    """A shelf in a new database, gone in the end. `before`: SQL to run before the engine looks at it."""
    postgres.create_database(name)
    connection = await asyncpg.connect(postgres.url(name))
    try:
        await connection.execute(SCHEMA + before)
        places = ", ".join(f"${place}::text::{type_}" for place, type_ in enumerate(_TYPES, 1))
        await connection.executemany(f"insert into item values ({places})", rows())
        made = EngineSettings(postgres.url(name), pool_size=2, **settings)
        engine = await Engine.open(made, parse_rules(rules, "permissions.yaml"), strict=True)
        try:
            yield Shelf(engine, connection)
        finally:
            await engine.close()
    finally:
        await connection.close()
        postgres.drop_database(name)


_TYPES = (
    *("text", "integer", "text", "integer", "numeric", "double precision", "timestamptz", "date", "boolean"),
    *("text[]", "mood", "jsonb", "extra.citext", "uuid", "boolean", "integer"),
)
