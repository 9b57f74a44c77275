"""The bugs by which others of this kind were broken, tried on functions, computed fields, grants, inherited roles,
pages, limits and lists. Each test names the advisory or the thread that it is about."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from calls_kit import House, opened
from property.checksum import Checksum

from gql_gen.ask import Dialect, DocumentAsk
from gql_gen.introspect.read import read_catalog
from gql_gen.introspect.warnings import warnings_of
from gql_gen.rules.load import parse_rules
from gql_gen.session import Caller
from usher.postgres import EmbeddedPostgres

SCHEMA = """
create table person (id integer primary key, name text not null, secret text unique, pin integer);
create table post (
    id integer primary key, person_id integer references person, title text not null, shown boolean not null, price int
);
insert into person values (1, 'Ada', 'mine', 11), (2, 'Bo', 'canary', 22), (3, 'Cy', 'other', 33);
insert into post values
    (1, 1, 'Ants', true, 5), (2, 2, 'Bees', true, 7), (3, 2, 'canary', false, 9), (4, 3, 'Dogs', false, 1);
create function posts_of(p person) returns setof post stable language sql as
    $$ select * from post where person_id = p.id order by id $$;
create function pin_twice(p person) returns integer stable language sql as $$ select p.pin * 2 $$;
create function found(q text) returns setof post stable language sql as
    $$ select * from post where title ilike q order by id $$;
create function priced(q text) returns setof post volatile language sql as
    $$ update post set price = price + 1 where title ilike q returning * $$;
create function fails() returns text volatile language plpgsql as
    $$ begin raise exception 'canary: %', (select secret from person where id = 2); end $$;
create function me(session json) returns text stable language sql as
    $$ select (session ->> 'x-hasura-role') || (session ->> 'x-hasura-user-id') $$;
create function staff() returns setof person stable security definer language sql as $$ select * from person $$;
create schema "odd "" $$ schema";
create function "odd "" $$ schema"."f "" '; drop table post; --"(a integer) returns integer immutable language sql as
    'select $1 + 1';
"""
RULES = """
version: 1
naming: hasura
connections: true
limits: { nodes: 60 }
roles: { reader: {}, writer: {}, user: { inherits: [reader, writer] }, stranger: {} }
functions:
  found: { permissions: [reader] }
  priced: { permissions: [writer] }
  fails: { permissions: [writer] }
  me: { session_argument: session, permissions: [reader, stranger] }
  staff: { exposed_as: query, permissions: [] }
  '"odd "" $$ schema"."f "" ''; drop table post; --"': { name: odd, permissions: [reader] }
tables:
  person:
    computed_fields: { posts_of: posts_of, pin_twice: pin_twice }
    permissions:
      reader:
        select:
          - { columns: [id, name], filter: {}, allow_aggregations: true }
          - columns: [secret, pin]
            filter: { id: X-Hasura-User-Id }
            allow_aggregations: true
            computed_fields: [pin_twice]
      writer:
        insert: { columns: "*", check: { id: X-Hasura-User-Id } }
        update: { columns: [id, name, secret], filter: { id: X-Hasura-User-Id }, check: { id: X-Hasura-User-Id } }
        delete: { filter: { id: X-Hasura-User-Id } }
  post:
    permissions:
      reader:
        select: { columns: [id, title, person_id, price], filter: { shown: true }, allow_aggregations: true }
