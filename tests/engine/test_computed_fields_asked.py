"""Computed fields in filters, orders and aggregates. `touchy` and `friends_of` fail for whoever is hidden: they
are never called for such a row, wherever they stand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from asked_kit import RULES, SCHEMA
from calls_kit import House, opened

from usher.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
async def house(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    async with opened(postgres, "computed_asked", SCHEMA, RULES) as found:
        yield found


def ids(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


# ---------------------------------------------------------------- filters

WHERE = {
    "touchy: {_gt: 25}": [1, 4],
    "touchy: {_eq: 10}": [],
    "touchy: {_in: [10, 20, 50]}": [2],
    "touchy: {_is_null: true}": [],
    "touchy: {_is_null: false}": [1, 2, 4],
    "_not: {touchy: {_gt: 25}}": [2],
    "_not: {_not: {touchy: {_gt: 25}}}": [1, 4],
    "_or: [{touchy: {_lt: 15}}, {touchy: {_gt: 35}}]": [4],
    "_or: [{id: {_eq: 3}}, {touchy: {_eq: 20}}]": [2],
    "_and: [{touchy: {_gt: 0}}, {id: {_in: [3, 4, 5]}}]": [4],
    'loud: {_eq: "BO"}': [2],
    'loud: {_similar: "(ADA|CY)"}': [1],
    "about: {_contains: {a: 1}}": [1],
    'about: {_has_key: "a"}': [1, 2],
    'about: {_cast: {String: {_like: "%2%"}}}': [2],
    'kinds: {_eq: ["cat", "dog"]}': [1],
    'kinds: {_contains: ["dog"]}': [1, 2],
    'kinds: {_in: [["dog"]]}': [2],
    "is_me: {_eq: true}": [1],
    "friend: {touchy: {_gt: 0}}": [1],
    "friend: {touchy: {_eq: 10}}": [],
    "_not: {friend: {touchy: {_eq: 10}}}": [1, 2, 4],
    "people: {touchy: {_eq: 30}}": [2],
    "people: {_not: {touchy: {_eq: 0}}}": [2],
    "friends_of: {}": [1],
    "friends_of: {id: {_eq: 3}}": [],
    "_not: {friends_of: {}}": [2, 4],
    "friends_of: {touchy: {_gt: 0}}": [1],
    "friends_of: {friends_of: {}}": [],
    "friend: {friends_of: {}}": [],
    "people: {friends_of: {touchy: {_eq: 20}}}": [2],
    'pets_of: {kind: {_eq: "dog"}}': [2],
    'pets_of: {kind: {_eq: "cat"}}': [1],
    "people_aggregate: {count: {filter: {touchy: {_gt: 0}}, predicate: {_eq: 1}}}": [2],
}


@pytest.mark.parametrize("where", WHERE)
async def test_rows_are_filtered_by_what_is_computed(house: House, where: str) -> None:
    for field in ("person", "everybody"):
        found = await house.it(f"{field}(where: {{{where}}}, order_by: {{id: asc}}) {{ id }}")
        assert found == ids(*WHERE[where])
        counted = await house.it(f"{field}_aggregate(where: {{{where}}}) {{ aggregate {{ count }} }}")
        assert counted == {"aggregate": {"count": len(WHERE[where])}}


@pytest.mark.parametrize("where", WHERE)
async def test_rows_are_picked_for_writes_by_what_is_computed(house: House, where: str) -> None:
    """The rule for updates has all rows: what is computed is computed for those that may be selected."""
    text = f'mutation {{ it: update_person(where: {{{where}}}, _set: {{name: "x"}}) {{ affected_rows }} }}'
    assert await house.undone(text) == {"it": {"affected_rows": len(WHERE[where])}}
    gone = "_and: [{id: {_gt: 3}}, {" + where + "}]"
    deleted = f"mutation {{ it: delete_person(where: {{{gone}}}) {{ affected_rows }} }}"
    expected = sum(number > 3 for number in WHERE[where])
    assert await house.undone(deleted) == {"it": {"affected_rows": expected}}


async def test_by_key_and_on_conflict(house: House) -> None:
    conflict = "on_conflict: {constraint: person_pkey, update_columns: [name], where: {touchy: {_gt: 0}}}"
    for number, expected in [(1, {"name": "New"}), (3, None)]:
        text = f'mutation {{ it: insert_person_one(object: {{id: {number}, name: "New"}}, {conflict}) {{ name }} }}'
        assert await house.undone(text) == {"it": expected}


@pytest.mark.parametrize("field", ["older", "nothing", "hidden"])
async def test_what_takes_arguments_is_no_filter(house: House, field: str) -> None:
    said = await house.refused(f"{{ person(where: {{{field}: {{_eq: true}}}}) {{ id }} }}")
    assert said == f"field '{field}' not found in type: 'person_bool_exp'"
    said = await house.refused(f"{{ person(order_by: {{{field}: asc}}) {{ id }} }}")
    assert said == f"field '{field}' not found in type: 'person_order_by'"


@pytest.mark.parametrize(
    "place",
    [
        "person { touchy }",
        "person(where: {touchy: {_gt: 0}}) { id }",
        "person(where: {friend: {touchy: {_gt: 0}}}) { id }",
        'person(where: {friends_of: {loud: {_eq: "x"}}}) { id }',
        "person(order_by: {touchy: asc}) { id }",
        "person(order_by: {friend: {touchy: asc}}) { id }",
        "person_aggregate { aggregate { max { touchy } } }",
        "person(where: {pets_of: {}}) { id }",
    ],
)
async def test_what_a_role_has_not_is_not_there(house: House, place: str) -> None:
    assert "not found in type: '" in await house.refused(f"{{ {place} }}", "bare")


# ---------------------------------------------------------------- orders


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("order_by: {touchy: asc}", [2, 1, 4]),
        ("order_by: {touchy: desc}, limit: 1", [4]),
        ("order_by: {touchy: desc}, offset: 1", [1, 2]),
        ("order_by: {loud: desc}", [4, 2, 1]),
        ("order_by: [{is_me: desc}, {touchy: desc}]", [1, 4, 2]),
        ("order_by: [{friend: {touchy: asc}}, {id: desc}]", [1, 4, 2]),
        ("order_by: [{friend: {loud: asc_nulls_first}}, {id: asc}]", [2, 4, 1]),
        ("order_by: [{people_aggregate: {max: {touchy: desc_nulls_last}}}, {id: asc}]", [2, 1, 4]),
        ("order_by: [{people_aggregate: {count: desc}}, {id: asc}]", [2, 1, 4]),
        ("order_by: [{pets_of_aggregate: {count: desc}}, {id: desc}]", [2, 1, 4]),
        ("order_by: [{pets_of_aggregate: {max: {kind: desc_nulls_last}}}]", [2, 1, 4]),
        ("order_by: [{friends_of_aggregate: {count: desc}}, {id: desc}]", [1, 4, 2]),
        ("order_by: [{friends_of_aggregate: {max: {touchy: asc}}}, {id: asc}]", [1, 2, 4]),
        ("order_by: [{friend: {friends_of_aggregate: {count: desc}}}, {id: asc}]", [2, 4, 1]),
    ],
)
async def test_rows_are_sorted_by_what_is_computed(house: House, page: str, expected: list[int]) -> None:
    for field in ("person", "everybody"):
        assert await house.it(f"{field}({page}) {{ id }}") == ids(*expected)
        found = await house.it(f"{field}_aggregate({page}) {{ nodes {{ id touchy }} }}")
        assert [node["id"] for node in found["nodes"]] == expected


async def test_what_is_shown_and_sorted_by_is_the_same(house: House) -> None:
    found = await house.it("person(order_by: {touchy: desc}) { loud: touchy touchy: loud }")
    assert found == [
        {"loud": 40, "touchy": "DI"},
        {"loud": 30, "touchy": "ADA"},
        {"loud": 20, "touchy": "BO"},
    ]


# ---------------------------------------------------------------- aggregates


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("sum { touchy }", {"touchy": 90}),
        ("avg { touchy }", {"touchy": 30}),
        ("max { touchy loud }", {"touchy": 40, "loud": "DI"}),
        ("min { touchy loud }", {"touchy": 20, "loud": "ADA"}),
        ("variance { touchy }", {"touchy": 100}),
    ],
)
async def test_aggregates_over_what_is_computed(house: House, aggregate: str, expected: Any) -> None:
    for field in ("person_aggregate", "everybody_aggregate"):
        for page in ("", "(limit: 5)", "(order_by: {touchy: asc})", "(distinct_on: id)", "(where: {touchy: {_gt: 0}})"):
            found = await house.it(f"{field}{page} {{ aggregate {{ it: {aggregate} }} nodes {{ touchy }} }}")
            assert found["aggregate"] == {"it": expected}
            assert sorted(node["touchy"] for node in found["nodes"]) == [20, 30, 40]


async def test_aggregates_of_related_rows(house: House) -> None:
    fields = "people_aggregate(where: {touchy: {_gt: 0}}) { aggregate { count max { touchy } } }"
    found = await house.it(f"person(order_by: {{id: asc}}) {{ {fields} }}")
    assert [row["people_aggregate"]["aggregate"]["count"] for row in found] == [0, 1, 0]
