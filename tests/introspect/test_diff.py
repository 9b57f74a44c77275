"""What a person is told when the database has changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import asyncpg
import pytest

from gql_gen.catalog.diff import Change, changes
from gql_gen.introspect.read import read_catalog

Connection: TypeAlias = "asyncpg.Connection[Any]"


@pytest.fixture
async def connection(fresh_database: Callable[[str], str]) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(fresh_database("shop"))
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("analyze", []),
        ("create table extra (id int primary key)", ["added table public.extra"]),
        ("drop view published_article", ["removed view public.published_article"]),
        ("alter table tag add colour text", ["added column public.tag.colour"]),
        ("alter table author drop born", ["removed column public.author.born"]),
        (
            "alter table tag alter name drop not null",
            ["changed column public.tag.name (nullable: False → True)"],
        ),
        (
            "alter table product alter name type text",
            [
                "changed column public.product.name (type: pg_catalog.varchar → pg_catalog.text; "
                "declared: character varying(80) → text)"
            ],
        ),
        ("comment on table tag is 'Labels'", ["changed table public.tag (comment: none → Labels)"]),
        (
            "alter table tag drop constraint tag_name_key",
            ["removed unique key public.tag.tag_name_key"],
        ),
        (
            "alter table article_tag drop constraint article_tag_pkey",
            [
                "changed table public.article_tag (primary_key: article_tag_pkey (article_id, tag_id) → none)",
            ],
        ),
        (
            "alter type article_state add value 'withdrawn'",
            [
                "changed type public.article_state (labels: (draft, review, published) → "
                "(draft, review, published, withdrawn))"
            ],
        ),
        (
            "drop function purchase_total(purchase); create function purchase_total(purchase int) returns int "
            "language sql as 'select 1'",
            [
                "removed type public._purchase",
                "removed type public.purchase",
                "added function public.purchase_total(pg_catalog.int4)",
                "removed function public.purchase_total(public.purchase)",
            ],
        ),
        ("create unique index tag_low on tag (lower(name))", ["added unique index public.tag.tag_low"]),
        (
            "alter table tag add constraint no_blank check (name <> '')",
            ["added check constraint public.tag.no_blank"],
        ),
        ("create extension fuzzystrmatch", ["added extension fuzzystrmatch"]),
        (
            "create table pair (a int, b int); alter table pair drop a; alter table pair add a int",
            ["added table public.pair"],
        ),
    ],
)
async def test_a_change_is_told_by_name(connection: Connection, statement: str, told: list[str]) -> None:
    before = await read_catalog(connection)
    await connection.execute(statement)
    after = await read_catalog(connection)
    assert [str(change) for change in changes(before, after)] == told
    assert (before.fingerprint == after.fingerprint) == (not told)


async def test_a_new_order_of_columns_is_a_change(connection: Connection) -> None:
    await connection.execute("create table pair (a int, b int)")
    before = await read_catalog(connection)
    await connection.execute("alter table pair drop a; alter table pair add a int")
    after = await read_catalog(connection)
    assert changes(before, after) == (Change("changed", "table public.pair", "columns: a, b → b, a"),)
