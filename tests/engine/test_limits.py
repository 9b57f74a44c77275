"""Limits of operations by role: depth, nodes, rows and time, counted on the expanded document."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from engine_kit import RULES, ask, code

from gql_gen.dialects.document import Limits, read_operation
from gql_gen.dialects.measure import Size, measured
from gql_gen.engine.answer import Engine
from gql_gen.engine.limits import OWN_LIMITS, limits_of
from gql_gen.errors import Rejected
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import NO_LIMITS

OpenEngine = Callable[..., Awaitable[Engine]]
OPEN_TO_ALL = """
version: 1
naming: hasura
roles: { reader: {} }
tables:
  author: { permissions: { reader: { select: { columns: [id, name], filter: {}, allow_aggregations: true } } } }
  article: { permissions: { reader: { select: { columns: [id, title, author_id], filter: {}, limit: 3 } } } }
"""


def limited(limits: str, of_role: str = "{}", rules: str = OPEN_TO_ALL) -> str:
    """The rules with limits of the whole file and of the role reader."""
    return rules.replace("roles: { reader: {} }", f"limits: {limits}\nroles: {{ reader: {{ limits: {of_role} }} }}")


def size_of(text: str) -> Size:
    return measured(read_operation(text, None, Limits()))


# ---------------------------------------------------------------- measuring


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("{ viewer }", Size(0, 0)),
        ("{ viewer { name } }", Size(1, 1)),
        ("{ viewer { ... on user { name } } }", Size(1, 1)),
        ("{ viewer { albums { title } } }", Size(2, 2)),
        ("{ viewer { albums { ...M songs { ...M } } } } fragment M on music { id artists { name } }", Size(4, 5)),
        ("{ a: x { n } b: x { n } c: x { n } }", Size(1, 3)),
        ("{ x { ...F @skip(if: true) } } fragment F on y { z { n } }", Size(2, 2)),
        ("{ __schema { types { fields { name } } } x { n } }", Size(1, 1)),
        ("{ ...F } fragment F on query_root { __type(name: T) { fields { name } } }", Size(0, 0)),
        ("mutation { add { returning { id } } }", Size(2, 2)),
    ],
)
def test_an_operation_is_as_large_as_what_it_expands_to(text: str, size: Size) -> None:
    assert size_of(text) == size


def test_fragments_that_double_one_another_are_measured_in_linear_time() -> None:
    links = " ".join(f"fragment F{n} on t {{ a {{ ...F{n + 1} }} b {{ ...F{n + 1} }} }}" for n in range(90))
    began = time.perf_counter()
    found = size_of("{ ...F0 } fragment F90 on t { x } " + links)
    assert (found.depth, found.nodes) == (90, 2**91 - 2)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize("skipped", ["", " @skip(if: true)", " @include(if: $open)"])
def test_fragments_in_a_circle_have_no_size_even_where_it_is_not_closed(skipped: str) -> None:
    """Opened at another place, a circle would hold more than was counted at the first."""
    text = f"{{ ...A }} fragment A on q {{ x {{ ...B }} }} fragment B on q {{ y {{ ...A{skipped} }} }}"
    with pytest.raises(Rejected, match="A and B form a cycle") as refused:
        size_of(text)
    assert refused.value.path == "$.selectionSet.A.selectionSet.x.selectionSet.B.selectionSet.y.selectionSet"


# ---------------------------------------------------------------- which limit it is


def test_a_role_s_own_limit_goes_before_the_one_of_the_file_and_that_before_usher_s() -> None:
    rules = parse_rules(limited("{ depth: 5, rows: 10 }", "{ depth: 7, seconds: 2.5 }"), "permissions.yaml")
    reader, other = limits_of(rules, "reader"), limits_of(rules, "other")
    assert (reader.depth, reader.nodes, reader.rows, float(reader.seconds or 0)) == (7, OWN_LIMITS.nodes, 10, 2.5)
    assert (other.depth, other.batch, other.seconds) == (5, OWN_LIMITS.batch, None)
    assert limits_of(rules, "admin") == NO_LIMITS


# ---------------------------------------------------------------- depth and nodes


DEEP = "{ author { articles { author { name } } } }"


@pytest.fixture
def database_of_shop(database: Callable[[str], str]) -> str:
    return database("shop")


async def test_what_is_too_deep_is_refused_for_all_but_admin(open_engine: OpenEngine, database_of_shop: str) -> None:
    engine = await open_engine(database_of_shop, limited("{ depth: 2 }"))
    answer = await ask(engine, DEEP, role="reader")
    assert answer["errors"] == [
        {"message": "depth limit of 2 exceeded", "extensions": {"path": "$", "code": "depth-limit-exceeded"}}
    ]
    assert "data" in await ask(engine, "{ author { articles { title } } }", role="reader")
    assert "data" in await ask(engine, DEEP)


async def test_aliases_and_fragments_count_as_nodes(open_engine: OpenEngine, database_of_shop: str) -> None:
    engine = await open_engine(database_of_shop, limited("{ nodes: 1 }", "{ nodes: 4 }"))
    spread = "{ a: author { ...F } b: author { ...F } } fragment F on author { articles { id } }"
    assert "data" in await ask(engine, spread, role="reader")
    answer = await ask(engine, spread.replace("b: author", "b: author { id } c: author"), role="reader")
    assert code(answer) == "node-limit-exceeded"


async def test_a_refused_document_stays_refused_and_a_reload_measures_anew(
    open_engine: OpenEngine, database_of_shop: str
) -> None:
    engine = await open_engine(database_of_shop, limited("{ depth: 2 }"))
    assert [code(await ask(engine, DEEP, role="reader")) for _ in range(2)] == ["depth-limit-exceeded"] * 2
    await engine.reload(parse_rules(limited("{ depth: 3 }"), "permissions.yaml"))
    assert "data" in await ask(engine, DEEP, role="reader")
    await engine.reload(parse_rules(limited("{ depth: 1 }"), "permissions.yaml"))
    assert code(await ask(engine, DEEP, role="reader")) == "depth-limit-exceeded"


async def test_introspection_has_its_own_bound(open_engine: OpenEngine, database_of_shop: str) -> None:
    engine = await open_engine(database_of_shop, limited("{ depth: 1, nodes: 1 }"))
    looked = await ask(engine, "{ __schema { types { fields { type { ofType { name } } } } } }", role="reader")
    assert looked["data"]["__schema"]["types"]


async def test_the_limits_that_are_on_by_themselves_are_generous(
    open_engine: OpenEngine, database_of_shop: str
) -> None:
    engine = await open_engine(database_of_shop, OPEN_TO_ALL, max_depth=1_000, max_fields=10_000)
    around, ends = "articles { author { " * 14, "} } " * 14
    deep = f"{{ author(where: {{id: {{_eq: -1}}}}) {{ {around} articles {{ %s }} {ends} }} }}"
    assert "data" in await ask(engine, deep % "id", role="reader")
    assert code(await ask(engine, deep % "author { id }", role="reader")) == "depth-limit-exceeded"


# ---------------------------------------------------------------- rows


async def test_no_list_is_longer_than_the_limit_of_rows(open_engine: OpenEngine, database_of_shop: str) -> None:
    engine = await open_engine(database_of_shop, limited("{ rows: 2 }"))
    query = "{ author(order_by: {id: asc}) { id articles(limit: 50) { id } } }"
    authors = (await ask(engine, query, role="reader"))["data"]["author"]
    assert len(authors) == 2
    assert max(len(author["articles"]) for author in authors) <= 2
    everything = (await ask(engine, query))["data"]["author"]
    assert len(everything) > 2


@pytest.mark.parametrize("rows", [2**31 - 1, 2**63, 10**30])
async def test_a_limit_beyond_all_numbers_is_none(open_engine: OpenEngine, database_of_shop: str, rows: int) -> None:
    of_role = OPEN_TO_ALL.replace("limit: 3", f"limit: {rows}").replace("naming", "connections: true\nnaming")
    for rules in (of_role, limited(f"{{ rows: {rows} }}", rules=of_role)):
        engine = await open_engine(database_of_shop, rules)
        for first in ("", "(first: 2147483647)"):
            text = (
                f"{{ article {{ id }} article_connection{first} {{ edges {{ cursor }} pageInfo {{ hasNextPage }} }} }}"
            )
            assert "data" in await ask(engine, text, role="reader")


async def test_the_least_of_both_limits_holds_and_counts_count_on(
    open_engine: OpenEngine, database_of_shop: str
) -> None:
    engine = await open_engine(database_of_shop, limited("{ rows: 1000 }", "{ rows: 5 }"))
    found = await ask(engine, "{ article { id } author_aggregate { aggregate { count } nodes { id } } }", role="reader")
    assert len(found["data"]["article"]) == 3
    assert found["data"]["author_aggregate"]["aggregate"]["count"] >= len(found["data"]["author_aggregate"]["nodes"])


# ---------------------------------------------------------------- time


SLOW = """
create view slow as select a.id, pg_sleep(20)::text as slept from author a limit 1;
create table jobs (id int primary key);
create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(20); return new; end $$;
create trigger dawdle before insert on jobs for each row execute function dawdle();
"""
SLOW_RULES = """
version: 1
naming: hasura
limits: { seconds: 0.4 }
roles: { reader: {} }
tables:
  slow: { permissions: { reader: { select: { columns: "*", filter: {} } } } }
  jobs:
    permissions:
      reader: { select: { columns: "*", filter: {} }, insert: { columns: "*", check: {} } }