"""
HIDDEN = """
update post set title = 'changed' || id, price = 1000 - id, person_id = 1 where not shown;
update person set secret = secret || '!', pin = 7 * pin - 100 where id <> 1;
"""
AGGREGATES = ("sum", "avg", "min", "max", "stddev", "stddev_pop", "stddev_samp", "var_pop", "var_samp", "variance")


@pytest.fixture(scope="module")
async def house(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    async with opened(postgres, "known_bugs", SCHEMA, RULES) as found:
        yield found


@pytest.fixture(scope="module")
async def twin(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    """The same, but for what user 1 may not see."""
    async with opened(postgres, "known_bugs_twin", SCHEMA + HIDDEN, RULES) as found:
        yield found


async def alike(house: House, twin: House, text: str) -> None:
    """Asserts that nobody can tell the databases apart by this."""
    assert await house.data(text) == await twin.data(text), text


async def errors(house: House, text: str, role: str = "user", **more: Any) -> Any:
    answer = await house.ask(text, role, **more)
    assert list(answer) == ["errors"], answer
    return answer["errors"]


# ---------------------------------------------------------------- who sees which rows and cells


FORMS = (
    'update_person(where: {id: {_eq: 2}}, _set: {name: "x"}) { affected_rows }',
    'update_person_by_pk(pk_columns: {id: 2}, _set: {name: "x"}) { id }',
    'update_person_many(updates: [{where: {id: {_eq: 2}}, _set: {name: "x"}}]) { affected_rows }',
    "delete_person(where: {id: {_eq: 2}}) { affected_rows }",
    "delete_person_by_pk(id: 2) { id }",
    'insert_person(objects: {id: 2, name: "x"}) { affected_rows }',
    'insert_person_one(object: {id: 2, name: "x"}, on_conflict: {constraint: person_pkey, update_columns: name}) {id}',
    "update_person(where: {}, _set: {id: 9}) { affected_rows }",
)


@pytest.mark.parametrize("form", FORMS)
async def test_d1_no_form_of_a_mutation_misses_an_inherited_rule(house: House, form: str) -> None:
    """CVE-2022-46792: "update many" knew no row rules."""
    sums = await Checksum.of(house.connection)
    before = await sums.take()
    await house.ask(f"mutation {{ {form} }}")
    assert await sums.take() == before


@pytest.mark.parametrize(
    "where",
    [
        'posts_of: {title: {_like: "%canary%"}}',
        "posts_of: {price: {_gt: 8}}",
        "_not: {posts_of: {price: {_gt: 8}}}",
        'posts_of: {_not: {title: {_eq: "Bees"}}}',
        "pin_twice: {_gt: 30}",
        "_not: {pin_twice: {_gt: 30}}",
        "pin_twice: {_is_null: true}",
    ],
)
async def test_d2_no_filter_on_a_computed_field_finds_hidden_rows(house: House, twin: House, where: str) -> None:
    """CVE-2026-54698: rows of a computed field were filtered by without their table's rule."""
    await alike(house, twin, f"{{ person(where: {{{where}}}) {{ id }} }}")
    await alike(house, twin, f"{{ person_aggregate(where: {{{where}}}) {{ aggregate {{ count }} }} }}")
    await alike(house, twin, f"{{ person_connection(where: {{{where}}}) {{ edges {{ cursor }} }} }}")


@pytest.mark.parametrize(
    "text",
    [
        '{ found(args: {q: "%canary%"}) { id title } found_aggregate(args: {q: "%"}) { aggregate { count } } }',
        '{ found(args: {q: "%"}, where: {price: {_gt: 8}}) { id } }',
        '{ person(where: {secret: {_like: "c%"}}) { id } }',
        "{ person(order_by: [{secret: desc}, {id: asc}]) { id } }",
        "{ person(order_by: [{posts_of_aggregate: {max: {price: asc}}}, {id: asc}]) { id } }",
        "{ person(distinct_on: secret) { id } }",
        "{ person_connection(order_by: {secret: asc}, first: 2) { edges { cursor } pageInfo { hasNextPage } } }",
        "{ post_connection(last: 1) { edges { cursor } pageInfo { hasNextPage hasPreviousPage } } }",
    ],
)
async def test_d3_nothing_is_found_by_what_is_hidden(house: House, twin: House, text: str) -> None:
    """CVE-2025-64748, CVE-2026-27886, GHSA-v93q-4jcx-7p9m: filters, counts and orders as oracles."""
    await alike(house, twin, text)


@pytest.mark.parametrize("function", AGGREGATES)
async def test_d4_no_aggregate_and_no_alias_unmasks_a_cell(house: House, twin: House, function: str) -> None:
    """CVE-2026-35442 and CVE-2024-34708: masks that min, max and aliases went around."""
    await alike(house, twin, f"{{ person_aggregate {{ aggregate {{ it: {function} {{ x: pin }} }} }} }}")


async def test_d4_a_masked_cell_is_null_by_every_name(house: House) -> None:
    """CVE-2024-34708."""
    assert await house.it("person_by_pk(id: 2) { secret x: secret name: pin y: pin_twice }") == {
        "secret": None, "x": None, "name": None, "y": None,
    }  # fmt: skip


async def test_d5_a_taken_value_in_a_hidden_cell_reads_like_a_failed_check(house: House) -> None:
    """hasura#9838 and pgrst#541: uniqueness was told before the rule was asked, with the row that was in the way."""
    taken = await errors(
        house, 'mutation { update_person_by_pk(pk_columns: {id: 1}, _set: {secret: "canary"}) { id } }'
    )
    failed = await errors(house, "mutation { update_person_by_pk(pk_columns: {id: 1}, _set: {id: 9}) { id } }")
    assert taken == failed


# ---------------------------------------------------------------- what is told


