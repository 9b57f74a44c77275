"""The world is replaced whole, and only by a better one."""

from __future__ import annotations

import asyncpg
import pytest
from engine_kit import RULES, ask, code

from gql_gen.catalog.types import Ident
from gql_gen.engine.answer import DatabaseUnreachable, Engine
from gql_gen.engine.proofs import prove_rules
from gql_gen.engine.settings import EngineSettings
from gql_gen.engine.world import World
from gql_gen.introspect.read import read_catalog
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import RulesError
from gql_gen.run.checks import Checks
from gql_gen.run.pool import Pool, PoolSettings

AUTHORS = "{ author(order_by: {id: asc}) { id } }"


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_new_rules_are_served_at_once(open_engine, database) -> None:
    engine = await open_engine(database("shop"))
    before = engine.generation
    assert (await ask(engine, AUTHORS, role="user", session={"x-hasura-user-id": "1"}))["data"] == {
        "author": [{"id": 1}]
    }
    await engine.reload(parse_rules(RULES.replace("{ id: { _eq: X-Hasura-User-Id } }", "{}"), "new.yaml"))
    assert engine.generation == before + 1
    assert len((await ask(engine, AUTHORS, role="user"))["data"]["author"]) == 4


async def test_rules_that_name_what_is_missing_narrow(open_engine, database) -> None:
    engine = await open_engine(database("shop"))
    faults = await engine.reload(
        parse_rules(RULES.replace("columns: [id, name, born]", "columns: [id, nam]"), "new.yaml")
    )
    assert [str(fault) for fault in faults] == [
        'new.yaml:10:33: public.author has no column "nam" (did you mean "name"?)'
    ]
    assert code(await ask(engine, AUTHORS, role="user", session={"x-hasura-user-id": "1"})) == "validation-failed"
    assert len((await ask(engine, AUTHORS))["data"]["author"]) == 4


async def test_strict_refuses_to_start_on_a_fault(database) -> None:
    rules = parse_rules(RULES.replace("name, born", "nam, born"), "new.yaml")
    with pytest.raises(RulesError, match="nam"):
        await Engine.open(EngineSettings(database("shop")), rules, strict=True)


async def test_a_rule_that_can_never_work_takes_its_table_away(open_engine, database) -> None:
    rules = RULES.replace("{ id: { _eq: X-Hasura-User-Id } }", '{ born: { _lt: "no date" } }')
    engine = await open_engine(database("shop"), rules)
    assert "can never work" in str(engine.faults[0])
    assert str(engine.faults[0]).startswith("permissions.yaml:10:")
    assert code(await ask(engine, AUTHORS, role="user")) == "validation-failed"


async def test_a_pattern_that_can_never_work_is_a_fault_too(open_engine, database) -> None:
    rules = RULES.replace("{ id: { _eq: X-Hasura-User-Id } }", '{ name: { _regex: "[" } }')
    engine = await open_engine(database("shop"), rules)
    assert "brackets" in str(engine.faults[0])


async def test_an_unreachable_database_is_said_so() -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(DatabaseUnreachable):
        await Engine.open(EngineSettings(url), parse_rules(RULES, "permissions.yaml"), strict=False)


async def test_a_column_dropped_under_a_running_server(open_engine, fresh_database) -> None:
    url = fresh_database("shop")
    engine = await open_engine(url)
    query = "{ author(order_by: {id: asc}, limit: 1) { id born } }"
    for _ in range(3):
        assert (await ask(engine, query))["data"]["author"][0]["born"] == "1971-03-14"
    await execute(url, "alter table author drop column born")
    assert code(await ask(engine, query)) == "validation-failed"
    assert (await ask(engine, "{ author(order_by: {id: asc}, limit: 1) { id } }"))["data"] == {"author": [{"id": 1}]}


async def test_a_column_dropped_and_made_again_stays_as_granted(open_engine, fresh_database) -> None:
    """The rule names it, so it is the rule's; what nobody named stays out of reach of the role."""
    url = fresh_database("shop")
    engine = await open_engine(url)
    query = "{ author { born } }"
    session = {"x-hasura-user-id": "1"}
    assert (await ask(engine, query, role="user", session=session))["data"] == {"author": [{"born": "1971-03-14"}]}
    await execute(url, "alter table author drop column born", "alter table author add column secret text default 'x'")
    assert code(await ask(engine, query, role="user", session=session)) == "validation-failed"
    assert code(await ask(engine, "{ author { secret } }", role="user", session=session)) == "validation-failed"


async def test_a_changed_result_type_is_taken_up(open_engine, fresh_database) -> None:
    url = fresh_database("shop")
    engine = await open_engine(url)
    query = "{ tag(order_by: {id: asc}, limit: 1) { id name } }"
    rules = RULES + "  tag: {}\n"
    await engine.reload(parse_rules(rules, "permissions.yaml"))
    for _ in range(3):
        assert (await ask(engine, query))["data"]["tag"] == [{"id": 1, "name": "craft"}]
    await execute(
        url, "alter table article_tag drop constraint article_tag_tag_id_fkey", "alter table tag alter id type text"
    )
    answers = [await ask(engine, query) for _ in range(3)]
    assert answers[-1]["data"]["tag"][0]["id"] in (1, "1")
    assert all("errors" not in answer for answer in answers)


