"""Several grants of one role for one table: a cell is read where a grant that lists it holds, and is null elsewhere,
wherever it is used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from calls_kit import House, opened
from grants_kit import GRANTS, SCHEMA

from usher.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
async def house(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    async with opened(postgres, "grants", SCHEMA, GRANTS) as found:
        yield found


def ids(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


# ---------------------------------------------------------------- what is shown


async def test_rows_of_any_grant_with_the_cells_of_each(house: House) -> None:
    assert await house.it("person(order_by: {id: asc}, limit: 3) { id name email pin tags is_member }", user=2) == [
        {"id": 1, "name": "Ada", "email": None, "pin": None, "tags": None, "is_member": None},
        {"id": 2, "name": "Bo", "email": "bo@x", "pin": 22, "tags": {"k": "b"}, "is_member": False},
        {"id": 3, "name": "Cy", "email": None, "pin": None, "tags": None, "is_member": None},
    ]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("person_by_pk(id: 1) { name pin }", {"name": "Ada", "pin": 11}),
        ("person_by_pk(id: 2) { name pin }", {"name": "Bo", "pin": None}),
        ('person_by_pk(id: 1) { tags(path: "$.k") }', {"tags": "a"}),
        ('person_by_pk(id: 2) { tags(path: "$.k") }', {"tags": None}),
        ("thing(where: {id: {_eq: 3}}) { label price secret }", [{"label": "cup", "price": None, "secret": None}]),
        ("person_by_pk(id: 2) { things_of { label price } }", {"things_of": [{"label": "cup", "price": None}]}),
        ("people { id email }", [{"id": 1, "email": "ada@x"}, *({"id": id, "email": None} for id in (2, 3, 4))]),
        ("person_of(args: {i: 2}) { name email }", {"name": "Bo", "email": None}),
    ],
)
async def test_a_cell_out_of_sight_is_null(house: House, field: str, expected: Any) -> None:
    assert await house.it(field) == expected


async def test_guarded_columns_are_nullable_in_the_schema(house: House) -> None:
    sdl = house.engine.sdl("user")
    assert "\n  name: String!\n" in sdl
    dupe = house.engine.sdl("dupe")
    assert "\n  id: Int!\n" in dupe
    assert "\n  name: String\n" in dupe


# ---------------------------------------------------------------- filters

WHERE = {
    "pin: {_eq: 11}": [1],
    "pin: {_eq: 22}": [],
    "pin: {_gt: 0}": [1],
    "pin: {_neq: 11}": [],
    "pin: {_in: [11, 22, 33]}": [1],
    "pin: {_nin: [5]}": [1],
    "pin: {_is_null: false}": [1],
    "pin: {_is_null: true}": [2, 3, 4],
    "_not: {pin: {_eq: 22}}": [1],
    "_not: {pin: {_is_null: true}}": [1],
    "_or: [{pin: {_eq: 22}}, {id: {_eq: 4}}]": [4],
    '_and: [{pin: {_gte: 0}}, {name: {_neq: "x"}}]': [1],
    'email: {_like: "%x"}': [1],
    'email: {_regex: "^bo"}': [],
    'tags: {_contains: {k: "b"}}': [],
    'tags: {_contains: {k: "a"}}': [1],
    'tags: {_has_key: "k"}': [1],
    'tags: {_cast: {String: {_like: "%b%"}}}': [],
    'tags: {_cast: {String: {_like: "%a%"}}}': [1],
    "is_member: {_eq: true}": [1],
    "is_member: {_eq: false}": [],
    "boss: {pin: {_eq: 11}}": [2, 3],
    "boss: {pin: {_eq: 22}}": [],
    "boss: {pin: {_is_null: true}}": [4],
    "people: {pin: {_gt: 0}}": [],
    "things: {price: {_gt: 0}}": [1],
    "things: {price: {_is_null: true}}": [2, 3],
    'things: {secret: {_eq: "s3"}}': [],
    "_not: {things: {price: {_is_null: false}}}": [2, 3, 4],
    "things: {owner: {pin: {_eq: 22}}}": [],
    "things_aggregate: {count: {filter: {price: {_gt: 0}}, predicate: {_gt: 0}}}": [1],
    "things_aggregate: {count: {predicate: {_eq: 1}}}": [2, 3],
    "things_aggregate: {count: {arguments: price, predicate: {_gt: 0}}}": [1],
    "things_aggregate: {count: {arguments: [id, secret], distinct: true, predicate: {_eq: 2}}}": [1],
    "people_aggregate: {bool_and: {arguments: is_member, predicate: {_eq: false}}}": [],
    "people_aggregate: {bool_or: {arguments: is_member, predicate: {_is_null: true}}}": [1, 2, 3, 4],
}


@pytest.mark.parametrize("where", WHERE)
async def test_a_filter_sees_null_where_the_cell_is_out_of_sight(house: House, where: str) -> None:
    assert await house.it(f"person(where: {{{where}}}, order_by: {{id: asc}}) {{ id }}") == ids(*WHERE[where])
    found = await house.it(f"person_aggregate(where: {{{where}}}) {{ aggregate {{ count }} }}")
    assert found == {"aggregate": {"count": len(WHERE[where])}}
    made = await house.it(f"people(where: {{{where}}}, order_by: {{id: asc}}) {{ id }}")
    assert made == ids(*WHERE[where])


# ---------------------------------------------------------------- orders and pages


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("order_by: [{pin: desc_nulls_last}, {id: desc}]", [1, 4, 3, 2]),
        ("order_by: [{pin: desc}, {id: asc}]", [2, 3, 4, 1]),
        ("order_by: [{pin: asc_nulls_first}, {id: asc}], limit: 2", [2, 3]),
        ("order_by: [{email: asc}, {id: desc}], offset: 1", [4, 3, 2]),
        ("order_by: [{boss: {pin: asc}}, {id: asc}]", [2, 3, 1, 4]),
        ("order_by: [{things_aggregate: {max: {price: desc_nulls_last}}}, {id: desc}]", [1, 4, 3, 2]),
        ("order_by: [{things_aggregate: {sum: {price: asc}}}, {id: desc}]", [1, 4, 3, 2]),
        ("order_by: [{things_aggregate: {count: desc}}, {id: asc}]", [1, 2, 3, 4]),
        ("distinct_on: pin, order_by: [{pin: asc}, {id: desc}]", [1, 4]),
        ("distinct_on: [is_member], order_by: [{is_member: desc}, {id: asc}]", [2, 1]),
    ],
)
async def test_an_order_sees_null_where_the_cell_is_out_of_sight(house: House, page: str, expected: list[int]) -> None:
    assert await house.it(f"person({page}) {{ id }}") == ids(*expected)
    assert await house.it(f"people({page}) {{ id }}") == ids(*expected)
    found = await house.it(f"person_aggregate({page}) {{ nodes {{ id }} }}")
    assert found["nodes"] == ids(*expected)


async def test_distinct_without_an_order(house: House) -> None:
    assert await house.it("person(distinct_on: pin) { pin }") == [{"pin": 11}, {"pin": None}]
    assert await house.it("person(distinct_on: pin) { pin: id it: pin }") == [
        {"pin": 1, "it": 11},
        {"pin": 2, "it": None},
    ]


async def test_a_cell_shown_under_the_name_of_another_is_not_sorted_by(house: House) -> None:
    """Aliases are the caller's; what sorts is the cell."""
    found = await house.it("person(order_by: {pin: asc_nulls_last}) { pin: id id: pin name: email }")
    assert found[0] == {"pin": 1, "id": 11, "name": "ada@x"}
    assert {row["id"] for row in found[1:]} == {None}


