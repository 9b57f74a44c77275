"""What a role with several grants writes: it picks by cells it may read, builds on those alone, gets back no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from calls_kit import House, opened
from grants_kit import GRANTS, SCHEMA

from usher.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
async def house(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    async with opened(postgres, "grants_writes", SCHEMA, GRANTS) as found:
        yield found


async def undone(house: House, root: str, user: int = 1) -> Any:
    """What a mutation of one root would answer."""
    return (await house.undone(f"mutation {{ it: {root} }}", user=user))["it"]


# ---------------------------------------------------------------- what is picked


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", 4),
        ("pin: {_eq: 11}", 1),
        ("pin: {_eq: 22}", 0),
        ("pin: {_is_null: true}", 3),
        ("_not: {pin: {_eq: 22}}", 1),
        ('tags: {_contains: {k: "b"}}', 0),
        ("things: {price: {_gt: 0}}", 1),
        ("boss: {pin: {_eq: 11}}", 2),
        ("pin_twice: {_gt: 0}", 1),
        ("_not: {pin_twice: {_eq: 0}}", 1),
        ('initial: {_eq: "B"}', 1),
    ],
)
async def test_a_write_picks_by_the_cells_that_may_be_read(house: House, where: str, expected: int) -> None:
    changed = {"affected_rows": expected}
    assert await undone(house, f'update_person(where: {{{where}}}, _set: {{name: "x"}}) {{ affected_rows }}') == changed
    many = f'update_person_many(updates: [{{where: {{{where}}}, _set: {{name: "x"}}}}]) {{ affected_rows }}'
    assert await undone(house, many) == [changed]


@pytest.mark.parametrize(("where", "expected"), [("pin: {_eq: 22}", 0), ("email: {_is_null: false}, id: {_eq: 2}", 0)])
async def test_a_delete_picks_by_the_cells_that_may_be_read(house: House, where: str, expected: int) -> None:
    found = await undone(house, f"delete_person(where: {{{where}}}) {{ affected_rows }}")
    assert found == {"affected_rows": expected}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("_inc: {pin: 1}", [{"id": 1, "pin": 12}]),
        ('_inc: {pin: 1}, _set: {name: "x"}', [{"id": 1, "pin": 12}]),
        ("_append: {tags: {x: 1}}", [{"id": 1, "pin": 11}]),
        ("_prepend: {tags: {x: 1}}", [{"id": 1, "pin": 11}]),
        ('_delete_key: {tags: "k"}', [{"id": 1, "pin": 11}]),
        ('_delete_at_path: {tags: ["k"]}', [{"id": 1, "pin": 11}]),
    ],
)
async def test_a_write_builds_on_the_cells_that_may_be_read(house: House, change: str, expected: Any) -> None:
    """The other rows stay as they are, and so does what is set beside."""
    answer = "affected_rows returning { id pin }"
    found = await undone(house, f"update_person(where: {{}}, {change}) {{ {answer} }}")
    assert found == {"affected_rows": 1, "returning": expected}
    for user, row in [(1, expected[0]), (2, None)]:
        key = f"update_person_by_pk(pk_columns: {{id: 1}}, {change}) {{ id pin }}"
        assert await undone(house, key, user) == row


async def test_a_number_too_large_tells_nothing_of_a_cell_out_of_sight(house: House) -> None:
    largest = "_inc: {pin: 2147483640}"
    assert await undone(house, f"update_person(where: {{id: {{_eq: 3}}}}, {largest}) {{ affected_rows }}") == {
        "affected_rows": 0
    }
    assert await house.refused(f"mutation {{ update_person(where: {{}}, {largest}) {{ affected_rows }} }}")


# ---------------------------------------------------------------- what comes back


async def test_what_comes_back_is_judged_on_the_row_as_it_is_now(house: House) -> None:
    shown = "returning { id email pin pin_twice worth boss { pin } }"
    hidden = {"email": None, "pin": None, "pin_twice": None, "worth": None}
    found = await undone(house, f"update_person(where: {{id: {{_in: [1, 2]}}}}, _set: {{email: null}}) {{ {shown} }}")
    assert sorted(found["returning"], key=lambda row: row["id"]) == [
        {"id": 1, "email": None, "pin": 11, "pin_twice": 22, "worth": 12, "boss": None},
        {"id": 2, **hidden, "boss": {"pin": 11}},
    ]
    made = await undone(house, f'insert_person(objects: [{{id: 9, name: "Eve", pin: 9}}]) {{ {shown} }}')
    assert made == {"returning": [{"id": 9, **hidden, "boss": None}]}
    own = await undone(house, f'insert_person(objects: [{{id: 9, name: "Eve", pin: 9}}]) {{ {shown} }}', 9)
    assert own == {"returning": [{"id": 9, "email": None, "pin": 9, "pin_twice": 18, "worth": 0, "boss": None}]}
    one = await undone(house, 'insert_person_one(object: {id: 9, name: "Eve", pin: 9}) { id pin initial }')
    assert one == {"id": 9, "pin": None, "initial": "E"}


async def test_deleted_rows_come_back_with_the_cells_they_had(house: House) -> None:
    rows = "delete_person(where: {id: {_in: [4]}}) { returning { id name pin initial pin_twice } }"
    assert await undone(house, rows, 2) == {
        "returning": [{"id": 4, "name": "Di", "pin": None, "initial": "D", "pin_twice": None}]
    }


# ---------------------------------------------------------------- conflicts

ROW = '{id: 2, name: "New", pin: 77}'


@pytest.mark.parametrize(
    ("where", "user", "expected"),
    [
        ("pin: {_eq: 22}", 1, None),
        ("pin: {_eq: 22}", 2, {"id": 2, "name": "New"}),
        ("pin: {_is_null: true}", 1, {"id": 2, "name": "New"}),
        ("pin: {_is_null: true}", 2, None),
        ("pin_twice: {_eq: 44}", 1, None),
        ("pin_twice: {_eq: 44}", 2, {"id": 2, "name": "New"}),
        ("things: {price: {_gt: 0}}", 1, None),
        ("", 1, {"id": 2, "name": "New"}),
    ],
)
async def test_a_conflict_picks_by_the_cells_that_may_be_read(
    house: House, where: str, user: int, expected: Any
) -> None:
    conflict = f"on_conflict: {{constraint: person_pkey, update_columns: [name], where: {{{where}}}}}"
    assert await undone(house, f"insert_person_one(object: {ROW}, {conflict}) {{ id name }}", user) == expected


async def test_what_is_in_the_way_of_an_insert_comes_back_with_its_own_cells(house: House) -> None:
    conflict = "on_conflict: {constraint: person_pkey, update_columns: [], return_existing: true}"
    for user, pin in [(1, None), (2, 22)]:
        found = await undone(house, f"insert_person_one(object: {ROW}, {conflict}) {{ name pin }}", user)
        assert found == {"name": "Bo", "pin": pin}


async def test_a_taken_key_of_a_cell_out_of_sight_is_not_told(house: House) -> None:
    taken = await house.refused('mutation { insert_person_one(object: {id: 9, name: "x", email: "bo@x"}) { id } }')
    assert taken == "check constraint of an insert/update permission has failed"
    change = 'mutation {{ update_person(where: {{id: {{_eq: 1}}}}, _set: {{email: "{0}"}}) {{ affected_rows }} }}'
    assert await house.refused(change.format("bo@x")) == taken
    assert "person_email_key" not in house.engine.sdl("dupe")


# ---------------------------------------------------------------- functions


async def test_what_a_function_changed_comes_back_with_the_cells_that_may_be_read(house: House) -> None:
    found = await undone(house, 'renamed(args: {suffix: "!"}, order_by: {id: asc}) { name pin }', 2)
    assert found == [
        {"name": "Ada!", "pin": None},
        {"name": "Bo!", "pin": 22},
        {"name": "Cy!", "pin": None},
        {"name": "Di!", "pin": None},
    ]
    picked = await undone(house, 'renamed(args: {suffix: "!"}, where: {pin: {_gt: 0}}) { id }', 2)
    assert picked == [{"id": 2}]