"""


@pytest.mark.parametrize(
    "query", ["{ slow { id slept } }", "mutation { insert_jobs_one(object: {id: 1}) { id } }"], ids=["read", "write"]
)
async def test_what_takes_too_long_is_cancelled_in_the_database(
    open_engine: OpenEngine, fresh_database: Callable[[str], str], query: str
) -> None:
    url = fresh_database("shop")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(SLOW)
        engine = await open_engine(url, SLOW_RULES)
        began = time.monotonic()
        answer = await ask(engine, query, role="reader")
        assert (code(answer), time.monotonic() - began < 5) == ("time-limit-exceeded", True)
        assert answer["errors"][0]["message"] == "the query took too long and was cancelled"
        assert await _is_quiet(connection)
        assert await connection.fetchval("select count(*) from jobs") == 0
        assert "data" in await ask(engine, "{ jobs { id } }", role="reader")
    finally:
        await connection.close()


AT_COMMIT = """
create table late (id integer primary key);
create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(0.8); return null; end $$;
create constraint trigger linger after insert on late deferrable initially deferred for each row
    execute function linger();
"""


async def test_a_commit_is_never_cut_off(open_engine: OpenEngine, fresh_database: Callable[[str], str]) -> None:
    """Nobody would know whether it was made."""
    url = fresh_database("shop")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(AT_COMMIT)
        engine = await open_engine(url, SLOW_RULES.replace("  jobs:", "  late:"))
        answer = await ask(engine, "mutation { insert_late_one(object: {id: 1}) { id } }", role="reader")
        assert answer == {"data": {"insert_late_one": {"id": 1}}}
        assert await connection.fetchval("select count(*) from late") == 1
    finally:
        await connection.close()


async def _is_quiet(connection: Any) -> bool:
    """Whether no statement of usher's is running any more, within two seconds."""
    for _ in range(20):
        running = await connection.fetchval(
            "select count(*) from pg_stat_activity where application_name = 'usher' and state = 'active'"
            " and datname = current_database()"
        )
        if running == 0:
            return True
        await asyncio.sleep(0.1)
    return False


