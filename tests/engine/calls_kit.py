"""Notes of writers, with functions that make rows, values and changes of them, and short ways to ask."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from property.checksum import Checksum

from gql_gen.ask import DocumentAsk, Guard
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import parse_rules
from gql_gen.session import Caller
from usher.postgres import EmbeddedPostgres

SCHEMA = """
create type mood as enum ('glad', 'sad');
create domain short as text check (length(value) < 20);
create table writer (
    id integer primary key, name text not null, email text, pin integer not null, tags text[], meta jsonb,
    boss_id integer references writer
);
create table note (
    id integer primary key, writer_id integer references writer, title text not null, body text, score integer not null,
    shared boolean not null default true
);
create table tally (id integer generated always as identity primary key, said text not null);
create table diary (id integer primary key, line text);
insert into writer values
    (1, 'Ada', 'ada@x', 11, '{a,b}', '{"x": 1}', null), (2, 'Bo', 'bo@x', 22, '{b}', '{"x": 2}', 1),
    (3, 'Cy', 'cy@x', 33, null, '{"y": 3}', 1);
insert into note values
    (1, 1, 'Ants', 'a', 5, true), (2, 1, 'Bees', 'b', 7, false), (3, 2, 'Cats', 'c', 9, true),
    (4, 3, 'Dogs', 'd', 1, false);

create function search(q text default '%', "least" integer default 0) returns setof note stable language sql as
    $$ select * from note where title ilike q and score >= "least" order by id $$;
comment on function search is 'Notes by their titles.';
create function newest() returns note stable language sql as $$ select * from note order by id desc limit 1 $$;
create function note_of(i integer) returns note stable language sql as $$ select * from note where id = i $$;
create function add(a integer, b integer default 5) returns bigint immutable language sql as $$ select a + b $$;
create function whoami(session json) returns text stable language sql as
    $$ select (session ->> 'x-hasura-role') || ':' || coalesce(session ->> 'x-hasura-user-id', '-') $$;
create function mine(session json, low integer default 0) returns setof note stable language sql as
    $$ select * from note where writer_id = (session ->> 'x-hasura-user-id')::int and score >= low order by id $$;
create function moods(how mood default 'glad', texts text[] default '{}', s short default 's', extra jsonb default null)
    returns text stable language sql as $$ select how::text || array_length(texts, 1)::text || s || (extra ->> 'a') $$;
create function unnamed(integer, integer default 2) returns integer immutable language sql as $$ select $1 * 10 + $2 $$;
create function raise_score(q text, session json default null) returns setof note volatile language sql as
    $$ update note set score = score + 1 where title ilike q returning * $$;
create function stir(q text) returns setof note volatile language sql as
    $$ update note set score = score + 100 where title ilike q returning * $$;
create function say(what text) returns text volatile language plpgsql as $$ begin
    insert into tally (said) values (what);
    if what = 'stop' then raise exception 'stop it, %', (select max(pin) from writer); end if;
    return what;
end $$;
create function count_tally() returns integer stable language sql as $$ select count(*)::int from tally $$;
create function nobody() returns setof diary stable language sql as $$ select * from diary $$;
"""

RULES = """
version: 1
naming: hasura
roles: { user: {}, nosy: {}, caller: {}, other: {} }
functions:
  search: { permissions: [user, caller] }
  newest: { permissions: [user] }
  note_of: { permissions: [user] }
  add: { permissions: [user, caller], comment: Adds. }
  whoami: { session_argument: session, permissions: [user, caller] }
  mine: { session_argument: session, permissions: [user] }
  moods: { permissions: [user] }
  unnamed: { permissions: [user] }
  raise_score: { session_argument: session, permissions: [user, caller] }
  stir: { exposed_as: query, permissions: [user, caller] }
  say: { permissions: [user, caller] }
  count_tally: { exposed_as: mutation, permissions: [user] }
tables:
  writer:
    permissions:
      user: { select: { columns: [id, name, boss_id], filter: {} } }
  note:
    permissions:
      user:
        select:
          columns: [id, title, score, writer_id]
          filter: { shared: true }
          limit: 3
          allow_aggregations: true
        insert: { columns: [id, title, score], check: {} }
      other: { select: { columns: [id, title], filter: { shared: true } } }
"""


@dataclass(frozen=True, slots=True)
class House:
    """An engine over a database of its own, and a way to look at the database itself."""

    engine: Engine
    connection: asyncpg.Connection

    async def ask(
        self,
        text: str,
        role: str = "user",
        user: int | None = 1,
        *,
        variables: Mapping[str, Any] | None = None,
        guard: Guard | None = None,
        read_only: bool = False,
        **session: str,
    ) -> Any:
        """The whole answer, decoded."""
        found = {f"x-hasura-{name.replace('_', '-')}": value for name, value in session.items()}
        if user is not None:
            found["x-hasura-user-id"] = str(user)
        ask = DocumentAsk(text, None, variables or {}, read_only, guard)
        return json.loads((await self.engine.answer(ask, Caller(role, found))).body)

    async def data(self, text: str, role: str = "user", user: int | None = 1, **more: Any) -> Any:
        """The data of an answer without errors; the second time, of a query, from the cache."""
        answer = await self.ask(text, role, user, **more)
        assert list(answer) == ["data"], answer
        if not text.lstrip().startswith("mutation"):
            assert await self.ask(text, role, user, **more) == answer
        return answer["data"]

    async def it(self, field: str, role: str = "user", user: int | None = 1, **more: Any) -> Any:
        """What one root field answers."""
        return (await self.data(f"{{ it: {field} }}", role, user, **more))["it"]

    async def refused(self, text: str, role: str = "user", user: int | None = 1, **more: Any) -> str:
        """The message of a request that changed nothing; the second time its statement may be in the cache."""
        sums = await Checksum.of(self.connection)
        before = await sums.take()
        answers = [await self.ask(text, role, user, **more) for _ in range(2)]
        assert await sums.take() == before, text
        assert answers[0] == answers[1]
        assert list(answers[0]) == ["errors"], answers[0]
        return str(answers[0]["errors"][0]["message"])

    async def undone(self, text: str, role: str = "user", user: int | None = 1, **more: Any) -> Any:
        """The data of a mutation that is a dry run."""
        sums = await Checksum.of(self.connection)
        before = await sums.take()
        found = await self.data(text, role, user, guard=Guard(dry_run=True), **more)
        assert await sums.take() == before
        return found


@asynccontextmanager
async def opened(
    postgres: EmbeddedPostgres, name: str, schema: str, rules: str, **settings: Any
) -> AsyncIterator[House]:
    """A house over a new database, gone in the end. The rules have no faults."""
    postgres.create_database(name)
    connection = await asyncpg.connect(postgres.url(name))
    try:
        await connection.execute(schema)
        made = EngineSettings(postgres.url(name), pool_size=2, **settings)
        engine = await Engine.open(made, parse_rules(rules, "permissions.yaml"), strict=True)
        try:
            yield House(engine, connection)
        finally:
            await engine.close()
    finally:
        await connection.close()
        postgres.drop_database(name)
