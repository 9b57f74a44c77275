"""The values of rows as cells of JSON: what Postgres reads from them, and which may stay as they were sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from gql_gen.catalog.types import Ident
from gql_gen.dialects.hasura.row_cells import JSON, cell, stands
from gql_gen.errors import UsherError
from gql_gen.model.predicates import ValueType
from gql_gen.model.values import encode


def pg(name: str) -> ValueType:
    return ValueType(Ident("pg_catalog", name), name)


MOOD = ValueType(Ident("public", "mood"), "mood", labels=("glad", "sad"))
TAGS = ValueType(Ident("pg_catalog", "_text"), "String", element=pg("text"))
VALUES: list[tuple[ValueType, list[Any]]] = [
    (pg("int4"), [0, -(2**31), 2**31 - 1, 2**31, Decimal("3.0"), Decimal("3.5"), "3", True, [1]]),
    (pg("int8"), [2**63 - 1, 2**63, "9223372036854775807", "+7", "x", Decimal("1e3")]),
    (pg("numeric"), [1, Decimal("1.10"), Decimal("1E+3"), 10**40, "NaN", "x", Decimal("0.1") ** 30]),
    (pg("float8"), [1, Decimal("0.1"), 1.5, "Infinity", Decimal("1e-7")]),
    (pg("bool"), [True, False, "true", 1]),
    (pg("text"), ["", "é", 'a"b\\', "\0", "\ud800", 1, "null", "\u2028"]),
    (pg("date"), ["2020-01-02", "epoch", True]),
    (pg("jsonb"), [{"a": [1, "x", None]}, "x", 1, [], Decimal("1.50"), "\0", {"\ud800": 1}, "\\u0000"]),
    (pg("json"), [{"b": 1, "a": 2}, True, Decimal("1.50")]),
    (MOOD, ["glad", "mad", 1]),
    (TAGS, [[], ["a", 'b,"c"'], "{a,b}", ["a", None], [1]]),
]


def each_type() -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("type_", "values"), VALUES, ids=[type_.graphql for type_, _ in VALUES])


@each_type()
async def test_a_cell_is_what_encode_makes_of_a_value(
    type_: ValueType, values: list[Any], connection: asyncpg.Connection
) -> None:
    """Postgres reads the same from both, and both refuse the same."""
    for value in values:
        try:
            text = encode(value, type_)
        except UsherError:
            assert not stands([value], type_)
            with pytest.raises(UsherError):
                cell(value, type_)
            continue
        for in_json in [cell(value, type_), *([value] if stands([value], type_) else [])]:
            found = await connection.fetchrow(_both_ways(type_), JSON.encode([{"x": in_json}]).decode(), text)
            assert found[0] == found[1]


def _both_ways(type_: ValueType) -> str:
    cast = "text[]" if type_.element else "pg_temp.mood" if type_.labels else type_.graphql
    read_as = "json" if type_.graphql in ("json", "jsonb") else "text"
    return f"select (r.x::{cast})::text, ($2::text::{cast})::text from json_to_recordset($1::json) as r(x {read_as})"


@pytest.fixture
async def connection(database: Callable[[str], str]) -> AsyncIterator[asyncpg.Connection]:
    found = await asyncpg.connect(database("shop"))
    await found.execute("create type pg_temp.mood as enum ('glad', 'sad')")
    yield found
    await found.close()


@each_type()
def test_many_values_stand_together_only_if_each_may(type_: ValueType, values: list[Any]) -> None:
    alone = [value for value in values if stands([value], type_)]
    assert stands([], type_)
    assert stands([None], type_)
    assert stands([None, *alone], type_) or not alone
    for value in values:
        if value not in alone:
            assert not stands([*alone, value, None], type_)