# ---------------------------------------------------------------- looking at the schema


HIDDEN = RULES.replace("roles: { user: {} }", "roles: { user: { introspection: false } }")


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { name } } }",
        '{ t: __type(name: "author") { name } }',
        "{ ...F } fragment F on query_root { __schema { types { name } } }",
        "query ($v: Boolean!) { ... @include(if: $v) { __schema { types { name } } } }",
    ],
)
async def test_a_role_without_introspection_cannot_look(
    open_engine: OpenEngine, database_of_shop: str, query: str
) -> None:
    engine = await open_engine(database_of_shop, HIDDEN)
    refused = await ask(engine, query, {"v": True}, role="user", session={"x-hasura-user-id": "1"})
    name = "__type" if "__type(" in query else "__schema"
    assert refused["errors"][0]["message"] == f"field '{name}' not found in type: 'query_root'"
    assert "data" in await ask(engine, query, {"v": True})


async def test_typename_stays_and_messages_name_nothing_hidden(open_engine: OpenEngine, database_of_shop: str) -> None:
    engine = await open_engine(database_of_shop, HIDDEN)
    session = {"x-hasura-user-id": "1"}
    answer = await ask(engine, "{ __typename author { __typename } }", role="user", session=session)
    assert answer["data"]["__typename"] == "query_root"
    slip = await ask(engine, "{ author { password_has } }", role="user", session=session)
    assert slip["errors"][0]["message"] == "field 'password_has' not found in type: 'author'"