@pytest.mark.parametrize(
    ("hidden", "missing"),
    [
        ("{ staff { id } }", "{ stuff { id } }"),
        ("{ staff_connection { edges { cursor } } }", "{ stuff_connection { edges { cursor } } }"),
        ("{ post(where: {shown: {_eq: true}}) { id } }", "{ post(where: {shawn: {_eq: true}}) { id } }"),
        ("mutation { priced_aggregate { nodes { id } } }", "mutation { prized_aggregate { nodes { id } } }"),
    ],
)  # fmt: skip
async def test_d6_what_is_hidden_and_what_is_not_there_look_alike(house: House, hidden: str, missing: str) -> None:
    """CVE-2025-64749, and PostgREST's hints at names that were meant (#2451, #3824, #4675)."""
    told = json.dumps(await errors(house, hidden))
    for name, other in (("staff", "stuff"), ("shown", "shawn"), ("priced", "prized")):
        told = told.replace(name, other)
    assert json.loads(told) == await errors(house, missing)


async def test_d6_ids_of_tables_out_of_sight_look_like_those_of_none(house: House) -> None:
    """CVE-2025-64749."""

    async def asked(table: str) -> Any:
        token = base64.b64encode(json.dumps([1, "public", table, 1]).encode()).decode()
        ask = DocumentAsk("query ($id: ID!) { node(id: $id) { id } }", None, {"id": token}, dialect="relay")
        return (await house.engine.answer(ask, Caller("user", {"x-hasura-user-id": "1"}))).body.decode()

    assert (await asked("pg_class")).replace("pg_class", "nowhere") == await asked("nowhere")
    assert '"data"' in await asked("person")


async def test_d19_what_a_function_says_when_it_fails_is_told_to_nobody(house: House) -> None:
    """CVE-2024-47822, CVE-2025-30353: secrets in errors."""
    assert "canary" not in json.dumps(await errors(house, "mutation { fails }"))


# ---------------------------------------------------------------- what is changed


DENIED: tuple[tuple[str, str, bool], ...] = (
    ("stranger", 'mutation { priced(args: {q: "%"}) { id } }', False),
    ("reader", 'mutation { priced(args: {q: "%"}) { id } }', False),
    ("user", 'mutation { priced(args: {q: "%"}) { id shown } }', False),
    ("user", 'mutation { priced(args: {q: "%"}) { id } fails }', False),
    ("user", 'mutation { priced(args: {q: "%"}) @skip(if: true) { id } __typename }', False),
    (
        "user",
        'mutation { ...F @include(if: false) } fragment F on mutation_root { priced(args: {q: "%"}) { id } }',
        False,
    ),
    ("user", 'query { priced(args: {q: "%"}) { id } }', False),
    ("user", 'mutation { priced(args: {q: "%"}) { id } }', True),
    ("user", "mutation { " + " ".join(f'a{n}: priced(args: {{q: "%"}}) {{ id }}' for n in range(61)) + " }", False),
)


@pytest.mark.parametrize(("role", "text", "by_get"), DENIED, ids=range(len(DENIED)))
async def test_d9_what_is_refused_has_changed_nothing(house: House, role: str, text: str, by_get: bool) -> None:
    """GHSA-p623-wgx3-wxp8: 403, and the rows were changed. CVE-2024-47082: writes by requests that a link can make."""
    sums = await Checksum.of(house.connection)
    before = await sums.take()
    await house.ask(text, role, read_only=by_get)
    assert await sums.take() == before


# ---------------------------------------------------------------- what is remembered


async def test_d10_what_is_cached_is_nobody_else_s(house: House) -> None:
    """GHSA-c6w9-5g5j-jh2p and CVE-2024-45596: answers kept under too short a key."""
    text = "{ me person(where: {secret: {_is_null: false}}) { id secret } }"
    for _ in range(2):
        assert (await house.data(text, "user", 1))["person"] == [{"id": 1, "secret": "mine"}]
        assert (await house.data(text, "reader", 2))["person"] == [{"id": 2, "secret": "canary"}]
        assert (await house.data("{ me }", "stranger", 3)) == {"me": "stranger3"}
        assert (await house.data("{ me }", "user", 2)) == {"me": "user2"}
        assert "not found" in (await errors(house, text, "stranger"))[0]["message"]


async def test_d10_a_document_means_what_its_endpoint_makes_of_it(house: House) -> None:
    """GHSA-c6w9-5g5j-jh2p: the same text at two endpoints is two questions."""

    async def asked(dialect: Dialect) -> Any:
        ask = DocumentAsk("{ person_by_pk(id: 1) { id } }", None, {}, dialect=dialect)
        answer = await house.engine.answer(ask, Caller("user", {"x-hasura-user-id": "1"}))
        return json.loads(answer.body)["data"]["person_by_pk"]["id"]

    ids = [await asked(dialect) for dialect in ("hasura", "relay", "hasura", "relay")]
    assert ids[0] == ids[2] == 1
    assert ids[1] == ids[3] == base64.b64encode(b'[1, "public", "person", 1]').decode()


