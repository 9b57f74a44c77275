"""What views can be joined by, from definitions that Postgres printed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.introspect.read import read_catalog
from gql_gen.introspect.view_keys import joins_through_views, with_joins

SCRIPT = """
create view heading as select id, author_id as by, upper(title) as title from article;
create view heading_again as select by as written_by from heading;
create view worked_out as select id + 0 as id, max(author_id) over () as author_id from article;
create view chosen as select id, coalesce(author_id, 0) as author_id from article union all select id, 1 from article;
create view line as select purchase_id as purchase, position, product_id from purchase_line;
create view twins as
    select one.purchase_id, other.position from purchase_line one join purchase_line other using (product_id);
create view pairs as select one.author_id, other.author_id as other_id from article one, article other;
create view pen_name as select id as pen, name from author;
create materialized view kept as select id, author_id from article;
create view tallied as select author_id, count(*) as n from article group by author_id;
"""


@pytest.fixture(scope="module")
async def catalog(database: Callable[[str], str]) -> AsyncIterator[Catalog]:
    connection = await asyncpg.connect(database("shop"))
    await connection.execute(SCRIPT)
    yield await read_catalog(connection)
    await connection.close()


def joins(catalog: Catalog, *served: str) -> dict[str, set[str]]:
    """Relation → `column → table.column` of every key that it has through views."""
    found = joins_through_views(catalog, [Ident("public", name) for name in served])
    return {
        ident.name: {f"{' '.join(key.columns)} → {key.target.name}.{' '.join(key.target_columns)}" for key in keys}
        for ident, keys in found.items()
    }


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("heading", {"id → article.id", "by → author.id"}),
        ("heading_again", {"written_by → author.id"}),
        ("published_article", {"id → article.id", "author_id → author.id"}),
        ("kept", {"id → article.id", "author_id → author.id"}),
        ("tallied", {"author_id → author.id"}),
        ("pairs", {"author_id → author.id", "other_id → author.id"}),
        (
            "line",
            {
                "purchase position → purchase_line.purchase_id position",
                "purchase → purchase.id",
                "product_id → product.id",
            },
        ),
        ("twins", {"purchase_id → purchase.id"}),
        ("chosen", {"id → article.id"}),
        ("worked_out", set[str]()),
    ],
)
def test_a_view_leads_where_the_tables_below_it_lead(catalog: Catalog, view: str, expected: set[str]) -> None:
    tables = ("article", "author", "purchase", "product", "purchase_line")
    assert joins(catalog, view, *tables).get(view, set()) == expected


def test_only_what_is_served_is_led_to(catalog: Catalog) -> None:
    assert joins(catalog, "heading") == {}
    assert joins(catalog, "article", "author") == {}


def test_a_view_stands_in_for_a_table_that_is_not_served(catalog: Catalog) -> None:
    assert joins(catalog, "article", "pen_name") == {"article": {"author_id → pen_name.pen"}}
    assert joins(catalog, "heading", "pen_name") == {"heading": {"by → pen_name.pen"}}
    assert joins(catalog, "article", "author", "pen_name") == {"pen_name": {"pen → author.id"}}


def test_of_two_views_neither_stands_in(catalog: Catalog) -> None:
    assert joins(catalog, "product", "heading", "kept") == {}


def test_the_catalogue_keeps_them_apart_from_what_postgres_enforces(catalog: Catalog) -> None:
    told = with_joins(catalog, [Ident("public", "heading"), Ident("public", "author")])
    heading = told.relations[Ident("public", "heading")]
    assert ([key.columns for key in heading.joins], heading.foreign_keys) == ([("by",)], ())
    assert told.fingerprint == catalog.fingerprint
    assert with_joins(catalog, [Ident("public", "author")]) is catalog
