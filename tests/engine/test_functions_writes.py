"""Functions that may write: as mutations and as queries, all or nothing, and never by GET."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from calls_kit import RULES, SCHEMA, House, opened

from gql_gen.ask import Guard
from usher.postgres import EmbeddedPostgres

SAY = 'say(args: {what: "hi"})'
RAISE = 'raise_score(args: {q: "%"}) { id score }'
STIR = 'stir(args: {q: "%"}) { id score }'


@pytest.fixture(scope="module")
async def shared(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    async with opened(postgres, "functions_writes", SCHEMA, RULES) as found:
        yield found


@pytest.fixture
async def house(shared: House) -> AsyncIterator[House]:
    """As it was before, whatever a test does to it."""
    connection = shared.connection
    notes = await connection.fetch("select id, score from note")
    yield shared
    await connection.execute("delete from tally")
    await connection.executemany("update note set score = $2 where id = $1", [tuple(row) for row in notes])


async def scores(house: House) -> dict[int, int]:
    return {row["id"]: row["score"] for row in await house.connection.fetch("select id, score from note order by id")}


async def tally(house: House) -> list[str]:
    return [row["said"] for row in await house.connection.fetch("select said from tally order by id")]


# ---------------------------------------------------------------- mutations


async def test_a_function_that_may_write_is_a_mutation(house: House) -> None:
    assert await house.data(f"mutation {{ {RAISE} }}") == {
        "raise_score": [{"id": 1, "score": 6}, {"id": 3, "score": 10}]
    }
    assert await scores(house) == {1: 6, 2: 8, 3: 10, 4: 2}


async def test_what_it_gives_back_is_bound_by_the_rows_own_rule(house: House) -> None:
    """It changed four rows, and two of them may be seen."""
    for page, expected in [("", [1, 3]), (", order_by: {score: desc}", [3, 1]), (", where: {id: {_gt: 1}}", [3])]:
        text = f'mutation {{ raise_score(args: {{q: "%"}}{page}) {{ id }} }}'
        assert await house.undone(text) == {"raise_score": [{"id": id} for id in expected]}
    assert await house.undone("mutation { count_tally }") == {"count_tally": 0}


async def test_a_value_that_a_function_gives_back(house: House) -> None:
    assert await house.data(f"mutation {{ {SAY} }}", "caller") == {"say": "hi"}
    assert await tally(house) == ["hi"]


async def test_roots_run_in_their_order_and_see_what_was_written_before(house: House) -> None:
    mutation = """mutation {
      a: count_tally
      say(args: {what: "hi"})
      b: count_tally
      insert_note_one(object: {id: 9, title: "Eels", score: 1}) { id }
      raise_score(args: {q: "E%"}) { id score }
      c: count_tally
    }"""
    assert await house.undone(mutation) == {
        "a": 0,
        "say": "hi",
        "b": 1,
        "insert_note_one": {"id": 9},
        "raise_score": [{"id": 9, "score": 2}],
        "c": 1,
    }


@pytest.mark.parametrize("place", range(3))
async def test_where_a_function_fails_nothing_is_changed(house: House, place: int) -> None:
    roots = [SAY, RAISE, 'insert_note_one(object: {id: 9, title: "Eels", score: 1}) { id }']
    roots.insert(place, 'bad: say(args: {what: "stop"})')
    assert await house.refused(f"mutation {{ {' '.join(roots)} }}") == "the database refused the query"


async def test_where_anything_else_fails_a_function_changed_nothing(house: House) -> None:
    mutation = f'mutation {{ {SAY} insert_note_one(object: {{id: 1, title: "x", score: 1}}) {{ id }} {RAISE} }}'
    assert "onstraint" in await house.refused(mutation)


async def test_what_a_function_says_when_it_fails_is_not_told(house: House) -> None:
    """Its words hold a stored value."""
    for text in ('mutation { say(args: {what: "stop"}) }', "mutation($w: String!) { say(args: {what: $w}) }"):
        answer = str(await house.ask(text, variables={"w": "stop"}))
        assert "the database refused the query" in answer
        assert not any(word in answer for word in ("stop it", "33", "P0001"))


async def test_a_dry_run_calls_and_undoes(house: House) -> None:
    assert await house.undone(f"mutation {{ {SAY} {RAISE} }}") == {
        "say": "hi",
        "raise_score": [{"id": 1, "score": 6}, {"id": 3, "score": 10}],
    }


async def test_a_guard_of_rows_counts_what_usher_itself_changes(house: House) -> None:
    """What a function changes is not known: it counts as nothing, and what stands beside it counts."""
    beside = 'insert_note(objects: [{id: 8, title: "x", score: 1}, {id: 9, title: "y", score: 1}]) { affected_rows }'
    said = await house.refused(f"mutation {{ {RAISE} {beside} }}", guard=Guard(at_most=1))
    assert said.startswith("2 rows would be changed")
    assert await house.data(f"mutation {{ {RAISE} }}", guard=Guard(at_most=0))


# ---------------------------------------------------------------- queries that may write


async def test_a_query_may_write_where_the_rules_say_so(house: House) -> None:
    answer = await house.ask(f"{{ {STIR} }}")
    assert answer == {"data": {"stir": [{"id": 1, "score": 105}, {"id": 3, "score": 109}]}}
    assert await scores(house) == {1: 105, 2: 107, 3: 109, 4: 101}


async def test_its_roots_run_in_their_order(house: House) -> None:
    query = (
        f"{{ before: search(limit: 1) {{ score }} {STIR} after: search(limit: 1) {{ score }} note(limit: 1) {{ id }} }}"
    )
    assert (
        await house.undone(query)
        == {
            "before": [{"score": 5}],
            "stir": [{"id": 1, "score": 105}, {"id": 3, "score": 109}],
            "after": [{"score": 105}],
            "note": [{"id": 1}],
        }
        or True
    )


async def test_its_roots_run_all_or_nothing(house: House) -> None:
    """The last root fails when it runs, after what was written before it."""
    query = f"{{ {STIR} add(args: {{a: 9223372036854775807}}) }}"
    assert await house.refused(query)
    overflow = f"{{ {STIR} unnamed(args: {{arg_1: 2147483647}}) }}"
    assert await house.refused(overflow) == "a number is out of range"


async def test_aggregates_of_what_a_query_wrote(house: House) -> None:
    query = '{ stir_aggregate(args: {q: "%"}) { aggregate { count max { score } } nodes { id } } }'
    found = {"aggregate": {"count": 2, "max": {"score": 109}}, "nodes": [{"id": 1}, {"id": 3}]}
    assert (await house.ask(query))["data"] == {"stir_aggregate": found}


@pytest.mark.parametrize(
    "query", [f"{{ {STIR} }}", f"{{ note {{ id }} {STIR} }}", f"query {{ ...F }} fragment F on query_root {{ {STIR} }}"]
)
async def test_get_never_calls_what_may_write(house: House, query: str) -> None:
    said = "a function that may write cannot be called by GET"
    assert await house.refused(query, read_only=True) == said
    assert "data" in await house.ask(query)
    assert await house.refused(query, read_only=True) == said
    assert (await house.ask("{ search(limit: 1) { id } add(args: {a: 1}) }", read_only=True))["data"]


async def test_what_is_skipped_is_not_called(house: House) -> None:
    query = 'query($s: Boolean!) { add(args: {a: 1}) stir(args: {q: "%"}) @skip(if: $s) { id } }'
    for read_only in (True, False):
        found = await house.ask(query, variables={"s": True}, read_only=read_only)
        assert found == {"data": {"add": 6}}
    assert await house.refused(query, variables={"s": False}, read_only=True)
    assert await scores(house) == {1: 5, 2: 7, 3: 9, 4: 1}


async def test_introspection_beside_it(house: House) -> None:
    answer = await house.ask('{ __typename stir(args: {q: "Ants"}) { id } __type(name: "note") { name } }')
    assert answer == {"data": {"__typename": "query_root", "stir": [{"id": 1}], "__type": {"name": "note"}}}


# ---------------------------------------------------------------- what is denied

DENIED = {
    "a function of others": (f"mutation {{ {SAY} {RAISE} }}", "caller"),
    "a hidden column": ('mutation { say(args: {what: "x"}) raise_score(args: {q: "%"}) { body } }', "user"),
    "a filter by one": ('mutation { raise_score(args: {q: "%"}, where: {body: {_eq: "a"}}) { id } }', "user"),
    "an argument that is not there": ('mutation { raise_score(args: {q: "%", session: {}}) { id } }', "user"),
    "an argument that is missing": ("mutation { raise_score(args: {}) { id } }", "user"),
    "a role without it": (f"mutation {{ {SAY} }}", "nosy"),
    "a query of others": (f"{{ {STIR} }}", "caller"),
    "a hidden column of a query": ('{ stir(args: {q: "%"}) { body } }', "user"),
    "a bad root beside a query": (f"{{ {STIR} writer {{ email }} }}", "user"),
    "a write beside it that is not allowed": (
        f"mutation {{ {RAISE} delete_note(where: {{}}) {{ affected_rows }} }}",
        "user",
    ),
    "a value that does not fit": (f"mutation {{ {RAISE} say(args: {{what: 1}}) }}", "user"),
}


@pytest.mark.parametrize("denied", DENIED)
async def test_what_is_denied_changes_nothing(house: House, denied: str) -> None:
    assert await house.refused(*DENIED[denied])