async def test_d11_a_column_that_comes_back_is_not_granted_by_a_statement_of_before(postgres: EmbeddedPostgres) -> None:
    """CVE-2025-64746: a new field inherited what had been granted for an old one of its name."""
    async with opened(postgres, "known_bugs_stale", SCHEMA, RULES) as house:
        text = "{ person { secret } }"
        await house.data(text)
        await house.engine.reload(parse_rules(RULES.replace("[secret, pin]", "[pin]"), "permissions.yaml"))
        await house.connection.execute(
            "alter table person drop secret; alter table person add secret text default 'new'"
        )
        for _ in range(2):
            assert (await errors(house, text))[0]["message"] == "field 'secret' not found in type: 'person'"


# ---------------------------------------------------------------- what may be asked


async def test_d12_aliases_in_fragments_count_and_circles_are_refused(house: House) -> None:
    """CVE-2024-39895, CVE-2026-35441, CVE-2026-47707: limits that did not open fragments; CVE-2026-47706: circles that
    crashed them. The next question is answered as ever."""
    doubling = " ".join(f"fragment F{n} on query_root {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    doubled = f"{{ ...F0 }} {doubling} fragment F60 on query_root {{ post {{ id }} }}"
    circles = (
        "{ ...A } fragment A on query_root { ...A }",
        "{ post { ...A } } fragment A on post { person { ...B } } "
        "fragment B on person { posts { ...A @skip(if: true) } }",
    )
    began = time.perf_counter()
    assert (await errors(house, doubled))[0]["extensions"]["code"] == "node-limit-exceeded"
    for circle in circles:
        assert "form a cycle" in (await errors(house, circle))[0]["message"]
    assert time.perf_counter() - began < 1
    await house.data("{ post { id } }")


async def test_d13_names_of_functions_are_never_read_as_sql(house: House) -> None:
    """GHSA-wm25-j4gw-6vr3: a name that came with the request stood in the statement."""
    assert await house.it("odd(args: {a: 1})") == 2
    assert (await house.ask('{ found(args: {q: "\'; drop table post; --"}) { id } }'))["data"] == {"found": []}


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ person(where: {pin_twice: {_eq: null}}) { id } }", {}),
        ("query ($x: Int) { person(where: {pin_twice: {_eq: $x}}) { id } }", {}),
        ('query ($x: Int) { found(args: {q: "%"}, where: {id: {_eq: $x}}) { id } }', {"x": None}),
        ("query ($x: Int) { person_connection(where: {id: {_eq: $x}}) { edges { cursor } } }", {}),
        ("query ($x: Int) { person(where: {posts_of: {id: {_gt: $x}}}) { id } }", {"x": None}),
    ],
)
async def test_d14_null_is_never_true(house: House, text: str, variables: dict[str, Any]) -> None:
    """Hasura's V1_BOOLEAN_NULL_COLLAPSE: a comparison with null matched every row."""
    assert "null" in (await errors(house, text, variables=variables))[0]["message"]


async def test_d14_a_rule_without_its_session_variable_shows_no_rows_of_functions(house: House) -> None:
    told = await errors(house, "{ person { pin_twice } person_connection { edges { cursor } } }", user=None)
    assert told[0]["message"] == 'missing session variable: "x-hasura-user-id"'


@pytest.mark.parametrize(
    "bomb", ["[" * 60_000, '{"id":' * 15_000, '{"id": ' + "9" * 60_000 + "}", '{"id": 1e999999999}']
)
async def test_d17_a_cursor_is_no_bomb(house: House, bomb: str) -> None:
    """JSON in a token is read within the same bounds as any other."""
    token, began = base64.b64encode(bomb.encode()).decode(), time.perf_counter()
    text = "query ($c: String) { person_connection(after: $c) { edges { cursor } } }"
    assert "cursor is invalid" in (await errors(house, text, variables={"c": token}))[0]["message"]
    assert time.perf_counter() - began < 1


async def test_d18_functions_that_step_around_row_security_are_named(house: House) -> None:
    """supabase#23159, #49276: views and SECURITY DEFINER functions read what row security keeps back."""
    await house.connection.execute("alter table person enable row level security")
    catalog = await read_catalog(house.connection)
    warned = [str(fault) for fault in warnings_of(catalog, parse_rules(RULES, "permissions.yaml"))]
    assert any("public.staff" in said for said in warned), warned


def test_each_bug_has_one_test() -> None:
    found = {name.split("_")[1] for name in globals() if name.startswith("test_d")}
    covered = itertools.chain(range(1, 7), range(9, 15), range(17, 20))
    assert found == {f"d{number}" for number in covered}