# ---------------------------------------------------------------- aggregates


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("count", 4),
        ("count(columns: pin)", 1),
        ("count(columns: [pin, email], distinct: true)", 2),
        ("count(columns: pin, distinct: true)", 1),
        ("count(columns: is_member)", 1),
        ("sum { pin }", {"pin": 11}),
        ("avg { pin }", {"pin": 11}),
        ("min { pin email }", {"pin": 11, "email": "ada@x"}),
        ("max { pin email name }", {"pin": 11, "email": "ada@x", "name": "Di"}),
        ("stddev_samp { pin }", {"pin": None}),
        ("max { worth pin_twice initial }", {"worth": 12, "pin_twice": 22, "initial": "D"}),
        ("sum { pin_twice }", {"pin_twice": 22}),
        ("max { worth(args: {plus: 100}) }", {"worth": 112}),
    ],
)
async def test_an_aggregate_sees_null_where_the_cell_is_out_of_sight(
    house: House, aggregate: str, expected: Any
) -> None:
    for page in ("", "(limit: 10)", "(order_by: {pin: desc})"):
        found = await house.it(f"person_aggregate{page} {{ aggregate {{ it: {aggregate} }} }}")
        assert found == {"aggregate": {"it": expected}}
    of_rows = await house.it(f"people_aggregate {{ aggregate {{ it: {aggregate} }} }}")
    assert of_rows == {"aggregate": {"it": expected}}


