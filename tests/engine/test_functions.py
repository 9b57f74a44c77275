"""Functions as root fields of queries: what they are given, what they give, and to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from calls_kit import RULES, SCHEMA, House, opened

from usher.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
async def house(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    async with opened(postgres, "functions", SCHEMA, RULES) as found:
        yield found


# ---------------------------------------------------------------- values and arguments


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("add(args: {a: 1})", 6),
        ("add(args: {a: 1, b: 2})", 3),
        ("add(args: {b: 2, a: 1})", 3),
        ("add(args: {a: 1, b: null})", None),
        ("add(args: {a: null})", None),
        ("unnamed(args: {arg_1: 1})", 12),
        ("unnamed(args: {arg_1: 1, arg_2: 3})", 13),
        ("whoami", "user:1"),
        ('moods(args: {texts: ["x", "y"], extra: {a: 1}})', "glad2s1"),
        ('moods(args: {how: sad, texts: ["x"], s: "t", extra: {a: "u"}})', "sad1tu"),
        ("moods", None),
        ("moods(args: null)", None),
        ("moods(args: {})", None),
    ],
)
async def test_a_function_of_one_value_is_a_field(house: House, field: str, expected: Any) -> None:
    assert await house.it(field) == expected


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("add", "missing required field 'args'"),
        ("add(args: null)", "unexpected null value for type 'add_args'"),
        ("add(args: {b: 1})", "Non default arguments cannot be omitted"),
        ("add(args: {a: 1, c: 1})", "field 'c' not found in type: 'add_args'"),
        ('add(args: {a: "x"})', "expected a 32-bit integer for type 'Int', but found a string"),
        ("unnamed(args: {arg_2: 1})", "Non default arguments cannot be omitted"),
        ("whoami(args: {})", "'whoami' has no argument named 'args'"),
        ("mine(args: {session: {}}) { id }", "field 'session' not found in type: 'mine_args'"),
        ("moods(args: {how: grim})", "expected one of the values ['glad', 'sad'] for type 'mood', but found 'grim'"),
        ("newest(args: {}) { id }", "'newest' has no argument named 'args'"),
        ("newest(where: {}) { id }", "'newest' has no argument named 'where'"),
        ("add(args: {a: 1}) { id }", None),
        ("newest", None),
    ],
)
async def test_arguments_are_checked(house: House, field: str, said: str | None) -> None:
    found = await house.refused(f"{{ it: {field} }}")
    assert said is None or found == said


async def test_arguments_come_in_variables_of_any_shape(house: House) -> None:
    whole = "query($a: add_args!) { it: add(args: $a) }"
    single = "query($b: Int) { it: add(args: {a: 1, b: $b}) }"
    for query, variables, expected in [
        (whole, {"a": {"a": 1}}, 6),
        (whole, {"a": {"a": 1, "b": 1}}, 2),
        (whole, {"a": {"a": 1, "b": None}}, None),
        (single, {"b": 3}, 4),
        (single, {"b": None}, None),
        (single, {}, 6),
    ]:
        assert (await house.data(query, variables=variables))["it"] == expected


async def test_a_value_that_does_not_fit_is_refused_before_anything_is_called(house: House) -> None:
    long = '{ it: moods(args: {texts: ["x"], extra: {a: 1}, s: "this is no short text at all"}) }'
    assert await house.refused(long)
    assert "2147483648" not in await house.refused("{ it: add(args: {a: 2147483648}) }")


async def test_numbers_are_text_where_that_was_asked_for(postgres: EmbeddedPostgres) -> None:
    async with opened(postgres, "functions_text", SCHEMA, RULES, stringify_numeric_types=True) as house:
        assert await house.it("add(args: {a: 1})") == "6"
        assert await house.it("unnamed(args: {arg_1: 1})") == 12


# ---------------------------------------------------------------- the session


async def test_the_session_comes_from_the_ticket_alone(house: House) -> None:
    assert await house.it("whoami", "caller", 2) == "caller:2"
    assert await house.it("whoami", "admin", None) == "admin:-"
    rows = "mine { id writer_id }"
    assert await house.it(rows, user=1) == [{"id": 1, "writer_id": 1}]
    assert await house.it("mine(args: {low: 6}) { id }", "admin", 1) == [{"id": 2}]
    assert await house.it(rows, user=2) == [{"id": 3, "writer_id": 2}]


@pytest.mark.parametrize("name", ["session", "Session", "s", "x-hasura-role", "arg_1"])
async def test_nobody_gives_a_session_of_their_own(house: House, name: str) -> None:
    query = "query($a: mine_args) { it: mine(args: $a) { id } }"
    forged = {name: {"x-hasura-user-id": "2", "x-hasura-role": "admin"}}
    assert "not found in type: 'mine_args'" in await house.refused(query, variables={"a": forged})


# ---------------------------------------------------------------- rows


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("", [1, 3]),
        ('(args: {q: "%a%"})', [1, 3]),
        ('(args: {q: "c%"})', [3]),
        ("(args: {least: 6})", [3]),
        ("(args: {})", [1, 3]),
        ('(args: {q: "Bees"})', []),
        ("(where: {score: {_gt: 6}})", [3]),
        ('(where: {title: {_eq: "Bees"}})', []),
        ("(order_by: {score: desc})", [3, 1]),
        ("(limit: 1)", [1]),
        ("(limit: 1, offset: 1)", [3]),
        ("(limit: 100)", [1, 3]),
        ("(distinct_on: writer_id, order_by: [{writer_id: desc}])", [3, 1]),
    ],
)
async def test_rows_of_a_function_are_a_list_within_their_tables_rule(
    house: House, page: str, expected: list[int]
) -> None:
    assert await house.it(f"search{page} {{ id }}") == [{"id": id} for id in expected]


async def test_rows_are_bound_by_their_tables_limit(house: House) -> None:
    for number in range(10, 15):
        await house.connection.execute("insert into note values ($1, 1, 'Many', null, 0, true)", number)
    try:
        assert len(await house.it("search { id }")) == 3
        assert len(await house.it("search(limit: 5) { id }")) == 3
        found = await house.it("search_aggregate { aggregate { count } nodes { id } }")
        assert (found["aggregate"]["count"], len(found["nodes"])) == (7, 3)
        assert len(await house.it("search { id }", "admin")) == 9
    finally:
        await house.connection.execute("delete from note where id >= 10")


async def test_a_row_has_all_that_rows_of_its_table_have(house: House) -> None:
    rows = await house.it('search(args: {q: "Ants"}) { id title body __typename }', "admin")
    assert rows == [{"id": 1, "title": "Ants", "body": "a", "__typename": "note"}]
    assert await house.it("note_of(args: {i: 3}) { id title }") == {"id": 3, "title": "Cats"}


@pytest.mark.parametrize(("number", "expected"), [(1, {"id": 1}), (2, None), (99, None), (None, None)])
async def test_a_single_row_is_there_or_not(house: House, number: int | None, expected: Any) -> None:
    query = "query($i: Int) { it: note_of(args: {i: $i}) { id } }"
    assert (await house.data(query, variables={"i": number}))["it"] == expected


async def test_a_single_row_out_of_sight_is_like_one_that_is_not_there(house: House) -> None:
    """The newest note is hidden, and its place is not taken by another."""
    assert await house.it("newest { id }") is None
    assert await house.it("newest { id }", "admin") == {"id": 4}


async def test_aggregates_count_what_may_be_seen(house: House) -> None:
    fields = "aggregate { count sum { score } max { title } n: count(columns: writer_id, distinct: true) } nodes { id }"
    found = await house.it(f"search_aggregate {{ {fields} }}")
    numbers = {"count": 2, "sum": {"score": 14}, "max": {"title": "Cats"}, "n": 2}
    assert found == {"aggregate": numbers, "nodes": [{"id": 1}, {"id": 3}]}
    one = await house.it('search_aggregate(args: {q: "%s"}, limit: 1) { aggregate { count } }')
    assert one == {"aggregate": {"count": 1}}
    assert await house.it("search_aggregate(where: {score: {_lt: 2}}) { aggregate { count } }") == {
        "aggregate": {"count": 0}
    }


async def test_several_functions_beside_tables(house: House) -> None:
    found = await house.data(
        "{ a: search(limit: 1) { id } add(args: {a: 1}) note(limit: 1, order_by: {id: asc}) { id } "
        "newest { id } whoami }"
    )
    assert found == {"a": [{"id": 1}], "add": 6, "note": [{"id": 1}], "newest": None, "whoami": "user:1"}


async def test_a_hidden_row_cannot_be_told_by_filters_orders_or_pages(house: House) -> None:
    """Whatever is asked of the rows, the answer is that of a database without the hidden ones."""
    asks = [
        "search(where: {_not: {id: {_eq: 1}}}) { id }",
        "search(where: {score: {_in: [1, 7]}}) { id }",
        "search(order_by: {score: asc}, limit: 2) { id score }",
        "search(offset: 1) { id }",
        "search_aggregate(distinct_on: score) { aggregate { count min { score } } }",
        "mine { id }",
    ]
    before = [await house.it(ask) for ask in asks]
    await house.connection.execute("delete from note where not shared")
    try:
        assert [await house.it(ask) for ask in asks] == before
    finally:
        await house.connection.execute(
            "insert into note values (2, 1, 'Bees', 'b', 7, false), (4, 3, 'Dogs', 'd', 1, false)"
        )


# ---------------------------------------------------------------- whose they are

CALLS = {
    "search": "search { id }",
    "search_aggregate": "search_aggregate { aggregate { count } }",
    "newest": "newest { id }",
    "add": "add(args: {a: 1})",
    "whoami": "whoami",
    "stir": 'stir(args: {q: "x"}) { id }',
}


@pytest.mark.parametrize("name", CALLS)
async def test_a_function_that_is_not_granted_is_like_one_that_is_not_there(house: House, name: str) -> None:
    for role in ("other", "nosy", "stranger"):
        said = await house.refused(f"{{ {CALLS[name]} }}", role)
        assert said == f"field '{name}' not found in type: 'query_root'"
        assert said.replace(name, "nothing") == await house.refused("{ nothing }", role)


async def test_a_function_needs_the_right_to_select_what_it_returns(house: House) -> None:
    """`caller` may call `search` and select nothing: it has the value, and not the rows."""
    assert await house.it("add(args: {a: 1})", "caller") == 6
    for name in ("search", "stir"):
        assert (
            await house.refused(f"{{ {CALLS[name]} }}", "caller") == f"field '{name}' not found in type: 'query_root'"
        )
    assert "search" not in house.engine.sdl("caller")


async def test_a_hidden_column_of_a_functions_row_is_like_one_that_is_not_there(house: House) -> None:
    for field in ("search { body }", 'search(where: {body: {_eq: "a"}}) { id }', "newest { shared }"):
        assert "not found in type: 'note" in await house.refused(f"{{ {field} }}")


async def test_a_query_is_no_mutation_and_a_mutation_no_query(house: House) -> None:
    for name in ("search", "newest", "add", "whoami", "stir"):
        said = await house.refused(f"mutation {{ {CALLS[name]} }}")
        assert said == f"field '{name}' not found in type: 'mutation_root'"
    for name, call in [("say", 'say(args: {what: "x"})'), ("count_tally", "count_tally")]:
        assert await house.refused(f"{{ {call} }}") == f"field '{name}' not found in type: 'query_root'"


# ---------------------------------------------------------------- what is told of them


async def test_types_and_descriptions(house: House) -> None:
    sdl = house.engine.sdl("user")
    assert "input search_args {\n  least: Int\n  q: String\n}" in sdl
    assert "input add_args {\n  a: Int\n  b: Int\n}" in sdl
    assert '"""Adds."""\n  add(\n' in sdl
    assert "  newest: note\n" in sdl
    assert "  whoami: String\n" in sdl
    assert '"""Notes by their titles."""\n  search(\n' in sdl
    assert "    args: add_args!\n  ): bigint\n" in sdl
    assert 'execute function "mine" which returns "note"' in sdl
    assert "whoami_args" not in sdl
