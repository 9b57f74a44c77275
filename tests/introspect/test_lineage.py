"""From a view's columns down to the tables' own, over definitions that Postgres printed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import asyncpg
import pytest

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.introspect.lineage import lineage, plain_columns, relations_read
from gql_gen.introspect.read import read_catalog

Connection: TypeAlias = "asyncpg.Connection[Any]"


@pytest.fixture
async def connection(fresh_database: Callable[[str], str]) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(fresh_database("hard"))
    yield connection
    await connection.close()


async def carried(connection: Connection, query: str) -> dict[str, set[str]]:
    await connection.execute(f"create view public.probe as {query}")
    return named(await read_catalog(connection), "probe")


def named(catalog: Catalog, view: str) -> dict[str, set[str]]:
    found = lineage(catalog.relations[Ident("public", view)], catalog)
    return {name: {f"{ident.name}.{column}" for ident, column in columns} for name, columns in found.items()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select id, name as title from city", {"id": {"city.id"}, "title": {"city.name"}}),
        ("select upper(name) as shout, 1 as one from city", {"shout": {"city.name"}, "one": set()}),
        (
            "select c.id, country.name as country, c.name || country.code as both from city c join country on true",
            {"id": {"city.id"}, "country": {"country.name"}, "both": {"city.name", "country.code"}},
        ),
        ("select heading from city_of_city", {"heading": {"city.name"}}),
        ("select cities, country from city_count", {"cities": set(), "country": {"city.country"}}),
        ("select b.j as a, b.name as b from city b(i, j)", {"a": {"city.country"}, "b": {"city.name"}}),
        (
            "select name, region.code from city full join region using (name)",
            {"name": {"city.name", "region.name"}, "code": {"region.code"}},
        ),
        (
            "select row_to_json(c.*) as whole, "
            "(select max(r.name) from region r where r.code = c.region) as top from city c",
            {
                "whole": {f"city.{column}" for column in ("id", "country", "region", "name", "retired", "population")},
                "top": {"region.name"},
            },
        ),
        (
            "select s.x, s.n, t.tag from city c, lateral (select c.name as x, r.name as n from region r limit 1) s, "
            "lateral unnest(string_to_array(c.region, ',')) t(tag)",
            {"x": {"city.name"}, "n": {"region.name"}, "tag": {"city.region"}},
        ),
        (
            "with recursive up(n, m) as (select country::text, name from region union all "
            "select up.m, city.name from up join city on true) select n, m from up",
            {"n": {"region.country", "region.name", "city.name"}, "m": {"region.name", "city.name"}},
        ),
        (
            "with city as (select code as name from country) select name from city union select name from public.city",
            {"name": {"country.code", "city.name"}},
        ),
        (
            "select (an_address).street as street, a_text_array[1] as first, exists (select 1 from city) as any, "
            "array(select name from country) as names from everything",
            {
                "street": {"everything.an_address"},
                "first": {"everything.a_text_array"},
                "any": set(),
                "names": {"country.name"},
            },
        ),
        ("select column1 as a, g from (values (1), (2)) v, generate_series(1, 2) g", {"a": set(), "g": set()}),
        (
            "select c.region is not null as has_region, count(c.name) over () as names, coalesce(c.name, '') as name, "
            "count(*) filter (where c.population > 7) over () as big from city c",
            {"has_region": set(), "names": set(), "name": {"city.name"}, "big": {"city.population"}},
        ),
        ("select k.relname from pg_catalog.pg_class k", {}),
        ("select j.a, c.name from city c, json_table('[]', '$[*]' columns (a int path '$.a')) j", {}),
    ],
)
async def test_a_column_is_followed_to_what_it_carries(
    connection: Connection, query: str, expected: dict[str, set[str]]
) -> None:
    assert await carried(connection, query) == expected


async def test_plain_columns_are_those_that_nothing_was_done_to(connection: Connection) -> None:
    await connection.execute("create view public.middle as select id as number, (name) as title from city")
    query = (
        "select m.number, m.title as heading, upper(m.title) as loud, m.number::text as text, 1 as one, "
        "coalesce(m.number) as some, row_to_json(m.*) as whole, (select c.code from country c limit 1) as code "
        "from middle m"
    )
    await connection.execute(f"create view public.probe as {query}")
    catalog = await read_catalog(connection)
    city = Ident("public", "city")
    found = plain_columns(catalog.relations[Ident("public", "probe")], catalog)
    assert found == {"number": (city, "id"), "heading": (city, "name")}


async def test_every_relation_that_a_view_names_is_told_as_often_as_it_is(connection: Connection) -> None:
    query = (
        "with city as (select 1 as one) "
        "select one, (select count(*) from public.city) as n from city, public.city_simple "
        "where exists (select from public.city) or 'pg_class'::regclass in (select oid from pg_class)"
    )
    await connection.execute(f"create view public.probe as {query}")
    read = relations_read((await read_catalog(connection)).relations[Ident("public", "probe")])
    assert sorted(map(str, read or ())) == ["public.city", "public.city", "public.city_simple"]


async def test_hostile_names_are_followed(connection: Connection) -> None:
    table = '"Odd ""Schema"".x"."Table; drop table x --"'
    query = f'select "данные 数据 𝄞" as "a ""b""", "a.b", "select" || \'x\' as "Select" from {table} as "T "'
    assert await carried(connection, query) == {
        'a "b"': {"Table; drop table x --.данные 数据 𝄞"},
        "a.b": {"Table; drop table x --.a.b"},
        "Select": {"Table; drop table x --.select"},
    }


async def test_what_cannot_be_read_is_left_unsaid(connection: Connection) -> None:
    catalog = await read_catalog(connection)
    view = catalog.relations[Ident("public", "city_simple")]
    deep = "select " + "(" * 20_000 + "1" + ")" * 20_000
    for definition in ("selekt ((", "", "select 'unclosed", "insert into city values (1)", "select a b c from", deep):
        assert lineage(replace(view, definition=definition), catalog) == {}


async def test_a_table_carries_itself(connection: Connection) -> None:
    assert named(await read_catalog(connection), "country") == {"code": {"country.code"}, "name": {"country.name"}}
