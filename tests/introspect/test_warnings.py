"""What is served but hands out more than the rules seem to say is told, with its place and a remedy that works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import asyncpg
import pytest

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.introspect.read import read_catalog
from gql_gen.introspect.warnings import warnings_of
from gql_gen.rules.load import parse_rules

Connection: TypeAlias = "asyncpg.Connection[Any]"

SCRIPT = """
alter table article enable row level security;
create view headline as select id, title from article;
create view headline_invoked with (security_invoker) as select id, title from article;
create view through_headline with (security_invoker) as select upper(title) as loud from headline;
create view asks_only as select name from author where exists (select from article where author_id = author.id);
create view "Odd name" as select * from headline_invoked;
create materialized view headline_kept as select title from article;
create view no_policies as select name from tag;
create function secret_count(text, author) returns bigint language sql stable security definer
    as 'select count(*) from article';
create function open_count(author) returns bigint language sql stable as 'select count(*) from article';

create view people as select id, name, password_hash as nickname, password_hash is not null as has_password,
    count(password_hash) over () as passwords, md5(password_hash) as print from author;
create view people_again as select nickname as n, print from people;
create view whole as select row_to_json(author.*) as everything from author;
create view names_of_tables as select relname from pg_class;
create view unreadable as
    select id, (select j.a from json_table('[]', '$[*]' columns (a int path '$.a')) j) as j from author;
"""


@pytest.fixture(scope="module")
async def connection(database: Callable[[str], str]) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database("shop"))
    await connection.execute(SCRIPT)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def catalog(connection: Connection) -> Catalog:
    return await read_catalog(connection)


def warned(catalog: Catalog, text: str) -> list[str]:
    return [str(warning) for warning in warnings_of(catalog, parse_rules(f"version: 1\n{text}", "p.yaml"))]


@pytest.mark.parametrize(
    ("view", "owned"),
    [
        ("headline", ["public.headline"]),
        ("through_headline", ["public.headline"]),
        ("asks_only", ["public.asks_only"]),
        ('"Odd name"', ['public."Odd name"']),
        ("headline_invoked", []),
        ("no_policies", []),
    ],
)
def test_a_view_that_steps_around_row_security_is_told_with_the_view_to_change(
    catalog: Catalog, view: str, owned: list[str]
) -> None:
    name = view.strip('"')
    expected = [
        f"p.yaml:3:3: public.{name} steps around the row security of public.article "
        f"(alter view {each} set (security_invoker = on))"
        for each in owned
    ]
    assert warned(catalog, f"tables:\n  {name}: {{}}\n  tag: {{}}") == expected


async def test_the_remedy_ends_the_warning(connection: Connection, catalog: Catalog) -> None:
    """Postgres takes it as it stands, and the next reading has nothing to say."""
    rules = parse_rules("version: 1\ntables: {Odd name: {}, through_headline: {}}", "p.yaml")
    async with connection.transaction():
        for warning in warnings_of(catalog, rules):
            assert warning.hint is not None
            await connection.execute(warning.hint)
        assert warnings_of(await read_catalog(connection), rules) == ()
        await connection.execute("alter view headline reset (security_invoker)")
        await connection.execute('alter view "Odd name" reset (security_invoker)')


def test_a_materialized_view_has_no_such_remedy(catalog: Catalog) -> None:
    assert warned(catalog, "tables: {headline_kept: {}}") == [
        "p.yaml:2:10: public.headline_kept steps around the row security of public.article "
        "(a materialized view has no row security: give public.headline_kept row rules of its own)"
    ]


def test_a_view_that_cannot_be_read_may_step_around(catalog: Catalog) -> None:
    ident = Ident("public", "headline")
    unread = replace(catalog.relations[ident], definition="selekt ((")
    changed = replace(catalog, relations={**catalog.relations, ident: unread})
    assert warned(changed, "tables: {through_headline: {}}") == [
        "p.yaml:2:10: public.through_headline may step around row security: usher cannot read the definition of "
        "public.headline (alter view public.headline set (security_invoker = on))"
    ]


async def test_a_function_that_runs_as_its_owner_is_told_where_it_is_called(
    connection: Connection, catalog: Catalog
) -> None:
    text = """
functions:
  secret_count: {}
  search_article: {}
tables:
  author:
    computed_fields:
      kept: secret_count
      seen: open_count
"""
    remedy = "alter function public.secret_count(text, public.author) security invoker"
    assert warned(catalog, text) == [
        "p.yaml:4:3: the function public.secret_count is SECURITY DEFINER: in it the row security that holds is its "
        f"owner's ({remedy})",
        'p.yaml:9:7: the computed field "kept" of public.author calls public.secret_count, which is SECURITY DEFINER: '
        f"in it the row security that holds is its owner's ({remedy})",
    ]
    async with connection.transaction():
        await connection.execute(remedy)
        assert not (await read_catalog(connection)).functions[Ident("public", "secret_count")][0].security_definer
        await connection.execute(remedy.replace("invoker", "definer"))


def test_without_row_security_there_is_nothing_to_step_around(catalog: Catalog) -> None:
    tables = {ident: replace(relation, row_security=False) for ident, relation in catalog.relations.items()}
    text = "functions: {secret_count: {}}\ntables: {headline: {}, asks_only: {}}"
    assert warned(replace(catalog, relations=tables), text) == []


def leaks(catalog: Catalog, tables: str) -> list[str]:
    tracked = f"tables:\n  author: {{ hide: [password_hash] }}\n{tables}"
    return [warning for warning in warned(catalog, tracked) if "row security" not in warning]


def test_a_hidden_column_under_another_name_is_told(catalog: Catalog) -> None:
    hidden = "shows public.author.password_hash, hidden at p.yaml:3:20"
    assert leaks(catalog, "  people: {}") == [
        f'p.yaml:4:3: column "nickname" of public.people {hidden} (hide: [nickname])',
        f'p.yaml:4:3: column "print" of public.people {hidden} (hide: [print])',
    ]
    assert leaks(catalog, "  whole: {}") == [
        f'p.yaml:4:3: column "everything" of public.whole {hidden} (hide: [everything])'
    ]


def test_what_a_view_hides_is_followed_too_and_its_remedy_ends_the_warning(catalog: Catalog) -> None:
    assert leaks(catalog, "  people: { hide: [nickname, print] }") == []
    assert leaks(catalog, "  people: { hide: [nickname, print] }\n  people_again: {}") == [
        'p.yaml:5:3: column "n" of public.people_again shows public.people.nickname, hidden at p.yaml:4:20 (hide: [n])',
        'p.yaml:5:3: column "print" of public.people_again shows public.people.print, hidden at p.yaml:4:30 '
        "(hide: [print])",
    ]


def test_what_cannot_be_followed_is_told_only_over_tables_that_hide(catalog: Catalog) -> None:
    assert leaks(catalog, "  unreadable: {}") == [
        "p.yaml:4:3: usher cannot tell what id, j of public.unreadable shows, and hidden columns are near "
        "(look at it; if it shows one: hide: [id, j])"
    ]
    assert leaks(catalog, "  names_of_tables: {}") == []
