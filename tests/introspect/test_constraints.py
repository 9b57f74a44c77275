"""What an error may name is in the catalogue, with the columns that it speaks of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import asyncpg
import pytest

from gql_gen.catalog.types import CheckConstraint, Ident, Relation
from gql_gen.introspect.read import read_catalog

Connection: TypeAlias = "asyncpg.Connection[Any]"

SCRIPT = """
create table t (a int, b int, c text, d text, e bool, constraint on_nothing check (true));
create function whole(t) returns text language sql immutable as 'select $1.c';
create unique index plain on t (a) include (b);
create unique index expression on t (a, lower(c)) include (b);
create unique index expression_included on t ((b + 1)) include (b);
create unique index predicate on t (a) where d is not null and (e or c = 'x :varattno 2');
create unique index whole_row on t (whole(t));
create unique index constant on t ((1)) where true;
alter table t add constraint on_two check (a > 0 or c <> ''), add constraint on_row check (whole(t) <> 'x');
alter table t add constraint ex exclude (c with =, lower(d) with =) where (a > 0) deferrable;

create table parted (id int, at date, primary key (id, at)) partition by range (at);
create table parted_old partition of parted for values from ('2000-01-01') to ('2010-01-01') partition by list (id);
create table parted_old_one partition of parted_old for values in (1);
create table parted_rest partition of parted default;
create table refers (id int, at date, constraint "to parted" foreign key (id, at) references parted);
insert into parted values (1, '2001-01-01'), (2, '2020-01-01');
insert into refers values (1, '2001-01-01'), (2, '2020-01-01');
"""


@pytest.fixture(scope="module")
async def connection(database: Callable[[str], str]) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database("shop"))
    await connection.execute(SCRIPT)
    yield connection
    await connection.close()


async def relation(connection: Connection, name: str) -> Relation:
    return (await read_catalog(connection)).relations[Ident("public", name)]


async def test_an_index_mentions_what_its_expressions_and_predicate_read(connection: Connection) -> None:
    """Not what it merely includes; and all of the row where it reads the row."""
    found = await relation(connection, "t")
    assert {index.name: index.mentions for index in found.unique_indexes} == {
        "plain": (),
        "expression": ("c",),
        "expression_included": ("b",),
        "predicate": ("c", "d", "e"),
        "whole_row": ("a", "b", "c", "d", "e"),
        "constant": (),
    }
    (excluded,) = found.exclusion_constraints
    assert (excluded.columns, excluded.mentions, excluded.deferrable) == (("c", None), ("a", "d"), True)


async def test_a_check_has_the_columns_that_it_reads(connection: Connection) -> None:
    assert (await relation(connection, "t")).check_constraints == (
        CheckConstraint("on_nothing", ()),
        CheckConstraint("on_row", ("a", "b", "c", "d", "e")),
        CheckConstraint("on_two", ("a", "c")),
    )


@pytest.mark.parametrize("statement", ["delete from parted where id = 1", "delete from parted where id = 2"])
async def test_a_key_to_a_partitioned_table_is_found_by_what_errors_call_it(
    connection: Connection, statement: str
) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError) as caught:
        await connection.execute(statement)
    assert (caught.value.table_name, caught.value.constraint_name != "to parted") == ("refers", True)
    refers = await relation(connection, "refers")
    (key,) = refers.foreign_keys
    assert refers.constraint(str(caught.value.constraint_name)) == refers.constraint("to parted") == key


VIOLATIONS = [
    "insert into article_tag select * from article_tag limit 1",
    "insert into article_tag values (-1, -1)",
    "delete from author",
    "insert into t values (0, 0, '')",
    "insert into parted values (1, '2001-01-01')",
]


@pytest.mark.parametrize("statement", VIOLATIONS)
async def test_whatever_an_error_names_is_there(connection: Connection, statement: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as caught:
        await connection.execute(statement)
    found = await relation(connection, str(caught.value.table_name))
    assert found.constraint(str(caught.value.constraint_name)) is not None