async def test_aggregates_of_related_rows(house: House) -> None:
    fields = "things_aggregate { aggregate { count sum { price } max { secret } } nodes { label price } }"
    assert await house.it(f"person(where: {{id: {{_lte: 2}}}}, order_by: {{id: asc}}) {{ {fields} }}") == [
        {
            "things_aggregate": {
                "aggregate": {"count": 2, "sum": {"price": 12}, "max": {"secret": "s2"}},
                "nodes": [{"label": "axe", "price": 5}, {"label": "bow", "price": 7}],
            }
        },
        {
            "things_aggregate": {
                "aggregate": {"count": 1, "sum": {"price": None}, "max": {"secret": None}},
                "nodes": [{"label": "cup", "price": None}],
            }
        },
    ]


async def test_aggregates_see_the_rows_of_grants_that_allow_them(house: House) -> None:
    """`dupe` may count the rows of its first grant alone, and sees those of both."""
    assert await house.it("person(order_by: {id: asc}) { id name pin }", "dupe") == [
        {"id": 1, "name": "Ada", "pin": None},
        {"id": 2, "name": "Bo", "pin": 22},
    ]
    found = await house.it("person_aggregate { aggregate { count sum { pin } } nodes { id } }", "dupe")
    assert found == {"aggregate": {"count": 2, "sum": {"pin": 22}}, "nodes": ids(1, 2)}


async def test_the_lowest_limit_of_a_roles_grants_holds(house: House) -> None:
    assert await house.it("person(order_by: {id: desc}, limit: 9) { id }", "dupe") == ids(4, 3)
    assert len(await house.it("person { id }")) == 4


# ---------------------------------------------------------------- computed fields


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("person(order_by: {id: asc}) { pin_twice }", [22, None, None, None]),
        ("person(order_by: {id: asc}) { pin_twice: worth }", [12, None, None, None]),
        ("person(order_by: {id: asc}) { pin_twice: initial }", ["A", "B", "C", "D"]),
        ("person(where: {pin_twice: {_gt: 0}}) { pin_twice }", [22]),
        ("person(where: {_not: {pin_twice: {_eq: 0}}}) { pin_twice }", [22]),
        ("person(where: {pin_twice: {_is_null: true}}) { pin_twice }", [None, None, None]),
        ("person(where: {boss: {pin_twice: {_eq: 22}}}) { pin_twice }", [None, None]),
        ("person(order_by: {pin_twice: desc_nulls_last}, limit: 1) { pin_twice }", [22]),
        ("person(order_by: {boss: {pin_twice: asc_nulls_first}}, limit: 1) { pin_twice }", [22]),
    ],
)
async def test_a_computed_cell_is_made_where_it_may_be_read(house: House, field: str, expected: list[Any]) -> None:
    """`pin_twice` fails for person 3, and is never called for it."""
    assert [row["pin_twice"] for row in await house.it(field)] == expected


async def test_it_fails_for_those_who_see_it_fail(house: House) -> None:
    assert await house.refused("{ person { pin_twice } }", user=3) == "the database refused the query"


# ---------------------------------------------------------------- whose session


async def test_a_grant_that_needs_a_session_variable_fails_without_it_where_it_matters(house: House) -> None:
    assert await house.refused("{ person { pin } }", user=None) == 'missing session variable: "x-hasura-user-id"'
    assert await house.refused("{ person(where: {pin: {_eq: 11}}) { id } }", user=None)
    assert len(await house.it("person { id name }", user=None)) == 4