@pytest.mark.parametrize(
    ("filter_", "said"),
    [
        ("{ name: { _eqq: Ada } }", '"_eqq" is no operator (did you mean "_eq"?)'),
        ("{ _adn: [] }", 'public.author has no column or relationship "_adn" (did you mean "_and"?)'),
    ],
)
async def test_a_mistyped_word_is_named_with_the_nearest(open_engine, database, filter_, said) -> None:
    engine = await open_engine(database("shop"), RULES.replace("{ id: { _eq: X-Hasura-User-Id } }", filter_))
    assert said in str(engine.faults[0])


# ---------------------------------------------------------------- rules for writing, proved before they are served


async def proved(url: str, permissions: str) -> World:
    """A world whose role user has these permissions on authors, its rules proved."""
    text = f"version: 1\nnaming: hasura\nroles: {{ user: {{}} }}\ntables:\n  author:\n    permissions:\n{permissions}"
    connection = await asyncpg.connect(url)
    catalog = await read_catalog(connection)
    await connection.close()
    world = World(catalog, parse_rules(text, "permissions.yaml"), {}, EngineSettings(url), 1)
    pool = Pool(PoolSettings(url, 1))
    await prove_rules(world, Checks(pool))
    await pool.close()
    return world


RIGHTS = """
      user:
        select: {{ columns: [id, name], filter: {{}} }}
        insert: {{ columns: [name], check: {insert}, set: {preset}, backend_only: true }}
        update: {{ columns: [name], filter: {update}, check: {check} }}
        delete: {{ filter: {delete} }}
"""
SOUND = dict.fromkeys(("insert", "update", "check", "delete"), "{ name: { _neq: x } }") | {
    "preset": '{ born: now(), name: null, password_hash: { sql: "md5(random()::text)" } }'
}
AUTHOR = Ident("public", "author")


async def test_sound_rules_for_writing_stay(database) -> None:
    world = await proved(database("shop"), RIGHTS.format(**SOUND))
    assert world.faults == ()
    author = world.role("user", is_backend=True).model.entities[AUTHOR]
    assert None not in (author.insert, author.update, author.delete)


@pytest.mark.parametrize(
    ("part", "text", "lost", "at"),
    [
        ("insert", '{ born: { _eq: "no date" } }', "insert", "permissions.yaml:10:9"),
        ("update", '{ name: { _regex: "[" } }', "update", "permissions.yaml:11:9"),
        ("check", '{ _not: { born: { _eq: "no date" } } }', "update", "permissions.yaml:11:9"),
        ("delete", '{ born: { _in: ["no date"] } }', "delete", "permissions.yaml:12:9"),
        ("preset", "{ name: x, born: no date }", "insert", "permissions.yaml:10:82"),
        ("preset", '{ born: { sql: "now(" } }', "insert", "permissions.yaml:10:73"),
        ("preset", "{ born: { sql: nobody_made_this() } }", "insert", "permissions.yaml:10:73"),
        ("preset", "{ born: { sql: \"'x'::point\" } }", "insert", "permissions.yaml:10:73"),
        ("preset", "{ name: { sql: id } }", "insert", "permissions.yaml:10:73"),
        ("preset", '{ name: { sql: "x; drop table author" } }', "insert", "permissions.yaml:10:73"),
    ],
)
async def test_an_impossible_rule_for_writing_goes_alone(database, part, text, lost, at) -> None:
    world = await proved(database("shop"), RIGHTS.format(**SOUND | {part: text}))
    (fault,) = world.faults
    assert str(fault).startswith(f"{at}: the {lost} rule of role user for public.author can never work: ")
    author = world.role("user", is_backend=True).model.entities[AUTHOR]
    gone = [kind for kind in ("insert", "update", "delete") if getattr(author, kind) is None]
    assert (gone, author.is_selectable) == ([lost], True)


async def test_an_impossible_rule_may_leave_nothing(database) -> None:
    world = await proved(database("shop"), '\n      user: { delete: { filter: { born: { _eq: "no date" } } } }')
    assert len(world.faults) == 1
    assert not world.role("user").model.entities


async def test_an_impossible_select_rule_takes_the_rules_for_writing_along(database) -> None:
    permissions = RIGHTS.format(**SOUND).replace("filter: {} }", 'filter: { born: { _eq: "no date" } } }', 1)
    world = await proved(database("shop"), permissions)
    assert len(world.faults) == 1
    assert not world.role("user", is_backend=True).model.entities


async def test_the_backend_has_a_role_of_its_own_only_where_it_may_do_more(database) -> None:
    world = await proved(database("shop"), RIGHTS.format(**SOUND))
    plain, backend = world.role("user"), world.role("user", is_backend=True)
    assert (plain.is_backend, backend.is_backend) == (False, True)
    assert plain.model.entities[AUTHOR].insert is None
    assert backend.model.entities[AUTHOR].insert is not None
    for name in ("admin", "nobody"):
        assert world.role(name, is_backend=True) is world.role(name)
    assert world.role("user", is_backend=True) is backend
